import type { ProviderHealth } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import type { ModelSetup } from "../../agent/models/index.ts";
import type { Finding } from "./health.finding.ts";
import type { WorkStore } from "./work.store.ts";

export type ProviderChecks = ReturnType<typeof createProviderChecks>;
/** Checks of model providers. They are only called on demand. */
export function createProviderChecks({
  store,
  models,
}: {
  store: Pick<WorkStore, "modelFailures" | "lastAnswers">;
  models: Pick<ModelSetup, "connected" | "tryConnected" | "state">;
}) {
  const trials = new Map<string, NonNullable<ProviderHealth["last_trial"]>>();

  const check = async (): Promise<Finding> => {
    const [connected, failures, { default_model, demo }] = await Promise.all([models.connected(), store.modelFailures(), models.state()]);
    const facts: Finding["facts"] = [
      ["Connected", connected.map(({ name }) => name).join(", ") || "none"],
      ["Default model", default_model ?? "none"],
      ["Runs failed by a model in 24 hours", String(failures?.n ?? 0)],
      ...(failures?.error ? [["Last error", failures.error] as [string, string]] : []),
    ];
    if (connected.length === 0)
      return {
        status: demo ? "warning" : "down",
        summary: demo
          ? "Demo mode: responses come from a script."
          : "No model provider is connected. Only users with their own API keys can run the agent.",
        advice: "Connect a provider on the home page, or set OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL.",
        facts,
      };
    if ((failures?.n ?? 0) > 0)
      return {
        status: "warning",
        summary: `${failures?.n === 1 ? "1 run" : `${failures?.n} runs`} failed in the last 24 hours because of a model error.`,
        advice: "Test the providers below to see the provider's error, such as an invalid key or an empty account.",
        facts,
      };
    return { status: "ok", summary: "No model errors in the last 24 hours.", advice: null, facts };
  };

  const list = async (): Promise<ProviderHealth[]> => {
    const [connected, answers] = await Promise.all([models.connected(), store.lastAnswers()]);
    return connected.map(({ slug, name }) => ({
      provider: slug,
      name,
      last_ok_at: answers.get(slug) ?? null,
      last_trial: trials.get(slug) ?? null,
    }));
  };

  return {
    check,
    list,
    /** Throws 404, `outbound_refused`. */
    tryProvider: async (slug: string): Promise<ProviderHealth> => {
      const started = performance.now();
      const { ok, message } = await models.tryConnected(slug);
      trials.set(slug, { at: new Date().toISOString(), ok, message, duration_ms: Math.round(performance.now() - started) });
      const found = (await list()).find(({ provider }) => provider === slug);
      if (!found) throw notFound("Provider");
      return found;
    },
  };
}
