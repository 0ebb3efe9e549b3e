import type { AdminAgent, List, UpdateAdminAgent } from "@tesslate/contract";
import { badRequest, forbidden, invalid, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { defaultAgentSlug, type AgentRow } from "../../agent/agents/index.ts";
import type { AdminAgentRow, AdminAgentsStore, AdminAgentFilter } from "./agents.store.ts";
import type { AuditedChange, Actor, Audit, AuditEntry } from "../../accounts/audit/index.ts";
import { isUuid } from "../../../platform/uuid.ts";

/** Content of an agent; the other fields control its listing. */
const contentKeys = [
  "name",
  "description",
  "long_description",
  "category",
  "system_prompt",
  "mode",
  "agent_type",
  "model",
  "icon",
  "pricing_type",
  "price_cents",
  "api_pricing_input",
  "api_pricing_output",
  "source_type",
  "is_forkable",
  "requires_user_keys",
  "features",
  "required_models",
  "tags",
] as const;
const listingKeys = ["is_active", "is_featured", "is_published"] as const;
const rateKeys = new Set<string>(["api_pricing_input", "api_pricing_output"]);
/** Too long for the audit log, which only records that they changed. */
const longKeys = new Set<string>(["system_prompt", "long_description"]);
const priceKeys = new Set<string>(["pricing_type", "price_cents"]);

/** Administration of all agents and their store listings. */
export type AdminAgents = ReturnType<typeof createAdminAgents>;
export function createAdminAgents({ store, audit }: { store: AdminAgentsStore; audit: Audit }) {
  return {
    list: async (query: PageQuery & AdminAgentFilter): Promise<List<AdminAgent>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(query, page);
      return page.envelope(rows.map(presentAdminAgent), total);
    },
    /**
     * Updates and logs only fields that differ. Throws 404, `nothing_to_change`, 403 for the content of a user's agent, and 422 for disabling or
     * unpublishing without a reason.
     */
    update: async (actor: Actor, ref: string, { reason, ...body }: UpdateAdminAgent): Promise<AdminAgent> => {
      const wished = Object.fromEntries(
        [...listingKeys, ...contentKeys].flatMap((key) => (body[key] === undefined ? [] : [[key, stored(key, body[key])]])),
      ) as Partial<AgentRow>;
      if (Object.keys(wished).length === 0) throw badRequest("No changes given.", "nothing_to_change");
      if ((wished.is_active === false || wished.is_published === false) && !reason?.trim())
        throw invalid(["body", "reason"], "A reason is required for the audit log");
      return audit.change(actor, async (change) => {
        const row = await store.lock(change.tx, ref, isUuid(ref));
        if (!row) throw notFound("Agent");
        if (contentKeys.some((key) => key in wished) && !isOurs(row))
          throw forbidden("forbidden", "Only its creator can edit this agent. You can disable it.");
        const changed = Object.entries(wished).filter(
          ([key, value]) => JSON.stringify(row[key as keyof AgentRow]) !== JSON.stringify(value),
        );
        if (changed.length === 0) change.recordNothing();
        else {
          await store.update(change.tx, row.id, {
            ...Object.fromEntries(changed),
            ...(contentKeys.some((key) => changed.some(([name]) => name === key)) && { content_edited_at: new Date().toISOString() }),
            // The Stripe price belongs to the old price.
            ...(changed.some(([key]) => priceKeys.has(key)) && { stripe_price_id: null }),
          });
          await recordAll(change, row, changed, reason);
        }
        const after = await store.find(change.tx, row.id);
        if (!after) throw notFound("Agent");
        return presentAdminAgent(after);
      });
    },
  };
}

/** Converts a field to its column value. */
const stored = (key: string, value: unknown): unknown =>
  rateKeys.has(key) && typeof value === "number"
    ? value.toFixed(6)
    : (key === "name" || key === "description" || key === "category") && typeof value === "string"
      ? value.trim()
      : value;

/** Records one audit log row per kind of change. */
async function recordAll(
  { record }: AuditedChange,
  row: AgentRow,
  changed: [string, unknown][],
  reason: string | undefined,
): Promise<void> {
  const target = { type: "agent" as const, id: row.id, name: row.name };
  const entry = (action: AuditEntry["action"], details: Record<string, unknown> = {}) =>
    record({ action, target, ...(reason !== undefined && { reason }), details: { slug: row.slug, ...details } });
  const now = new Map(changed);
  if (now.has("is_active")) await entry(now.get("is_active") ? "agent.restore" : "agent.disable");
  if (now.has("is_featured")) await entry(now.get("is_featured") ? "agent.feature" : "agent.unfeature");
  const rest = changed.filter(([key]) => key !== "is_active" && key !== "is_featured");
  if (rest.length > 0)
    await entry(
      "agent.update",
      Object.fromEntries(
        rest.map(([key, value]) => [key, longKeys.has(key) ? "changed" : { from: row[key as keyof AgentRow], to: value }]),
      ),
    );
}

const isOurs = (row: Pick<AgentRow, "forked_by_user_id" | "created_by_user_id">) =>
  row.forked_by_user_id === null && row.created_by_user_id === null;
const rateOf = (rate: string | null) => (rate === null ? null : Number(rate));

function presentAdminAgent({ agent, created_by_username, forked_by_username }: AdminAgentRow): AdminAgent {
  return {
    id: agent.id,
    name: agent.name,
    slug: agent.slug,
    description: agent.description,
    item_type: agent.item_type,
    category: agent.category,
    mode: agent.mode,
    agent_type: agent.agent_type,
    model: agent.model,
    icon: agent.icon,
    pricing_type: agent.pricing_type,
    price_cents: agent.price_cents,
    api_pricing_input: rateOf(agent.api_pricing_input),
    api_pricing_output: rateOf(agent.api_pricing_output),
    source_type: agent.source_type,
    is_forkable: agent.is_forkable,
    requires_user_keys: agent.requires_user_keys,
    is_featured: agent.is_featured,
    is_active: agent.is_active,
    is_published: agent.is_published,
    usage_count: agent.usage_count,
    downloads: agent.downloads,
    rating: agent.rating,
    created_at: agent.created_at,
    updated_at: agent.updated_at,
    created_by_tesslate: isOurs(agent),
    created_by_username,
    forked_by_username,
    can_edit: isOurs(agent),
    is_default: agent.slug === defaultAgentSlug,
  };
}
