import type { Transaction } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDate } from "../../lib/time.ts";
import { tierName } from "./tiers.ts";

const words: Record<Transaction["kind"], string> = {
  credits: "Credits",
  subscription: "Plan",
  agent: "Agent",
  base: "Template",
  deploy_slot: "Always-on project",
};

/** "Pro plan, yearly", "500 credits", "Agent: Baker". */
export function paymentName({ kind, item, credits, tier, billing_interval: interval }: Transaction): string {
  const every = interval === "annual" ? ", yearly" : interval === "monthly" ? ", monthly" : "";
  if (kind === "subscription" && tier) return `${tierName(tier)} plan${every}`;
  if (kind === "credits" && credits > 0) return counted(credits, "credit");
  return item ? `${words[kind]}: ${item}${every}` : words[kind];
}

/** "Nov 3, 2026 to Dec 3, 2026"; undefined for a payment without a period. */
export const paymentPeriod = ({ period_start: start, period_end: end }: Transaction): string | undefined =>
  start && end ? `${formatDate(start)} to ${formatDate(end)}` : undefined;
