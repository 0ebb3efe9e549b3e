import { createContext, use } from "react";
import type { Container, DeploymentTarget, DeployAllResult, Preview, Service } from "@tesslate/contract";
import type { ContainerActions } from "../containers/index.ts";
import type { Link } from "./links.ts";

/** What the inspector shows. */
export type Subject = { kind: "container" | "preview" | "link" | "target"; id: string };

/** Data and actions for nodes, lines, list and inspector; the same object until something they show changes. */
export interface Canvas {
  projectId: string;
  containers: readonly Container[];
  links: readonly Link[];
  targets: readonly DeploymentTarget[];
  nameOf: (id: string) => string;
  serviceOf: (slug: string | null | undefined) => Service | undefined;
  runtime: ContainerActions;
  openLogs: (containerId: string) => void;
  openCode: () => void;
  inspect: (subject: Subject) => void;
  /** The node whose "Connect to" is open. */
  connectingId: string | undefined;
  setConnecting: (id: string | undefined) => void;
  connect: (sourceId: string, targetId: string) => Promise<string | undefined>;
  /** Selects the container that a preview shows; `null` for none. */
  showIn: (previewId: string, containerId: string | null) => Promise<void>;
  /** Attaches a container to a target; resolves with the reason if it failed. */
  attach: (targetId: string, containerId: string) => Promise<string | undefined>;
  detach: (targetId: string, containerId: string) => Promise<void>;
  /** Resolves with the reason if it failed. */
  changeTarget: (targetId: string, change: TargetChange) => Promise<string | undefined>;
  deployTarget: (targetId: string) => Promise<readonly DeployAllResult[]>;
  addPreviewOf: (containerId: string) => void;
  /** Deletes previews, connections and targets at once, with undo; containers after a confirmation. */
  remove: (subjects: readonly Subject[]) => void;
  /** The one preview that is live. */
  liveId: string | undefined;
  setLive: (previewId: string | undefined) => void;
  savePath: (previewId: string, path: string) => void;
  resized: (previewId: string, before: PreviewPlace, after: PreviewPlace) => void;
  share: (preview: Preview) => void;
  unstored: ReadonlySet<string>;
}
export type TargetChange = Partial<Pick<DeploymentTarget, "name" | "environment">>;
export interface PreviewPlace {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const CanvasContext = createContext<Canvas | undefined>(undefined);
export function useCanvas(): Canvas {
  const canvas = use(CanvasContext);
  if (!canvas) throw new Error("useCanvas must be used within CanvasContext.");
  return canvas;
}
