export { type PickedElement, readBridge, withNonce } from "./bridge.ts";
export { ConsolePanel } from "./ConsolePanel.tsx";
export { ShareDialog } from "./on-demand.ts";
export { type OnPicked, useOpenPreview } from "./open-preview.ts";
export { PreviewPane } from "./PreviewPane.tsx";
export { PreviewProvider } from "./PreviewProvider.tsx";
export { currentProblems } from "./problems.ts";
export { ProblemsPanel } from "./ProblemsPanel.tsx";
export type { ShareTarget } from "./ShareDialog.tsx";
