import { lazyComponent } from "../../lib/chunks.ts";

export const ShareDialog = lazyComponent(async () => (await import("./ShareDialog.tsx")).ShareDialog);
