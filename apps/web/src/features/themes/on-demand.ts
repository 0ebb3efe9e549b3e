import { lazyComponent } from "../../lib/chunks.ts";

export const PublishThemeDialog = lazyComponent(async () => (await import("./PublishThemeDialog.tsx")).PublishThemeDialog);
