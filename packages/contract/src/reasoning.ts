import { described, Literals, type Static } from "./schema.ts";

export const Reasoning = described("How much the model thinks before it answers.", Literals("off", "low", "medium", "high"));
export type Reasoning = Static<typeof Reasoning>;
