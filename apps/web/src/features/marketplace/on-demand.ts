import { lazyComponent } from "../../lib/chunks.ts";

export const SubmitBaseDialog = lazyComponent(async () => (await import("./SubmitBaseDialog.tsx")).SubmitBaseDialog);
