import { described, Literals, type Static } from "./schema.ts";

export const reasoningLevels = ["off", "low", "medium", "high"] as const;
export const Reasoning = described("How much the model thinks before it answers.", Literals(...reasoningLevels));
export type Reasoning = Static<typeof Reasoning>;
