import { lazyComponent } from "../../lib/chunks.ts";

export const ConnectModelDialog = lazyComponent(async () => (await import("./ConnectModelDialog.tsx")).ConnectModelDialog);
