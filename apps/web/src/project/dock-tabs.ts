export const dockTabs = ["terminal", "problems", "console", "logs"] as const;
export type DockTab = (typeof dockTabs)[number];
export const isDockTab = (value: unknown): value is DockTab => dockTabs.includes(value as DockTab);
