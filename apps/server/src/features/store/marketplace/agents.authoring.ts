import { currentToolName } from "@tesslate/agent";
import type { AgentDetail, CreateAgent, ForkAgent, UpdateAgent } from "@tesslate/contract";
import { randomCode } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, forbidden, invalid } from "../../../platform/errors.ts";
import type { AgentRow } from "../../agent/agents/index.ts";
import { agentAs } from "../../agent/agents/index.ts";
import type { AcquiringStore } from "./acquiring.store.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { AgentVersionsStore } from "./agent-versions.store.ts";
import type { AgentListings } from "./agents.store.ts";
import { isOwnerOf } from "./agents.present.ts";
import type { RequireCategory } from "./collections.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { MarketplacePayments } from "./payments.ts";
import { slugOf, type Viewer } from "./viewer.ts";
import { insertUnique } from "../../../platform/insert-unique.ts";

type User = NonNullable<Viewer>;
type NewAgent = Parameters<AgentListings["insert"]>[1];
const maxConfigBytes = 64 * 1024;
const minPriceCents = 50;

export type AgentAuthoring = ReturnType<typeof createAgentAuthoring>;
/** Creating, changing, forking, publishing and deleting agents. */
export function createAgentAuthoring({
  listings,
  catalogue,
  entries,
  versions,
  payments,
  limits,
  requireCategory,
  choices: { toolNames, defaultModel },
}: {
  listings: AgentListings;
  catalogue: AgentCatalogue;
  entries: AcquiringStore;
  versions: Pick<AgentVersionsStore, "publish">;
  payments: MarketplacePayments;
  limits: MarketplaceLimits;
  requireCategory: RequireCategory;
  /** What an agent may be given. */
  choices: {
    toolNames: ReadonlySet<string>;
    /** Model of agents without one. Null: the server's default. */
    defaultModel: string | null;
  };
}) {
  const checkTools = ({ tools, tool_configs, config }: Pick<UpdateAgent, "tools" | "tool_configs" | "config">) => {
    const strange = tools?.findIndex((name) => !toolNames.has(currentToolName(name))) ?? -1;
    if (strange >= 0) throw invalid(["body", "tools", strange], `Unknown tool: ${tools?.[strange] ?? ""}`);
    const other = Object.keys(tool_configs ?? {}).find((name) => !toolNames.has(currentToolName(name)));
    if (other !== undefined) throw invalid(["body", "tool_configs", other], `Unknown tool: ${other}`);
    for (const [key, value] of Object.entries({ config, tool_configs }))
      if (Buffer.byteLength(JSON.stringify(value ?? null)) > maxConfigBytes) throw invalid(["body", key], "Limited to 64 KiB");
  };
  /** Derives the sales fields from price and publication. `before`: the current values; no payout account is needed to end a sale. */
  const settle = async (userId: string, wished: Terms, before?: Terms): Promise<Terms> => {
    const { pricing_type } = wished;
    const isSold = pricing_type === "one_time" || pricing_type === "monthly";
    if (isSold && wished.price_cents < minPriceCents) throw invalid(["body", "price_cents"], `Prices start at ${minPriceCents} cents`);
    // A draft can have a price before there is an account; it is not sold yet.
    const isOffered = wished.is_published && !before?.is_published;
    const isOtherPrice = wished.is_published && (pricing_type !== before?.pricing_type || wished.price_cents !== before.price_cents);
    if (pricing_type !== "free" && (isOffered || isOtherPrice) && !(await payments.canEarn(userId)))
      throw badRequest("Set up a payout account before you sell an agent.", "payout_account_required");
    const isOpen = wished.is_published && pricing_type === "free";
    return {
      ...wished,
      price_cents: isSold ? wished.price_cents : 0,
      ...(pricing_type !== "api" && { api_pricing_input: null, api_pricing_output: null }),
      ...(isOpen && { source_type: "open", is_forkable: true }),
    };
  };
  /** Inserts the agent under a free slug and adds it to its creator's library. */
  const insert = async (tx: Queries, userId: string, base: string, values: Omit<NewAgent, "slug">): Promise<AgentRow> => {
    const row = await insertUnique("slug for this agent", (attempt) =>
      listings.insert(tx, { ...values, slug: attempt === 0 ? base : `${base}-${randomCode(4)}` }),
    );
    if (row.is_published) await versions.publish(tx, row, "");
    await entries.put(tx, "agent", userId, row.id, { purchase_type: "free" });
    return row;
  };
  const insertFork = (tx: Queries, userId: string, parent: AgentRow, changes: Partial<NewAgent>): Promise<AgentRow> => {
    const fork = forkOf(parent, userId, changes);
    return insert(tx, userId, `${parent.slug.slice(0, 60)}-fork-${randomCode(4)}`, fork);
  };

  return {
    /** Throws 422 for unknown tools and for prices below the minimum, `payout_account_required`. */
    create: async (user: User, body: CreateAgent): Promise<AgentDetail> => {
      await limits.write(user.id, "create");
      checkTools(body);
      await requireCategory("agent", body.category?.trim() ?? "custom", "custom");
      const isPublished = body.is_published ?? true;
      const terms = await settle(user.id, {
        is_published: isPublished,
        pricing_type: body.pricing_type ?? "free",
        price_cents: body.price_cents ?? 0,
        api_pricing_input: rate(body.api_pricing_input),
        api_pricing_output: rate(body.api_pricing_output),
        source_type: body.source_type ?? sourceOf(body.pricing_type, "open"),
        is_forkable: body.is_forkable ?? isPublished,
      });
      const model = body.model ?? defaultModel;
      const { id } = await listings.transaction((tx) =>
        insert(tx, user.id, slugOf(body.name, "agent"), {
          name: body.name.trim(),
          description: body.description.trim(),
          long_description: body.long_description ?? body.description.trim(),
          system_prompt: body.system_prompt,
          model,
          agent_type: body.agent_type ?? "StreamAgent",
          mode: body.mode ?? "stream",
          category: body.category?.trim() ?? "custom",
          icon: body.icon ?? "🤖",
          avatar_url: body.avatar_url ?? null,
          preview_image: body.preview_image ?? null,
          tools: body.tools ?? null,
          tool_configs: body.tool_configs ?? null,
          config: body.config ?? {},
          features: body.features ?? ["Custom agent"],
          tags: body.tags ?? ["custom"],
          required_models: body.required_models ?? (model === null ? [] : [model]),
          created_by_user_id: user.id,
          forked_by_user_id: user.id,
          ...terms,
        }),
      );
      return catalogue.detail(user, id);
    },
    /**
     * The user's own agent is changed in place. Of another user's open agent in the library, a fork gets the change and replaces it there.
     * Throws 404, `not_in_library`, `closed_source`, and what `create` throws.
     */
    update: async (user: User, ref: string, body: UpdateAgent): Promise<AgentDetail & { forked?: boolean }> => {
      await limits.write(user.id, "create");
      checkTools(body);
      const { agent: seen } = await catalogue.require(user, ref);
      if (body.category !== undefined) await requireCategory("agent", body.category.trim(), seen.category);
      if (isOwnerOf(user, seen)) {
        await listings.transaction(async (tx) => {
          const row = await listings.lock(tx, seen.id);
          if (!row) throw new AppError("not_found", "Agent not found.");
          await listings.update(tx, row.id, await changesOf(tx, user.id, row, body));
          const after = await listings.lock(tx, row.id);
          // Later versions are published by themselves.
          if (after?.is_published && !row.is_published) await versions.publish(tx, after, body.version_notes?.trim() ?? "");
        });
        return catalogue.detail(user, seen.id);
      }
      const forkId = await listings.transaction(async (tx) => {
        // Serialized: the second of two concurrent changes finds the fork in place of the original.
        await listings.lock(tx, seen.id);
        const row = await listings.find(seen.id, user.id, tx);
        if (!row) throw new AppError("not_found", "Agent not found.");
        if (row.entry?.is_active !== true) throw forbidden("not_in_library", "Add this agent to your library before you edit it.");
        if (row.agent.source_type !== "open")
          throw forbidden("closed_source", `${row.agent.name} is closed source: it can be run but not edited.`);
        if (!row.agent.is_active) throw new AppError("not_found", "Agent not found.");
        const taken = agentAs(row, false);
        const fork = await insertFork(tx, user.id, taken, {
          ...contentOf(taken, body),
          name: body.name?.trim() || row.agent.name,
        });
        await entries.change(tx, "agent", user.id, row.agent.id, { is_active: false });
        return fork.id;
      });
      return { ...(await catalogue.detail(user, forkId)), forked: true };
    },
    /** Publishes the agent as it is now as its next version. Throws 404, 403, `agent_not_published`, `nothing_to_change`. */
    publishVersion: async (user: User, ref: string, notes: string): Promise<AgentDetail> => {
      await limits.write(user.id, "create");
      const { agent: seen } = await catalogue.require(user, ref);
      if (!isOwnerOf(user, seen)) throw forbidden("forbidden", "Only the creator of an agent can publish a version.");
      await listings.transaction(async (tx) => {
        const row = await listings.lock(tx, seen.id);
        if (!row) throw new AppError("not_found", "Agent not found.");
        if (!row.is_published) throw badRequest("Publish this agent first.", "agent_not_published");
        if (!(await versions.publish(tx, row, notes.trim())))
          throw badRequest("The latest version has these changes already.", "nothing_to_change");
      });
      return catalogue.detail(user, seen.id);
    },
    /** Throws 404, 403 for another user's agent, `agent_published`. */
    remove: async (user: User, ref: string): Promise<void> => {
      const { agent: seen } = await catalogue.require(user, ref);
      if (seen.forked_by_user_id !== user.id) throw forbidden("forbidden", "Only the creator of an agent can delete it.");
      await listings.transaction(async (tx) => {
        const row = await listings.lock(tx, seen.id);
        if (!row) throw new AppError("not_found", "Agent not found.");
        if (row.is_published) throw badRequest("Unpublish this agent before you delete it.", "agent_published");
        await listings.remove(tx, row.id);
      });
    },
    /** Throws 404, `closed_source`, `agent_not_forkable`, and `agent_not_owned` for one that has to be bought first. */
    fork: async (user: User, ref: string, body: ForkAgent): Promise<AgentDetail> => {
      await limits.write(user.id, "fork");
      const found = await catalogue.require(user, ref);
      const { entry } = found;
      const isOwn = isOwnerOf(user, found.agent);
      const agent = agentAs(found, isOwn);
      if (!agent.is_active) throw new AppError("not_found", "Agent not found.");
      if (!isOwn && agent.source_type !== "open")
        throw forbidden("closed_source", `${agent.name} is closed source: it can be run but not forked.`);
      if (!isOwn && !agent.is_forkable) throw forbidden("agent_not_forkable", `${agent.name} does not allow forks.`);
      if (!isOwn && agent.pricing_type !== "free" && entry?.is_active !== true)
        throw new AppError("agent_not_owned", `${agent.name} is not in your library. Add it from the marketplace first.`);
      const { id } = await listings.transaction((tx) =>
        insertFork(tx, user.id, agent, {
          name: body.name?.trim() ?? `${agent.name.slice(0, 89)} (My Fork)`,
          ...(body.description !== undefined && { description: body.description.trim() }),
          ...(body.system_prompt !== undefined && { system_prompt: body.system_prompt }),
          ...(body.model !== undefined && { model: body.model, required_models: [body.model] }),
        }),
      );
      return catalogue.detail(user, id);
    },
  };

  /** The changed content and sales terms of an own agent. */
  async function changesOf(tx: Queries, userId: string, row: AgentRow, body: UpdateAgent): Promise<Partial<AgentRow>> {
    const content = contentOf(row, body);
    if (!termKeys.some((key) => body[key] !== undefined)) return content;
    if (body.is_published === true && !row.is_published) {
      const entry = await entries.find(tx, "agent", userId, row.id);
      if (!entry?.is_active || entry.has_expired)
        throw forbidden("not_in_library", "Enable this agent in your library before you publish it.");
    }
    const terms = await settle(
      userId,
      {
        is_published: body.is_published ?? row.is_published,
        pricing_type: body.pricing_type ?? row.pricing_type,
        price_cents: body.price_cents ?? row.price_cents,
        api_pricing_input: body.api_pricing_input === undefined ? row.api_pricing_input : rate(body.api_pricing_input),
        api_pricing_output: body.api_pricing_output === undefined ? row.api_pricing_output : rate(body.api_pricing_output),
        source_type: body.source_type ?? (row.pricing_type === "free" ? sourceOf(body.pricing_type, row.source_type) : row.source_type),
        is_forkable: body.is_forkable ?? row.is_forkable,
      },
      row,
    );
    const isOtherPrice = terms.pricing_type !== row.pricing_type || terms.price_cents !== row.price_cents;
    // The Stripe price belongs to the previous amount.
    return { ...content, ...terms, ...(isOtherPrice && { stripe_price_id: null }) };
  }
}

