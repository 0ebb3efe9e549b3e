import {
  ArrowUpFromLine,
  Columns2,
  FileSearch,
  PanelBottom,
  PanelLeft,
  Play,
  RotateCw,
  ScrollText,
  Search,
  SlidersHorizontal,
  Square,
  SquareTerminal,
  TextSearch,
  TriangleAlert,
} from "lucide-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { fileNameOf, parentOf } from "../../lib/file-tree.ts";
import { rank } from "../../lib/rank.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useFileTree, useProject, useRuntime } from "../../project/project-context.ts";
import { views } from "../../project/views.ts";
import { settings } from "../../settings.ts";
import { mainPagesFor } from "../../pages.tsx";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { FileIcon } from "../../ui/FileIcon.tsx";
import type { MenuEntry } from "../../ui/Menu.tsx";
import { pageEntries } from "../../ui/page/page-entries.tsx";
import { usePalette, usePaletteSource, type PaletteItem } from "../../ui/page/palette.ts";
import { isRunActive, useConversation } from "../chat/index.ts";
import { meQuery } from "../users/index.ts";
import { useDeploys } from "../deployments/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { otherViews, useViewShortcuts, viewTable } from "./views.tsx";

/** Scrolls to the person's previous or next message. */
function jumpMessage(direction: -1 | 1): void {
  const log = document.querySelector<HTMLElement>("[role='log'][aria-label='Transcript']");
  if (!log) return;
  const top = log.getBoundingClientRect().top;
  const messages = [...log.querySelectorAll<HTMLElement>("article")];
  const offsets = messages.map((message) => message.getBoundingClientRect().top - top);
  const index = direction < 0 ? offsets.findLastIndex((offset) => offset < -4) : offsets.findIndex((offset) => offset > 12);
  messages[index]?.scrollIntoView({ block: "start" });
}

