import { ModelError, type ModelClient, type ModelEvent } from "@tesslate/agent";
import { describe, expect, test } from "vitest";
import { createModelChain } from "./fallback.ts";
import type { ResolvedModel } from "./connected-models.ts";

const model = (model_id: string, stream: (call: number) => AsyncIterable<ModelEvent>): ResolvedModel => {
  let calls = 0;
  const client: ModelClient = { stream: () => stream(++calls) };
  return { model_id, client } as ResolvedModel;
};
const replies = (text: string) =>
  async function* (): AsyncGenerator<ModelEvent> {
    yield { type: "text", delta: text };
    yield { type: "finish", reason: "stop", usage: null };
  };
const fails = (error: Error, after?: string) =>
  async function* (): AsyncGenerator<ModelEvent> {
    if (after) yield { type: "text", delta: after };
    await Promise.resolve();
    throw error;
  };
/** Every model may take over, and nobody chooses one. */
const mayTakeOver = async () => ({ ok: true as const });
const resolve = () => Promise.reject(new Error("no choice"));
const overloaded = new ModelError("rate_limited", "OpenAI is limiting requests right now.", { retryable: true });
const down = new ModelError("model_error", "Anthropic has a problem of its own (529).", { retryable: true });
const wrongKey = new ModelError("model_auth_failed", "OpenAI refused the API key.");

async function complete(chain: ModelClient, chosen?: string): Promise<{ text: string; model: string | undefined }> {
  let text = "";
  let answeredBy: string | undefined;
  const request = { system: "", messages: [], tools: [], ...(chosen !== undefined && { model: chosen }) };
  for await (const event of chain.stream(request, new AbortController().signal))
    if (event.type === "text") text += event.delta;
    else if (event.type === "model") answeredBy = event.id;
  return { text, model: answeredBy };
}

describe("fallback models", () => {
  test("429 and 5xx switch to the fallback for one call; the next call starts with the first model again", async () => {
    const switches: string[] = [];
    const first: ResolvedModel = model("a/1", (call) => (call === 1 ? fails(overloaded)() : replies("hello")()));
    const chain = createModelChain([first, model("b/2", fails(down)), model("c/3", replies("hi"))], {
      resolve,
      mayTakeOver,
      onSwitch: async ({ from, to, reason }) => void switches.push(`${from.model_id} ${to.model_id} ${reason}`),
    });
    expect(await complete(chain)).toEqual({ text: "hi", model: "c/3" });
    expect(switches).toEqual(["a/1 b/2 OpenAI is limiting requests right now.", "b/2 c/3 Anthropic has a problem of its own (529)."]);
    expect(await complete(chain)).toEqual({ text: "hello", model: undefined });
    expect(switches).toHaveLength(2);
  });

  test("a call for which a person chose a model goes to that one alone, within its limit", async () => {
    const limits: (number | undefined)[] = [];
    const chosen: ResolvedModel = {
      ...model("d/4", replies("never")),
      client: { stream: (request) => (limits.push(request.max_output_tokens), (limits.length === 1 ? replies("hi") : fails(down))()) },
    };
    const chain = createModelChain([model("a/1", replies("first")), model("b/2", replies("never"))], {
      resolve: async (id) => (id === "d/4" ? chosen : resolve()),
      mayTakeOver: async () => ({ ok: true, max_output_tokens: 700 }),
      onSwitch: () => Promise.reject(new Error("no switch")),
    });
    expect(await complete(chain, "d/4")).toEqual({ text: "hi", model: "d/4" });
    expect(limits).toEqual([700]);
    await expect(complete(chain, "d/4")).rejects.toBe(down);
    expect(await complete(chain)).toEqual({ text: "first", model: undefined });
  });

  test("a chosen model that may not make the call ends it with the reason", async () => {
    const chain = createModelChain([model("a/1", replies("first"))], {
      resolve: async () => model("d/4", replies("never")),
      mayTakeOver: async () => ({ ok: false, message: "Your credits are used up." }),
      onSwitch: async () => undefined,
    });
    await expect(complete(chain, "d/4")).rejects.toMatchObject({
      retryable: false,
      message: "d/4 could not take over: Your credits are used up.",
    });
  });

  test.each([
    ["a wrong key", [model("a/1", fails(wrongKey)), model("b/2", replies("hi"))], wrongKey],
    ["an error after the first text", [model("a/1", fails(down, "half")), model("b/2", replies("hi"))], down],
    ["the last model of the chain", [model("a/1", fails(overloaded))], overloaded],
  ] as const)("%s is reported without switching to a fallback", async (_name, models, error) => {
    const chain = createModelChain(models as unknown as [ResolvedModel], {
      resolve,
      mayTakeOver,
      onSwitch: () => Promise.reject(new Error("no switch")),
    });
    await expect(complete(chain)).rejects.toBe(error);
  });

  test("a model over the limit is skipped; the next one answers within its limit, or the error says why none could take over", async () => {
    const limits: (number | undefined)[] = [];
    const next = model("c/3", replies("hi"));
    const recording: ModelClient = {
      stream: (request, signal) => (limits.push(request.max_output_tokens), next.client.stream(request, signal)),
    };
    const broke = { ok: false as const, message: "Your credits are used up." };
    const [first, second] = [model("a/1", fails(overloaded)), model("b/2", replies("never"))];
    const chain = createModelChain([first, second, { ...next, client: recording }], {
      resolve,
      mayTakeOver: async ({ model_id }) => (model_id === "b/2" ? broke : { ok: true, max_output_tokens: 700 }),
      onSwitch: async () => undefined,
    });
    expect(await complete(chain)).toEqual({ text: "hi", model: "c/3" });
    expect(limits).toEqual([700]);
    const alone = createModelChain([first, second], { resolve, mayTakeOver: async () => broke, onSwitch: async () => undefined });
    await expect(complete(alone)).rejects.toMatchObject({
      code: "rate_limited",
      retryable: true,
      message: "OpenAI is limiting requests right now. b/2 could not take over: Your credits are used up.",
    });
  });
});
