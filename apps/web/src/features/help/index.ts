export { HelpPanel } from "./on-demand.ts";
export { helpSearch } from "./help-search.ts";
export { useHelpPaletteSource } from "./use-help-palette.tsx";
export { useRouteHelp } from "./use-route-help.ts";
