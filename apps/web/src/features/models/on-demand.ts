import { lazyComponent } from "../../lib/chunks.ts";

export const ConnectModelDialog = lazyComponent(async () => (await import("./ConnectModelDialog.tsx")).ConnectModelDialog);
export const OwnKeyDialog = lazyComponent(async () => (await import("./OwnKeyDialog.tsx")).OwnKeyDialog);
