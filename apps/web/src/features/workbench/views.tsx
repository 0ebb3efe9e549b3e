import {
  AppWindow,
  ArrowUpFromLine,
  CodeXml,
  Eye,
  GitBranch,
  History,
  Images,
  NotebookPen,
  Settings2,
  SquareKanban,
  Workflow,
} from "lucide-react";
import type { Container, Project } from "@tesslate/contract";
import { createElement, type ComponentType, type ReactNode } from "react";
import { lazily } from "../../lib/chunks.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import type { ShortcutId } from "../../shortcuts.ts";
import { ThreadIcon } from "../../ui/icons.tsx";
import type { RuntimeActs } from "../containers/use-runtime-acts.ts";
import type { DockTab } from "../../project/dock-tabs.ts";
import type { ProjectEvents } from "../../project/project-events.ts";

/** What every view of an open project is given; the rest it fetches itself, and keeps true by `events`. */
export interface ViewProps {
  project: Project;
  containers: readonly Container[];
  events: ProjectEvents;
  acts: RuntimeActs;
  openFile: (place: string) => void;
  openDock: (tab: DockTab) => void;
  /** The dock with the logs of one container. */
  openLogs: (containerId: string) => void;
  show: (view: View) => void;
  /** Puts text into the composer, for the person to send. */
  compose: (text: string) => void;
  /** Sends it to the agent at once; into the composer when that is refused. */
  ask: (text: string) => void;
}

interface Look {
  label: string;
  icon: ReactNode;
  shortcut: ShortcutId;
}
interface Pane extends Look {
  /** Made with `lazily`: nobody pays for a view that is not opened. */
  Pane: ComponentType<ViewProps>;
}

export type PaneName = "review" | "canvas" | "git" | "timeline" | "deploys" | "board" | "notes" | "assets" | "activity" | "settings";
/** The views beside preview and code, in the order of their tabs. Each is an address, a tab, a shortcut and a palette entry. */
const panes: Partial<Record<PaneName, Pane>> = {
  review: {
    label: "Review",
    icon: <Eye size={14} />,
    shortcut: "workbench.review",
    Pane: lazily(async () => (await import("../review/ReviewPane.tsx")).ReviewPane),
  },
  canvas: {
    label: "Canvas",
    icon: <Workflow size={14} />,
    shortcut: "workbench.canvas",
    Pane: lazily(async () => (await import("../canvas/CanvasPane.tsx")).CanvasPane),
  },
  git: {
    label: "Git",
    icon: <GitBranch size={14} />,
    shortcut: "workbench.git",
    Pane: lazily(async () => (await import("../git/GitPane.tsx")).GitPane),
  },
  timeline: {
    label: "Timeline",
    icon: <ThreadIcon size={14} />,
    shortcut: "workbench.timeline",
    Pane: lazily(async () => (await import("../timeline/TimelinePane.tsx")).TimelinePane),
  },
  deploys: {
    label: "Deploys",
    icon: <ArrowUpFromLine size={14} />,
    shortcut: "workbench.deploys",
    Pane: lazily(async () => (await import("../deployments/DeploysPane.tsx")).DeploysPane),
  },
  board: {
    label: "Board",
    icon: <SquareKanban size={14} />,
    shortcut: "workbench.board",
    Pane: lazily(async () => (await import("../kanban/BoardPane.tsx")).BoardPane),
  },
  notes: {
    label: "Notes",
    icon: <NotebookPen size={14} />,
    shortcut: "workbench.notes",
    Pane: lazily(async () => (await import("../notes/NotesPane.tsx")).NotesPane),
  },
  assets: {
    label: "Assets",
    icon: <Images size={14} />,
    shortcut: "workbench.assets",
    Pane: lazily(async () => (await import("../assets/AssetsPane.tsx")).AssetsPane),
  },
  activity: {
    label: "Activity",
    icon: <History size={14} />,
    shortcut: "workbench.activity",
    Pane: lazily(async () => (await import("../activity/ActivityPane.tsx")).ActivityPane),
  },
  settings: {
    label: "Settings",
    icon: <Settings2 size={14} />,
    shortcut: "workbench.settings",
    Pane: lazily(async () => (await import("../projects/settings/ProjectSettingsPane.tsx")).ProjectSettingsPane),
  },
};
export const paneNames = Object.keys(panes) as PaneName[];
export type View = "preview" | "code" | PaneName;
export const views: readonly View[] = ["preview", "code", ...paneNames];
export const isView = (value: unknown): value is View => views.includes(value as View);

const kept: Record<"preview" | "code", Look> = {
  preview: { label: "Preview", icon: <AppWindow size={14} />, shortcut: "workbench.preview" },
  code: { label: "Code", icon: <CodeXml size={14} />, shortcut: "workbench.code" },
};
/** Throws for a view that is not in the registry. */
export function lookOf(view: View): Look {
  const look = view === "preview" || view === "code" ? kept[view] : panes[view];
  if (!look) throw new Error(`no view ${view}`);
  return look;
}

/** A view out of the registry; `null` for preview and code, which the workbench keeps mounted itself. */
export function renderPane(view: View, props: ViewProps): ReactNode {
  const pane = view === "preview" || view === "code" ? undefined : panes[view];
  return pane ? createElement(pane.Pane, props) : null;
}

export function useViewShortcuts(show: (view: View) => void): void {
  useShortcuts({
    "workbench.preview": () => show("preview"),
    "workbench.code": () => show("code"),
    "workbench.review": () => show("review"),
    "workbench.canvas": () => show("canvas"),
    "workbench.git": () => show("git"),
    "workbench.timeline": () => show("timeline"),
    "workbench.deploys": () => show("deploys"),
    "workbench.board": () => show("board"),
    "workbench.notes": () => show("notes"),
    "workbench.assets": () => show("assets"),
    "workbench.activity": () => show("activity"),
    "workbench.settings": () => show("settings"),
  });
}
