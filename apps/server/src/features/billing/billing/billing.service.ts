import type { AgentSubscriptions } from "./agent-subscriptions.ts";
import type { PlanSubscriptions } from "./plan-subscription.ts";
import type { Purchases } from "./purchases.ts";

/** Plans, checkouts and transactions of a user. */
export interface Billing extends PlanSubscriptions, Purchases, AgentSubscriptions {}
