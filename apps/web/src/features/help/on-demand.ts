import { lazyComponent } from "../../lib/chunks.ts";

export const HelpPanel = lazyComponent(async () => (await import("./HelpPanel.tsx")).HelpPanel);
