import { Bug, Lightbulb } from "lucide-react";
import type { ReactNode } from "react";
import type { FeedbackPost, FeedbackStatus } from "@tesslate/contract";
import type { Tone } from "../../ui/Pill.tsx";

export const typeWords: Record<FeedbackPost["type"], { label: string; icon: ReactNode }> = {
  bug: { label: "Bug", icon: <Bug size={14} /> },
  suggestion: { label: "Suggestion", icon: <Lightbulb size={14} /> },
};
export const statusWords: Record<FeedbackStatus, { label: string; tone: Tone }> = {
  open: { label: "Open", tone: "info" },
  in_progress: { label: "In progress", tone: "warn" },
  resolved: { label: "Resolved", tone: "ok" },
  closed: { label: "Closed", tone: "neutral" },
};
export const statusOptions = Object.entries(statusWords).map(([value, { label }]) => ({ value, label }));