/** The shortcuts and palette items of the workbench, and the entries of "More" on a phone. */
export function useWorkbenchCommands(): { more: MenuEntry[] } {
  const tree = useFileTree().data;
  const runtime = useRuntime();
  const isRunning = useConversation(isRunActive);
  const stop = useConversation(({ chat }) => chat.stop);
  const { openForm } = useDeploys();
  const { openFile } = useWorkbenchActions();
  const { chatSize, setChatSize, show, openDock, toggleDock, toggleSplit, setIsQuickOpen, codeSidebar, setCodeSidebar } =
    useWorkbenchLayout();
  const toggleChat = () => setChatSize({ isFolded: !chatSize.isFolded });
  const quickOpen = () => setIsQuickOpen(true);
  const searchFiles = () => {
    setCodeSidebar({ side: "search", searchRequests: codeSidebar.searchRequests + 1 });
    show("code");
  };
  const deploy = () => openForm();
  const stopRun = () => void stop();
  const router = useRouter();
  const palette = usePalette();
  const { data: user } = useSuspenseQuery(meQuery);
  const { slug } = useProject();
  useViewShortcuts(show);
  useShortcuts({
    "workbench.split": toggleSplit,
    "chat.fold": toggleChat,
    "chat.stop": stopRun,
    "chat.previous": () => jumpMessage(-1),
    "chat.next": () => jumpMessage(1),
    "dock.toggle": () => toggleDock(),
    "terminal.toggle": () => toggleDock("terminal"),
    "files.open": quickOpen,
    "files.search": searchFiles,
    "workbench.deploy": deploy,
  });

  const items: PaletteItem[] = [
    ...views.map((name) => ({
      id: viewTable[name].shortcut,
      title: `Show ${viewTable[name].label}`,
      icon: viewTable[name].icon,
      shortcut: viewTable[name].shortcut,
      run: () => show(name),
    })),
    { id: "files.open", title: "Open file", icon: <FileSearch size={14} />, shortcut: "files.open", run: quickOpen },
    { id: "files.search", title: "Search all files", icon: <TextSearch size={14} />, shortcut: "files.search", run: searchFiles },
    { id: "workbench.deploy", title: "Deploy", icon: <ArrowUpFromLine size={14} />, shortcut: "workbench.deploy", run: deploy },
    {
      id: "terminal.toggle",
      title: "Show terminal",
      icon: <SquareTerminal size={14} />,
      shortcut: "terminal.toggle",
      run: () => openDock("terminal"),
    },
    { id: "dock.logs", title: "Show logs", icon: <ScrollText size={14} />, run: () => openDock("logs") },
    { id: "dock.problems", title: "Show problems", icon: <TriangleAlert size={14} />, run: () => openDock("problems") },
    {
      id: "workbench.split",
      title: "Show or hide code next to preview",
      icon: <Columns2 size={14} />,
      shortcut: "workbench.split",
      run: toggleSplit,
    },
    {
      id: "dock.toggle",
      title: "Show or hide bottom panel",
      icon: <PanelBottom size={14} />,
      shortcut: "dock.toggle",
      run: () => toggleDock(),
    },
    {
      id: "chat.fold",
      title: "Collapse or expand chat",
      icon: <PanelLeft size={14} />,
      shortcut: "chat.fold",
      run: toggleChat,
    },
    ...(isRunning
      ? [{ id: "chat.stop", title: "Stop run", icon: <Square size={14} />, shortcut: "chat.stop" as const, run: stopRun }]
      : []),
    { id: "runtime.start", title: "Start app", icon: <Play size={14} />, run: () => void runtime.start() },
    { id: "runtime.restart", title: "Restart app", icon: <RotateCw size={14} />, run: runtime.restart },
    { id: "runtime.stop", title: "Stop app", icon: <Square size={14} />, run: runtime.stop },
  ];
  usePaletteSource({ id: "workbench", heading: "This project", kind: "commands", list: () => items });
  usePaletteSource({
    id: "project-settings",
    heading: "This project",
    kind: "commands",
    list: (query) =>
      query === ""
        ? []
        : Object.entries(settings)
            .filter(([, { page }]) => page === "project")
            .map(([id, { label, words }]) => ({
              id: `project-setting.${id}`,
              title: label,
              hint: "Project settings",
              words,
              icon: <SlidersHorizontal size={14} />,
              run: () => void router.navigate({ href: `/p/${slug}/settings#${id}` }),
            })),
  });
  usePaletteSource({
    id: "files",
    heading: "Files",
    kind: "things",
    // Ranked before items are created: a project can have ten thousand files.
    search: async (query) => {
      if (!tree || query.trim() === "") return [];
      const files = [...tree.nodes.values()].filter((node) => !node.isDirectory);
      return rank(files, query, (node) => node.path)
        .slice(0, 8)
        .map((node) => ({
          id: `file:${node.path}`,
          title: fileNameOf(node.path),
          hint: parentOf(node.path),
          icon: <FileIcon name={node.name} />,
          run: () => openFile(node.path),
        }));
    },
  });

  return {
    more: [
      { label: "Search", icon: <Search size={16} />, onSelect: () => palette.open() },
      "-",
      ...otherViews.map((name) => ({ label: viewTable[name].label, icon: viewTable[name].icon, onSelect: () => show(name) })),
      ...(otherViews.length > 0 ? ["-" as const] : []),
      { label: "Terminal", icon: <SquareTerminal size={16} />, onSelect: () => openDock("terminal") },
      { label: "Problems", icon: <TriangleAlert size={16} />, onSelect: () => openDock("problems") },
      { label: "Logs", icon: <ScrollText size={16} />, onSelect: () => openDock("logs") },
      { label: "Open file", icon: <FileSearch size={16} />, onSelect: quickOpen },
      { label: "Search all files", icon: <TextSearch size={16} />, onSelect: searchFiles },
      "-",
      ...pageEntries(
        mainPagesFor(user).filter(({ phone }) => phone !== undefined),
        (to) => void router.navigate({ href: to }),
      ),
    ],
  };
}
