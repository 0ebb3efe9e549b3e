export type { CodeSidebar } from "./CodePane.tsx";
export { CodePane, codePreloads, QuickOpen } from "./on-demand.ts";
export { OpenFilesProvider } from "./OpenFilesProvider.tsx";
export { keepForUndo } from "./trash.ts";
export type { FileMark } from "./TreeRowView.tsx";
export { useOpenFiles } from "./use-open-files.ts";
