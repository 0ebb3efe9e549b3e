import { lazyComponent } from "../../lib/chunks.ts";

export const RecordedRunPlayer = lazyComponent(async () => (await import("./RecordedRunPlayer.tsx")).RecordedRunPlayer);
