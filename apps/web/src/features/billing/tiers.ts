import type { Tier } from "@tesslate/contract";

const names: Record<string, string> = { free: "Free", basic: "Basic", pro: "Pro", ultra: "Ultra" };
export const tierName = (tier: Tier): string => names[tier] ?? tier;
export const order: readonly Tier[] = ["free", "basic", "pro", "ultra"];
