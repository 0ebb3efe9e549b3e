import type { ReactNode } from "react";

export type ToastKind = "done" | "failed" | "note";
export interface ToastOptions {
  kind?: ToastKind;
  /** One action, such as Undo. */
  action?: { label: string; onSelect: () => void };
  /** Milliseconds; default 6 000, or 10 000 with an action. Hovering and focus hold it. */
  durationMs?: number;
  /** Replaces the toast of the same id. */
  id?: string;
}
export interface ToastRequest {
  sentence: ReactNode;
  kind: ToastKind;
  action: ToastOptions["action"];
  durationMs: number;
  id: string | undefined;
}
