import { createHash } from "node:crypto";
import type { ModelClient } from "@tesslate/agent";
import { ModelError } from "@tesslate/agent";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { isWindow, type ListedModel, type ModelCatalogue } from "./catalogue.ts";
import { probeTools, type Trial } from "./conformance.ts";
import type { OutboundOf, ProviderConnection } from "./connections.ts";
import type { ModelsStore } from "./models.store.ts";
import type { ModelCapabilitiesRow } from "../../../db/schema/agent/models.ts";
import { hasNativeTools } from "./providers.ts";
import { visionOf } from "./vision.ts";

/** Capabilities change with the version of the server, so a model is probed again after this time. */
const lifetimeMs = 14 * 86_400_000;
/** Includes loading a local model into memory. */
const trialMs = 120_000;

/** Without the API key, because capabilities do not depend on it. */
export const connectionKey = ({ provider, base_url }: Pick<ProviderConnection, "provider" | "base_url">): string =>
  createHash("sha256").update(`${provider.slug}\n${base_url}`).digest("hex").slice(0, 32);

export interface ProbeTarget {
  connection: ProviderConnection;
  /** The provider's own id. */
  model: string;
  client: ModelClient;
}

export type Capabilities = ReturnType<typeof createCapabilities>;
/** Capabilities of models, stored in the database. An unknown model is probed at its first use, or on request. */
export function createCapabilities({
  store,
  catalogue,
  outboundOf,
  log,
}: {
  store: ModelsStore;
  catalogue: ModelCatalogue;
  outboundOf: OutboundOf;
  log: Logger;
}) {
  const inFlight = new Map<string, Promise<{ row: ModelCapabilitiesRow; trial: Trial }>>();

  const find = ({ connection, model }: Pick<ProbeTarget, "connection" | "model">) =>
    store.findCapabilities(connectionKey(connection), model);
  const save = (
    { connection, model }: Pick<ProbeTarget, "connection" | "model">,
    found: Omit<Trial, "usage" | "calls">,
    facts: Pick<ModelCapabilitiesRow, "vision" | "context_window">,
  ): Promise<ModelCapabilitiesRow> => {
    const now = Date.now();
    return store.saveCapabilities({
      connection: connectionKey(connection),
      model,
      native_tools: found.native_tools,
      parallel_tools: found.parallel_tools,
      text_tools: found.text_tools,
      needs_repair: found.needs_repair,
      reports_usage: found.reports_usage,
      score: found.score,
      first_token_ms: found.first_token_ms,
      tokens_per_second: found.tokens_per_second,
      vision: facts.vision,
      context_window: facts.context_window,
      probed_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifetimeMs).toISOString(),
    });
  };
  const visionIn = ({ connection, model }: Pick<ProbeTarget, "connection" | "model">, listed: ListedModel | undefined) =>
    listed?.has_vision ?? visionOf(`${connection.provider.slug}/${model}`);

  /** Stores what a run showed, in addition to a probe or instead of one. */
  const update = async (
    target: Pick<ProbeTarget, "connection" | "model">,
    found: Partial<Pick<Trial, "native_tools" | "parallel_tools" | "text_tools"> & { context_window: number }>,
  ): Promise<void> => {
    const [row, listed] = await Promise.all([find(target), catalogue.factsOf(target.connection, target.model)]);
    const known = row && (row.native_tools || isCurrent(row)) ? row : undefined;
    await save(
      target,
      {
        native_tools: false,
        parallel_tools: false,
        text_tools: false,
        needs_repair: false,
        reports_usage: false,
        score: 50,
        first_token_ms: null,
        tokens_per_second: null,
        ...known,
        ...found,
      },
      { vision: visionIn(target, listed), context_window: found.context_window ?? known?.context_window ?? listed?.context_window ?? null },
    );
  };

  return {
    /** Also what has expired: {@link isCurrent}. */
    find,
    /** Capabilities of all models of these connections, by {@link connectionKey} and model. */
    list: async (
      connections: readonly ProviderConnection[],
    ): Promise<(connection: ProviderConnection, model: string) => ModelCapabilitiesRow | undefined> => {
      const rows = new Map(
        (await store.listCapabilities(connections.map(connectionKey))).map((row) => [`${row.connection} ${row.model}`, row]),
      );
      return (connection, model) => rows.get(`${connectionKey(connection)} ${model}`);
    },
    /** Probes the model. Concurrent requests share one probe. Throws `ModelError`. */
    probe: async (target: ProbeTarget): Promise<{ row: ModelCapabilitiesRow; trial: Trial }> => {
      const key = `${connectionKey(target.connection)} ${target.model}`;
      const known = inFlight.get(key);
      if (known) return known;
      const work = (async () => {
        const timeout = AbortSignal.timeout(trialMs);
        try {
          const known = await find(target);
          const trial = await probeTools(target.client, timeout, { isProven: known?.native_tools === true });
          const listed = (await catalogue.list(target.connection)).models.find((one) => one.id === target.model);
          // The call has loaded a local model, so its server knows the window.
          const window = listed?.context_window ?? (await ollamaWindow(target.connection, target.model, outboundOf(target.connection)));
          const row = await save(target, trial, {
            vision: visionIn(target, listed),
            context_window: window ?? known?.context_window ?? null,
          });
          log.info(
            { provider: target.connection.provider.slug, model: target.model, score: trial.score, native_tools: trial.native_tools },
            "model probed",
          );
          return { row, trial };
        } catch (error) {
          if (timeout.aborted)
            throw new ModelError("model_error", `${target.model} did not finish its test within ${trialMs / 1000} s.`, {
              retryable: true,
            });
          throw error;
        }
      })();
      inFlight.set(key, work);
      return work.finally(() => inFlight.delete(key));
    },
    /** Records that the provider refused tools in a run. */
    refusedTools: (target: Pick<ProbeTarget, "connection" | "model">): Promise<void> =>
      update(target, { native_tools: false, parallel_tools: false, text_tools: true }),
    /** Records that the model made a native tool call in a run. */
    madeNativeCall: (target: Pick<ProbeTarget, "connection" | "model">): Promise<void> =>
      update(target, { native_tools: true, text_tools: false }),
    /** Records the window that the provider named when it refused a conversation as too long. Never rejects. */
    namedWindow: (target: Pick<ProbeTarget, "connection" | "model">, context_window: number): Promise<void> =>
      update(target, { context_window, ...(hasNativeTools(target.connection) && { native_tools: true }) }).catch((err: unknown) =>
        log.warn({ err, model: target.model }, "context window not stored"),
      ),
  };
}

