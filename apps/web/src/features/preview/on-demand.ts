import { lazyComponent } from "../../lib/chunks.ts";

export const ElementPanel = lazyComponent(async () => (await import("./editing/ElementPanel.tsx")).ElementPanel);
export const ShareDialog = lazyComponent(async () => (await import("./ShareDialog.tsx")).ShareDialog);
