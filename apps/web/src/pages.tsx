import { BookOpen, Bot, CircleQuestionMark, House, LayoutGrid, Library, Megaphone, Plus, Settings, ShieldUser, Store } from "lucide-react";
import type { ReactNode } from "react";
import type { ShortcutId } from "./shortcuts.ts";

export type PagePath = "/" | "/projects" | "/new" | "/marketplace" | "/library" | "/feedback" | "/help" | "/admin" | "/settings/profile";
/** A page of a route with a parameter. */
type InnerPath = "/library/agents/new";
/** Documents of the server, which are no pages of this app. */
type DocumentPath = "/docs";
export interface MainPage {
  to: PagePath | InnerPath | DocumentPath;
  label: string;
  icon: ReactNode;
  /** Other words that find it. */
  words: string;
  /** Where the rail has it. Without one, only the palette and "More" on phones have it. */
  rail?: "top" | "bottom";
  /** Where phones have it: in the bar, or behind "More". Without one it is part of another page. */
  phone?: "bar" | "more";
  /** Routes at which it is the current page. `/x/*`: with everything below. */
  covers?: readonly string[];
  shortcut?: ShortcutId;
  isForAdministrators?: true;
}

/** The pages beside the settings (features/settings/settings-places.tsx) and the administration (features/admin/admin-places.tsx). The rail, the bar of phones, "More" and the palette are made from this table. */
export const mainPages: readonly MainPage[] = [
  {
    to: "/",
    label: "Home",
    icon: <House />,
    words: "start prompt dashboard build",
    rail: "top",
    phone: "bar",
    covers: ["/"],
    shortcut: "go.home",
  },
  {
    to: "/projects",
    label: "Projects",
    icon: <LayoutGrid />,
    words: "apps list my work",
    rail: "top",
    phone: "bar",
    covers: ["/projects", "/new", "/p/*"],
    shortcut: "go.projects",
  },
  {
    to: "/new",
    label: "New project",
    icon: <Plus />,
    words: "create start template templates blank screenshot import github repository zip",
    phone: "more",
    shortcut: "go.new",
  },
  {
    to: "/marketplace",
    label: "Store",
    icon: <Store />,
    words: "marketplace browse agents templates buy",
    rail: "top",
    phone: "bar",
    covers: ["/marketplace/*", "/library/*"],
    shortcut: "go.marketplace",
  },
  { to: "/library", label: "Library", icon: <Library />, words: "my agents templates themes added created purchases", phone: "more" },
  { to: "/library/agents/new", label: "New agent", icon: <Bot />, words: "create make build assistant" },
  {
    to: "/feedback",
    label: "Feedback",
    icon: <Megaphone />,
    words: "bugs bug report ideas suggestions feature request vote contact support",
    rail: "bottom",
    phone: "more",
    covers: ["/feedback"],
  },
  {
    to: "/help",
    label: "Help",
    icon: <CircleQuestionMark />,
    words: "guides documentation manual how to support",
    phone: "more",
    covers: ["/help/*"],
  },
  {
    to: "/admin",
    label: "Administration",
    icon: <ShieldUser />,
    words: "admin console operator server",
    rail: "bottom",
    phone: "more",
    covers: ["/admin/*"],
    isForAdministrators: true,
  },
  {
    to: "/docs",
    label: "API reference",
    icon: <BookOpen />,
    words: "docs documentation openapi swagger developer rest",
    phone: "more",
  },
  {
    to: "/settings/profile",
    label: "Settings",
    icon: <Settings />,
    words: "account preferences options configuration",
    rail: "bottom",
    phone: "bar",
    covers: ["/settings/*"],
    shortcut: "go.settings",
  },
];

/** What someone may open. */
export const mainPagesFor = ({ is_superuser }: { is_superuser: boolean }): MainPage[] =>
  mainPages.filter(({ isForAdministrators }) => is_superuser || !isForAdministrators);

export const isDocument = (path: string): boolean => path === ("/docs" satisfies DocumentPath);
/** Whether a link of the router leads there. */
export const isLinked = <P extends MainPage>(page: P): page is P & { to: PagePath } =>
  !isDocument(page.to) && page.to !== ("/library/agents/new" satisfies InnerPath);