/** How tools are called with a model. Only with `text` are replies read for calls; `unproven` becomes that when the provider refuses tools. */
export type ToolProtocol = "native" | "unproven" | "text";

export const isCurrent = ({ expires_at }: Pick<ModelCapabilitiesRow, "expires_at">): boolean => Date.parse(expires_at) > Date.now();

/** Whether it was tested, or a run showed how to call it; otherwise only its window is known. */
export const isTested = (row: Pick<ModelCapabilitiesRow, "native_tools" | "text_tools" | "first_token_ms">): boolean =>
  row.native_tools || row.text_tools || row.first_token_ms !== null;

/** What a model has once called natively is not called as text again, however long ago that was. */
export const protocolOfRow = (row: ModelCapabilitiesRow): ToolProtocol =>
  row.native_tools ? "native" : isCurrent(row) && isTested(row) ? "text" : "unproven";

/** The result of its test; null without one. */
export const scoreOf = (row: Pick<ModelCapabilitiesRow, "score" | "first_token_ms">): number | null =>
  row.first_token_ms === null ? null : row.score;

/** For the API. */
export const toolsOf = (row: Pick<ModelCapabilitiesRow, "native_tools" | "text_tools">) =>
  row.native_tools ? ("native" as const) : row.text_tools ? ("text" as const) : ("none" as const);

/**
 * The context window of a model at Ollama, which silently truncates longer input: with which it is loaded, else with which it would be loaded, else the most
 * that it supports.
 */
async function ollamaWindow({ provider, base_url }: ProviderConnection, model: string, outbound: Outbound): Promise<number | undefined> {
  if (provider.slug !== "ollama") return undefined;
  const root = base_url.replace(/\/v\d+$/, "");
  const read = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await outbound.limited({ timeoutMs: 3_000, maxBytes: 4_000_000 })(root + path, init);
    if (response.ok) return response.json();
    await response.body?.cancel();
    return undefined;
  };
  try {
    const { models } = ((await read("/api/ps")) ?? {}) as { models?: { name?: string; model?: string; context_length?: unknown }[] };
    const loaded = models?.find((one) => one.name === model || one.model === model)?.context_length;
    if (isWindow(loaded)) return loaded;
    const shown = (await read("/api/show", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model }),
    })) as { parameters?: unknown; model_info?: Record<string, unknown> } | undefined;
    const configured = Number(typeof shown?.parameters === "string" ? /^num_ctx\s+(\d+)$/m.exec(shown.parameters)?.[1] : undefined);
    if (isWindow(configured)) return configured;
    return Object.entries(shown?.model_info ?? {}).find(([key, value]) => key.endsWith(".context_length") && isWindow(value))?.[1] as
      | number
      | undefined;
  } catch {
    // Another server with the same API, whose list of models may tell the window.
    return undefined;
  }
}
