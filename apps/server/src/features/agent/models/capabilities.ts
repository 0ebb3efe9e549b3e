import { createHash } from "node:crypto";
import type { AgentProtocol, ModelClient } from "@tesslate/agent";
import { ModelError } from "@tesslate/agent";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { Catalogue } from "./catalogue.ts";
import { tryTools, type Trial } from "./conformance.ts";
import type { Connection } from "./connections.ts";
import type { ModelsStore } from "./models.store.ts";
import type { ModelCapabilitiesRow } from "../../../db/schema/agent.ts";
import { visionOf } from "./vision.ts";

/** A model's abilities change with its server's version; after this it is tried again at its next use. */
const lifetimeMs = 14 * 86_400_000;
/** A local model may have to be loaded into memory first. */
const trialMs = 120_000;

/** The address, not the key: what a model can do does not depend on who asks. */
export const placeOf = ({ provider, base_url }: Pick<Connection, "provider" | "base_url">): string =>
  createHash("sha256").update(`${provider.slug}\n${base_url}`).digest("hex").slice(0, 32);

export interface TrialTarget {
  connection: Connection;
  /** As the provider spells it. */
  model: string;
  client: ModelClient;
}

export type Capabilities = ReturnType<typeof createCapabilities>;
/** What models were found to be able to do, kept in the database; tried at the first use of one nobody knows, and when somebody asks. */
export function createCapabilities({
  store,
  catalogue,
  outbound,
  log,
}: {
  store: ModelsStore;
  catalogue: Catalogue;
  outbound: Outbound;
  log: Logger;
}) {
  const underWay = new Map<string, Promise<{ row: ModelCapabilitiesRow; trial: Trial }>>();

  const save = async (
    { connection, model }: Pick<TrialTarget, "connection" | "model">,
    found: Omit<Trial, "usage" | "calls">,
  ): Promise<ModelCapabilitiesRow> => {
    const facts = await catalogue.factsOf(connection, model);
    const now = Date.now();
    return store.saveCapabilities({
      connection: placeOf(connection),
      model,
      native_tools: found.native_tools,
      parallel_tools: found.parallel_tools,
      text_tools: found.text_tools,
      needs_repair: found.needs_repair,
      reports_usage: found.reports_usage,
      score: found.score,
      first_token_ms: found.first_token_ms,
      tokens_per_second: found.tokens_per_second,
      vision: facts?.has_vision ?? visionOf(`${connection.provider.slug}/${model}`),
      context_window: facts?.context_window ?? (await loadedWindow(connection, model, outbound)) ?? null,
      probed_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifetimeMs).toISOString(),
    });
  };

  /** What a run showed, on top of what a trial found or in place of one. */
  const learned = async (
    target: Pick<TrialTarget, "connection" | "model">,
    found: Partial<Pick<Trial, "native_tools" | "parallel_tools" | "text_tools">>,
  ): Promise<void> => {
    const known = await store.findCapabilities(placeOf(target.connection), target.model);
    await save(target, {
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
    });
  };

  return {
    find: ({ connection, model }: Pick<TrialTarget, "connection" | "model">) => store.findCapabilities(placeOf(connection), model),
    /** Of all models at these connections, by {@link placeOf} and model. */
    list: async (
      connections: readonly Connection[],
    ): Promise<(connection: Connection, model: string) => ModelCapabilitiesRow | undefined> => {
      const rows = new Map((await store.listCapabilities(connections.map(placeOf))).map((row) => [`${row.connection} ${row.model}`, row]));
      return (connection, model) => rows.get(`${placeOf(connection)} ${model}`);
    },
    /** Tries the model now, once for all who ask at the same moment. Throws `ModelError`. */
    probe: async (target: TrialTarget): Promise<{ row: ModelCapabilitiesRow; trial: Trial }> => {
      const key = `${placeOf(target.connection)} ${target.model}`;
      const known = underWay.get(key);
      if (known) return known;
      const work = (async () => {
        const timeout = AbortSignal.timeout(trialMs);
        try {
          const trial = await tryTools(target.client, timeout);
          const row = await save(target, trial);
          log.info(
            { provider: target.connection.provider.slug, model: target.model, score: trial.score, native_tools: trial.native_tools },
            "model tried",
          );
          return { row, trial };
        } catch (error) {
          if (timeout.aborted)
            throw new ModelError("model_error", `${target.model} did not finish its trial within ${trialMs / 1000} s.`, {
              retryable: true,
            });
          throw error;
        }
      })();
      underWay.set(key, work);
      return work.finally(() => underWay.delete(key));
    },
    /** Learned in a run: the provider refused tools. */
    refusedTools: (target: Pick<TrialTarget, "connection" | "model">): Promise<void> =>
      learned(target, { native_tools: false, parallel_tools: false, text_tools: true }),
    /** Records that the model made a native tool call in a run. */
    madeNativeCall: (target: Pick<TrialTarget, "connection" | "model">): Promise<void> =>
      learned(target, { native_tools: true, text_tools: false }),
  };
}

/** The protocol for a probed model. With native tool calls, text is never parsed for calls, even when it looks like one. */
export const protocolOfRow = (row: Pick<ModelCapabilitiesRow, "native_tools">): AgentProtocol => (row.native_tools ? "native" : "text");

/** The same for people. */
export const toolsOf = (row: Pick<ModelCapabilitiesRow, "native_tools" | "text_tools">) =>
  row.native_tools ? ("native" as const) : row.text_tools ? ("text" as const) : ("none" as const);

/** Ollama cuts what is longer than the window it loaded the model with, and says nothing; only it knows how long that is. */
async function loadedWindow({ provider, base_url }: Connection, model: string, outbound: Outbound): Promise<number | undefined> {
  if (provider.slug !== "ollama") return undefined;
  try {
    const response = await outbound.limited({ timeoutMs: 3_000, maxBytes: 1_000_000 })(`${base_url.replace(/\/v\d+$/, "")}/api/ps`);
    if (!response.ok) {
      await response.body?.cancel();
      return undefined;
    }
    const { models } = (await response.json()) as { models?: { name?: string; model?: string; context_length?: unknown }[] };
    const window = models?.find((one) => one.name === model || one.model === model)?.context_length;
    return typeof window === "number" && window >= 1_024 ? window : undefined;
  } catch {
    // Another server behind the same protocol: its window stays unknown.
    return undefined;
  }
}
