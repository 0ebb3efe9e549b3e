import { agents, userPurchasedAgents } from "../../apps/server/src/db/schema/agent/agents.ts";
import { agentSteps, chats, messages } from "../../apps/server/src/db/schema/agent/chats.ts";
import { userAvatars, users } from "../../apps/server/src/db/schema/accounts.ts";
import {
  creditAdjustments,
  ledgerEntries,
  payments,
  referralConversions,
  referralLandings,
  refunds,
  subscriptions,
  usageLogs,
} from "../../apps/server/src/db/schema/billing.ts";
import { auditLog, tasks } from "../../apps/server/src/db/schema/core.ts";
import { deploymentLogs, deployments } from "../../apps/server/src/db/schema/delivery.ts";
import { feedbackComments, feedbackPosts, feedbackUpvotes } from "../../apps/server/src/db/schema/operations.ts";
import { emails, serverDays } from "../../apps/server/src/db/schema/platform.ts";
import { boardColumns, boards, cardComments, cards, projectNotes, projects } from "../../apps/server/src/db/schema/projects.ts";
import { containers } from "../../apps/server/src/db/schema/runtime.ts";
import {
  bases,
  creatorPayouts,
  marketplaceCollectionItems,
  marketplaceCollections,
  marketplaceReviews,
  marketplaceTransactions,
  recordedRuns,
  userPurchasedBases,
} from "../../apps/server/src/db/schema/store.ts";

/** The tables that the demo data fills, in the order in which their rows reference each other. */
export const tables = {
  users,
  userAvatars,
  projects,
  containers,
  chats,
  messages,
  agentSteps,
  tasks,
  agents,
  recordedRuns,
  bases,
  userPurchasedAgents,
  userPurchasedBases,
  marketplaceReviews,
  marketplaceCollections,
  marketplaceCollectionItems,
  usageLogs,
  payments,
  refunds,
  subscriptions,
  creditAdjustments,
  creatorPayouts,
  marketplaceTransactions,
  ledgerEntries,
  referralLandings,
  referralConversions,
  deployments,
  deploymentLogs,
  boards,
  boardColumns,
  cards,
  cardComments,
  projectNotes,
  feedbackPosts,
  feedbackUpvotes,
  feedbackComments,
  auditLog,
  emails,
  serverDays,
};
type Tables = typeof tables;
export type Rows = { [Name in keyof Tables]: Tables[Name]["$inferInsert"][] };
export const emptyRows = (): Rows => Object.fromEntries(Object.keys(tables).map((name) => [name, []])) as unknown as Rows;

const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** The API's format of a moment. */
export const iso = (ms: number): string => new Date(ms).toISOString();
