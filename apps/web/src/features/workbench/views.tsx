import {
  AppWindow,
  ArrowUpFromLine,
  CodeXml,
  Database,
  Eye,
  GitBranch,
  History,
  Images,
  NotebookPen,
  Settings2,
  SquareKanban,
  Workflow,
} from "lucide-react";
import type { ComponentType, ReactNode } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { views, type View } from "../../project/views.ts";
import type { ShortcutId } from "../../shortcuts.ts";
import { ThreadIcon } from "../../ui/icons.tsx";
import { CodeView } from "./CodeView.tsx";
import { PreviewView } from "./PreviewView.tsx";

interface ViewEntry {
  label: string;
  icon: ReactNode;
  shortcut: ShortcutId;
  /** Reads its data with hooks. Created with `lazyComponent`, except for the first views: a view is loaded when it is opened. */
  View: ComponentType;
  /** Stays mounted while another view is shown: its page keeps running, or only its state is kept. Both have their own error boundaries. */
  stays?: "running" | "kept";
  /** The view needs room: the chat beside it is narrow or collapsed, until a person resizes it there. Others share one size. */
  chat?: "narrow" | "folded";
}

export const viewTable: Record<View, ViewEntry> = {
  preview: { label: "Preview", icon: <AppWindow size={14} />, shortcut: "workbench.preview", View: PreviewView, stays: "running" },
  code: { label: "Code", icon: <CodeXml size={14} />, shortcut: "workbench.code", View: CodeView, stays: "kept" },
  review: {
    label: "Review",
    icon: <Eye size={14} />,
    shortcut: "workbench.review",
    View: lazyComponent(async () => (await import("../review/ReviewPane.tsx")).ReviewPane),
  },
  canvas: {
    label: "Canvas",
    icon: <Workflow size={14} />,
    shortcut: "workbench.canvas",
    View: lazyComponent(async () => (await import("../canvas/CanvasPane.tsx")).CanvasPane),
    chat: "narrow",
  },
  deploys: {
    label: "Deployments",
    icon: <ArrowUpFromLine size={14} />,
    shortcut: "workbench.deploys",
    View: lazyComponent(async () => (await import("../deployments/DeploysPane.tsx")).DeploysPane),
  },
  data: {
    label: "Data",
    icon: <Database size={14} />,
    shortcut: "workbench.data",
    View: lazyComponent(async () => (await import("../data/DataPane.tsx")).DataPane),
  },
  git: {
    label: "Git",
    icon: <GitBranch size={14} />,
    shortcut: "workbench.git",
    View: lazyComponent(async () => (await import("../git/GitPane.tsx")).GitPane),
  },
  timeline: {
    label: "Timeline",
    icon: <ThreadIcon size={14} />,
    shortcut: "workbench.timeline",
    View: lazyComponent(async () => (await import("../timeline/TimelinePane.tsx")).TimelinePane),
    chat: "folded",
  },
  board: {
    label: "Board",
    icon: <SquareKanban size={14} />,
    shortcut: "workbench.board",
    View: lazyComponent(async () => (await import("../kanban/BoardPane.tsx")).BoardPane),
    chat: "narrow",
  },
  assets: {
    label: "Assets",
    icon: <Images size={14} />,
    shortcut: "workbench.assets",
    View: lazyComponent(async () => (await import("../assets/AssetsPane.tsx")).AssetsPane),
  },
  notes: {
    label: "Notes",
    icon: <NotebookPen size={14} />,
    shortcut: "workbench.notes",
    View: lazyComponent(async () => (await import("../notes/NotesPane.tsx")).NotesPane),
  },
  activity: {
    label: "Project activity",
    icon: <History size={14} />,
    shortcut: "workbench.activity",
    View: lazyComponent(async () => (await import("../activity/ActivityPane.tsx")).ActivityPane),
  },
  settings: {
    label: "Project settings",
    icon: <Settings2 size={14} />,
    shortcut: "workbench.settings",
    View: lazyComponent(async () => (await import("../projects/settings/ProjectSettingsPane.tsx")).ProjectSettingsPane),
  },
};
export const stayingViews = views.filter((name) => viewTable[name].stays !== undefined);
/** Behind "More" on a phone, which has tabs for the others. */
export const otherViews = views.filter((name) => viewTable[name].stays === undefined);

export function useViewShortcuts(show: (view: View) => void): void {
  useShortcuts({
    "workbench.preview": () => show("preview"),
    "workbench.code": () => show("code"),
    "workbench.review": () => show("review"),
    "workbench.canvas": () => show("canvas"),
    "workbench.data": () => show("data"),
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
