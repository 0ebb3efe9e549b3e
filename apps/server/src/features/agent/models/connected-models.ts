import { contextWindowOf, ModelError, type ModelClient } from "@tesslate/agent";
import { AppError } from "../../../platform/errors.ts";
import type { ModelCatalogue } from "./catalogue.ts";
import { isCurrent, isTested, protocolOfRow, type Capabilities, type ProbeTarget, type ToolProtocol } from "./capabilities.ts";
import type { Trial } from "./conformance.ts";
import type { ProviderConnection } from "./connections.ts";
import { isOwnAddress, type ModelClients } from "./model-clients.ts";
import { customPrefix } from "./own-connections.ts";
import type { ModelPrice, Prices } from "./prices.ts";
import { compatibleSlug, hasNativeTools, nativeName } from "./providers.ts";
import { withKnownReasoning } from "./reasoning.ts";
import { visionOf } from "./vision.ts";

/** A model that is ready to be called. */
export interface ResolvedModel {
  model_id: string;
  client: ModelClient;
  /** Used unless the agent's type has a protocol of its own. */
  protocol: ToolProtocol;
  /** Called with the user's own key, so the user pays the provider. */
  is_byok: boolean;
  pricing: ModelPrice;
  /** The creator who earns from its use; null: only the platform. */
  creator_id: string | null;
  /** Tokens. */
  context_window: number;
  /** Whether it supports images; null: unknown, so images are sent. */
  vision: boolean | null;
  /** Set while its capabilities are unknown: probes it once; rejects with `ModelError`. */
  firstUse?: () => Promise<{ protocol: ToolProtocol; context_window: number; trial: Trial }>;
  /** For a probe; absent for the demo model. */
  target?: ProbeTarget;
  /** Records that the provider refused tools in a run. */
  refusedTools?: () => Promise<void>;
  /** Records that the model made a native tool call in a run. Absent when that is already known. */
  madeNativeCall?: () => Promise<void>;
}
/** An agent's requirements for its model. The user's selection wins over the agent's own. */
export interface ModelRequirements {
  selected_model: string | null;
  model: string | null;
  /** A closed agent of another user, whose instructions must not reach an endpoint of the user. */
  is_closed?: boolean;
  /** Runs only with the user's own keys. */
  requires_user_keys?: boolean;
  /** Replaces the price of the model. */
  rates?: { input: string; output: string } | null;
  /** The creator who earns from it. */
  creator_id?: string | null;
}

/** A model id and the agent that uses it. */
export interface NamedModel {
  id: string;
  agent: ModelRequirements;
}

/** Models with what is known of them: price, context window, vision, protocol. */
export type ConnectedModels = ReturnType<typeof createConnectedModels>;
export function createConnectedModels({
  clients,
  catalogue,
  capabilities,
  prices,
}: {
  clients: Pick<ModelClients, "clientOf">;
  catalogue: Pick<ModelCatalogue, "factsOf">;
  capabilities: Capabilities;
  prices: Pick<Prices, "of">;
}) {
  const termsOf = (id: string, agent: ModelRequirements, is_byok: boolean): Pick<ResolvedModel, "pricing" | "creator_id"> => {
    const listed = prices.of(id);
    const { rates, creator_id = null } = agent;
    // With their own key, users pay only the provider.
    if (is_byok || !rates) return { pricing: listed, creator_id: null };
    // An agent must not be cheaper than its model, so the model's price is charged and the creator earns nothing.
    if (Number(rates.input) < Number(listed.input) || Number(rates.output) < Number(listed.output))
      return { pricing: listed, creator_id: null };
    return { pricing: { ...rates, cached: rates.input, is_known: listed.is_known }, creator_id };
  };
  /** With what its id alone says. */
  const describe = (
    client: ModelClient,
    { id, agent, is_byok = false, protocol = "unproven" }: NamedModel & { is_byok?: boolean; protocol?: ToolProtocol },
  ): ResolvedModel => ({
    model_id: id,
    client: withKnownReasoning(client, id),
    protocol,
    is_byok,
    ...termsOf(id, agent, is_byok),
    context_window: contextWindowOf(id),
    vision: visionOf(id),
  });

  return {
    describe,
    /**
     * With the context window that was measured or that the provider lists, if its list is cached. `name`: the id without the connection. Throws `closed_source` where a
     * closed agent of another user would be sent to the user's own endpoint.
     */
    on: async (connection: ProviderConnection, name: string, { id, agent }: NamedModel): Promise<ResolvedModel> => {
      if (agent.is_closed && isOwnAddress(connection))
        throw new AppError(
          "closed_source",
          `This agent is closed-source and cannot use your own endpoint ${connection.provider.name}, where its instructions would be visible. Choose another model.`,
        );
      const made = describe(clients.clientOf(connection, name), {
        id,
        agent,
        is_byok: connection.origin === "own",
        protocol: hasNativeTools(connection) ? "native" : "unproven",
      });
      const place = { connection, model: nativeName(connection.provider.slug, name) };
      const client = notingWindow(made.client, (tokens) => capabilities.namedWindow(place, tokens));
      const target = { ...place, client };
      const facts = await catalogue.factsOf(connection, target.model);
      const windowOf = (row: { context_window: number | null } | undefined) =>
        row?.context_window ?? facts?.context_window ?? made.context_window;
      const vision = facts?.has_vision ?? made.vision;
      const known = await capabilities.find(target);
      const row = known && isCurrent(known) ? known : undefined;
      if (made.protocol === "native") return { ...made, client, vision, target, context_window: windowOf(row) };
      const protocol = known ? protocolOfRow(known) : made.protocol;
      const isFound = row !== undefined && isTested(row);
      return {
        ...made,
        client,
        target,
        protocol,
        vision: row?.vision ?? vision,
        context_window: windowOf(row),
        refusedTools: () => capabilities.refusedTools(target),
        ...(!isFound && { madeNativeCall: () => capabilities.madeNativeCall(target) }),
        ...(!isFound &&
          isUnknown(connection, made) && {
            firstUse: async () => {
              const { row: found, trial } = await capabilities.probe(target);
              return { protocol: protocolOfRow(found), context_window: windowOf(found), trial };
            },
          }),
      };
    },
  };
}

/** Passes on a window that the provider names when it refuses a conversation as too long. */
const notingWindow = (client: ModelClient, note: (tokens: number) => Promise<void>): ModelClient => ({
  async *stream(request, signal) {
    try {
      yield* client.stream(request, signal);
    } catch (error) {
      if (error instanceof ModelError && error.contextWindow !== undefined) await note(error.contextWindow);
      throw error;
    }
  },
});

/** Probed before the first run: models of local servers and custom endpoints, whose capabilities are unknown. */
const isUnknown = ({ provider }: ProviderConnection, { pricing }: Pick<ResolvedModel, "pricing">): boolean =>
  provider.slug === "ollama" ||
  provider.slug === compatibleSlug ||
  provider.slug.startsWith(`${customPrefix}/`) ||
  (provider.slug === "openrouter" && !pricing.is_known);
