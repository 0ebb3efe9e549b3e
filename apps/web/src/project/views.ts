/** The views of an open project, in the order of their tabs: those that do not fit are behind "More". Each is an address, a tab, a shortcut and a palette entry. */
export const views = [
  "preview",
  "code",
  "review",
  "canvas",
  "data",
  "deploys",
  "git",
  "timeline",
  "board",
  "assets",
  "notes",
  "activity",
  "settings",
] as const;
export type View = (typeof views)[number];
export const isView = (value: unknown): value is View => views.includes(value as View);

/** The tabs below the views. */
export const dockTabs = ["terminal", "problems", "console", "logs"] as const;
export type DockTab = (typeof dockTabs)[number];
export const isDockTab = (value: unknown): value is DockTab => dockTabs.includes(value as DockTab);