type Terms = Pick<
  AgentRow,
  "is_published" | "pricing_type" | "price_cents" | "api_pricing_input" | "api_pricing_output" | "source_type" | "is_forkable"
>;
const termKeys = [
  "is_published",
  "pricing_type",
  "price_cents",
  "api_pricing_input",
  "api_pricing_output",
  "source_type",
  "is_forkable",
] as const;
/** A prompt that is sold is not shown, unless its creator says so. */
const sourceOf = (pricing: AgentRow["pricing_type"] | undefined, otherwise: AgentRow["source_type"]): AgentRow["source_type"] =>
  pricing !== undefined && pricing !== "free" ? "closed" : otherwise;
const rate = (value: number | null | undefined) => value?.toFixed(6) ?? null;

/** The changed content of an agent; an empty string leaves a field unchanged. */
function contentOf(row: AgentRow, body: UpdateAgent): Partial<AgentRow> {
  const given = <K extends keyof UpdateAgent & keyof AgentRow>(...keys: K[]) =>
    Object.fromEntries(keys.flatMap((key) => (body[key] === undefined ? [] : [[key, body[key]]]))) as Partial<AgentRow>;
  const text = (value: string | undefined) => (value?.trim() ? value.trim() : undefined);
  const [name, description, model] = [text(body.name), text(body.description), text(body.model)];
  return {
    ...given("tools", "tool_configs", "avatar_url", "preview_image", "icon", "features", "tags", "required_models", "mode", "agent_type"),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description, long_description: description }),
    ...given("long_description"),
    ...(body.system_prompt?.trim() && { system_prompt: body.system_prompt }),
    ...(model !== undefined && { model, required_models: [model] }),
    ...(body.category !== undefined && { category: body.category.trim() }),
    ...(body.config !== undefined && { config: body.config === null ? null : mergedConfig(row.config, body.config) }),
  };
}

