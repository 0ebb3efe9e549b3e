import { lazily } from "../../lib/chunks.ts";

export const ConnectModelDialog = lazily(async () => (await import("./ConnectModelDialog.tsx")).ConnectModelDialog);
