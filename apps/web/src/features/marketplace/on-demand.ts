import { lazily } from "../../lib/chunks.ts";

export const SubmitBaseDialog = lazily(async () => (await import("./SubmitBaseDialog.tsx")).SubmitBaseDialog);
