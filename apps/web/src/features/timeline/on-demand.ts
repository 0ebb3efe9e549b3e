import { lazyComponent } from "../../lib/chunks.ts";

/** Asks before a point is restored. */
export const RestoreDialog = lazyComponent(async () => (await import("./RestoreDialog.tsx")).RestoreDialog);