/** Merges one level deep: keys of two objects are merged, anything else is replaced. */
export function mergedConfig(old: Record<string, unknown> | null, given: Record<string, unknown>): Record<string, unknown> {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const next = { ...old };
  for (const [key, value] of Object.entries(given)) {
    const before = Object.hasOwn(next, key) ? next[key] : undefined;
    Object.defineProperty(next, key, {
      value: isObject(before) && isObject(value) ? { ...before, ...value } : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return next;
}

/** A private fork with everything the agent needs to run. */
function forkOf(parent: AgentRow, userId: string, changes: Partial<NewAgent>): Omit<NewAgent, "slug"> {
  return {
    name: parent.name,
    description: parent.description,
    long_description: parent.long_description,
    category: parent.category,
    item_type: parent.item_type,
    system_prompt: parent.system_prompt,
    mode: parent.mode,
    agent_type: parent.agent_type,
    tools: parent.tools,
    tool_configs: parent.tool_configs,
    model: parent.model,
    config: parent.config,
    icon: parent.icon,
    // Files of this server belong to the original.
    avatar_url: parent.avatar_url?.startsWith("/") ? null : parent.avatar_url,
    preview_image: parent.preview_image,
    requires_user_keys: parent.requires_user_keys,
    features: parent.features,
    required_models: parent.required_models,
    tags: parent.tags,
    ...changes,
    parent_agent_id: parent.id,
    created_by_user_id: userId,
    forked_by_user_id: userId,
    pricing_type: "free",
    price_cents: 0,
    source_type: "open",
    is_forkable: false,
    is_published: false,
  };
}
