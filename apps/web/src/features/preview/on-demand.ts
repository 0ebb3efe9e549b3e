import { lazily } from "../../lib/chunks.ts";

export const ShareDialog = lazily(async () => (await import("./ShareDialog.tsx")).ShareDialog);
