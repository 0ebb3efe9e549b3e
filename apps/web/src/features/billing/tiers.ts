import type { Tier } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";

const names: Record<string, string> = { free: "Free", basic: "Basic", pro: "Pro", ultra: "Ultra" };
export const tierName = (tier: Tier): string => names[tier] ?? tier;
export const order: readonly Tier[] = ["free", "basic", "pro", "ultra"];

/** `null` is unlimited. */
export const projectLimit = (max: number | null): string => (max === null ? "Unlimited projects" : counted(max, "project"));
export const alwaysOnLimit = (max: number | null): string =>
  max === null ? "Unlimited always-on projects" : counted(max, "always-on project");
