import { lazily } from "../../lib/chunks.ts";

export const ConnectModelDialog = lazily(async () => (await import("./ConnectModelDialog.tsx")).ConnectModelDialog);
/** `ModelNotice`, for pages that seldom show it. */
export const LazyModelNotice = lazily(async () => (await import("./ModelNotice.tsx")).ModelNotice);
