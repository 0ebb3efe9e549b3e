import type { BillingConfig, ErrorCode, LimitDetails, Subscription } from "@tesslate/contract";
import { formatByteLimit, formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { order } from "./tiers.ts";

/** An error about a limit, as the API returns it. */
export interface LimitError {
  code: string;
  message: string;
  details?: Record<string, unknown> | undefined;
}

/** What is limited, by error code. */
const nouns = {
  insufficient_credits: "plan credit",
  byok_not_in_tier: "own key",
  project_limit_reached: "project",
  running_limit_reached: "running project",
  deploy_limit_reached: "always-on project",
  cost_limit_reached: "cost",
  storage_full: "storage",
  branch_limit_reached: "branch",
  domain_limit_reached: "domain",
  snapshot_limit_reached: "snapshot",
  secret_limit_reached: "secret",
  key_limit_reached: "key",
  mcp_limit_reached: "connector",
  theme_limit_reached: "theme",
  task_limit_reached: "card",
  queue_full: "message",
} as const satisfies Partial<Record<ErrorCode, string>>;
type LimitCode = keyof typeof nouns;

export const isLimit = (error: unknown): error is LimitError & { code: LimitCode } =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" && Object.hasOwn(nouns, error.code);

const isDetails = (details: Record<string, unknown> | undefined): details is LimitDetails & Record<string, unknown> =>
  typeof details?.["used"] === "number" && typeof details["limit"] === "number";

/** "3 of 3 projects used"; undefined if the error does not have the numbers, or the plan includes none. */
export function usedOf({ code, details }: LimitError): string | undefined {
  if (!isDetails(details) || details.limit <= 0 || !Object.hasOwn(nouns, code)) return undefined;
  const { used, limit, unit } = details;
  if (unit === "bytes") return `${formatBytes(used)} of ${formatByteLimit(limit)}`;
  if (unit === "cents") return `${formatDollars(used)} of ${formatDollars(limit)} used`;
  const noun = nouns[code as LimitCode];
  return `${formatNumber(used)} of ${counted(limit, noun, noun === "branch" ? "branches" : undefined)} used`;
}

/** A project that counts towards a limit. */
export interface CountedProject {
  id: string;
  name: string;
  slug: string;
}
const isCounted = (entry: unknown): entry is CountedProject =>
  typeof entry === "object" && entry !== null && ["id", "name", "slug"].every((key) => typeof (entry as never)[key] === "string");

/** The projects that use up a limit, if the error names them. */
export function projectsOf({ code, details }: LimitError): { kind: "running" | "deployed"; projects: CountedProject[] } | undefined {
  const kind = code === "running_limit_reached" ? "running" : code === "deploy_limit_reached" ? "deployed" : undefined;
  const named = kind && details?.[kind];
  const projects = Array.isArray(named) ? named.filter(isCounted) : [];
  return kind && projects.length > 0 ? { kind, projects } : undefined;
}

/** Where the settings of the server that raise a limit are described; below `/help/`. For limits that depend on the plan. */
export const settingOf = ({ code }: Pick<LimitError, "code">): string | undefined =>
  ["project_limit_reached", "running_limit_reached", "deploy_limit_reached"].includes(code)
    ? "/help/operations/settings#billing-and-plans"
    : code === "cost_limit_reached"
      ? "/help/operations/settings#agent"
      : undefined;

export type WayOut = "top_up" | "own_key" | "upgrade" | "deploy_slot";

/** What the person can do about a limit on this server, best first. */
export function waysOut(
  { code }: Pick<LimitError, "code">,
  plan: Pick<Subscription, "tier" | "byok_enabled" | "max_projects" | "max_deploys">,
  offers: Pick<BillingConfig, "is_enabled" | "packages" | "tiers">,
): WayOut[] {
  const above = offers.is_enabled
    ? offers.tiers.filter((one) => one.intervals.length > 0 && order.indexOf(one.tier) > order.indexOf(plan.tier))
    : [];
  const isMore = (offered: number | null, own: number | null) => own !== null && (offered === null || offered > own);
  const upgradeIf = (isBetter: (tier: BillingConfig["tiers"][number]) => boolean): WayOut[] => (above.some(isBetter) ? ["upgrade"] : []);
  switch (code) {
    case "insufficient_credits":
      return [
        ...(offers.is_enabled && offers.packages.length > 0 ? (["top_up"] as const) : []),
        ...(plan.byok_enabled ? (["own_key"] as const) : []),
        ...upgradeIf((tier) => tier.monthly_allowance > 0),
      ];
    case "byok_not_in_tier":
      return upgradeIf((tier) => tier.byok_enabled);
    case "project_limit_reached":
      return upgradeIf((tier) => isMore(tier.max_projects, plan.max_projects));
    case "deploy_limit_reached":
      return [
        ...(offers.is_enabled && plan.max_deploys !== null ? (["deploy_slot"] as const) : []),
        ...upgradeIf((tier) => isMore(tier.max_deploys, plan.max_deploys)),
      ];
    // The API does not list these limits of the plans; each plan has at least those of the one below.
    case "running_limit_reached":
    case "storage_full":
      return upgradeIf(() => true);
    default:
      return [];
  }
}
