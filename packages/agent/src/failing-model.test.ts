import { describe, expect, test } from "vitest";
import { ModelError } from "./model-error.ts";
import { answer, brokenLine, call, calls, play, say, stop, usage, write, type Reply } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

describe("a model that fails", () => {
  const overloaded = (options: { retryAfterMs?: number } = {}) =>
    new ModelError("model_error", "Anthropic is overloaded (529).", {
      kind: "overloaded",
      reason: "Overloaded",
      retryable: true,
      ...options,
    });

  test("is called five times, with growing waits that are shown, if there was no output", async () => {
    await using ws = await tempWorkspace();
    const delays: number[] = [];
    const run = await play(
      ws,
      Array.from({ length: 6 }, () => [overloaded()]),
      {
        deps: {
          newId: () => "call-1",
          now: () => new Date("2026-01-01T00:00:00.000Z"),
          waitToRetry: async (_retry, delayMs) => (delays.push(delayMs), {}),
        },
      },
    );
    expect(run.client.requests).toHaveLength(5);
    expect(run.charges).toEqual([]);
    delays.forEach((delay, index) => {
      expect(delay).toBeGreaterThanOrEqual(750 * 2 ** index);
      expect(delay).toBeLessThanOrEqual(1_250 * 2 ** index);
    });
    const retries = run.all("model_retry").map(({ data }) => data);
    expect(retries.map(({ status, attempt, of }) => [status, attempt, of])).toEqual(
      [2, 3, 4, 5].flatMap((attempt) => [
        ["waiting", attempt, 5],
        ["retrying", attempt, 5],
      ]),
    );
    expect(retries[0]).toEqual({
      retry_id: "call-1",
      iteration: 1,
      status: "waiting",
      attempt: 2,
      of: 5,
      until: new Date(Date.parse("2026-01-01T00:00:00.000Z") + delays[0]!).toISOString(),
      message: "Anthropic is overloaded (529).",
      kind: "overloaded",
      reason: "Overloaded",
    });
    expect(new Set(retries.map(({ retry_id }) => retry_id)).size).toBe(1);
    expect(run.order.slice(-2)).toEqual(["error", "complete"]);
    expect(run.first("error").data).toEqual({
      code: "model_error",
      kind: "overloaded",
      message: "Anthropic is overloaded (529). It says: “Overloaded”",
    });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "model_error" });
  });

  test("a call that succeeds at last answers as if nothing had failed", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[overloaded()], [overloaded()], answer("ok")]);
    expect(run.result).toMatchObject({ success: true, final_response: "ok" });
    expect(run.charges).toHaveLength(1);
  });

  test("Retry-After is obeyed up to a minute; a longer one ends the run with the time", async () => {
    await using ws = await tempWorkspace();
    const delays: number[] = [];
    const waitToRetry = async (_retry: unknown, delayMs: number) => (delays.push(delayMs), {});
    const run = await play(ws, [[overloaded({ retryAfterMs: 60_000 })], answer("ok")], { deps: { waitToRetry } });
    expect(run.result.success).toBe(true);
    const refused = await play(ws, [[overloaded({ retryAfterMs: 290_000 })], answer("never")], { deps: { waitToRetry } });
    expect(delays).toEqual([60_000]);
    expect(refused.client.requests).toHaveLength(1);
    expect(refused.order).toEqual(["error", "complete"]);
    expect(refused.first("error").data.message).toBe("Anthropic is overloaded (529). It says: “Overloaded” Try again in 5 minutes.");
  });

  test("without a hook the wait takes its time, and a cancel ends it", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[overloaded({ retryAfterMs: 50_000 })], answer("never")], {
      deps: { waitToRetry: undefined },
      onEvent: (event, abort) => {
        if (event.type === "model_retry") abort.abort();
      },
    });
    expect(run.client.requests).toHaveLength(1);
    expect(run.all("model_retry")).toHaveLength(1);
    expect(run.result).toMatchObject({ success: false, completion_reason: "cancelled" });
  });

  test("waits count toward the time limit of the run, which ends them", async () => {
    await using ws = await tempWorkspace();
    let milliseconds = 0;
    const waitToRetry = async (_retry: unknown, delayMs: number) => ((milliseconds += delayMs), {});
    const waited = await play(ws, [[overloaded({ retryAfterMs: 40_000 })], answer("ok")], {
      deps: { clock: () => milliseconds, waitToRetry },
    });
    expect(waited.result).toMatchObject({ success: true, resource_stats: { duration_ms: 40_000 } });
    const subagent = await play(
      ws,
      [calls(call("invoke_subagent", { name: "general-purpose", task: "Look" })), [overloaded({ retryAfterMs: 50_000 })], answer("never")],
      { limits: { max_run_ms: 800 }, deps: { waitToRetry: undefined } },
    );
    const own = await play(ws, [[overloaded({ retryAfterMs: 50_000 })], answer("never")], {
      limits: { max_run_ms: 800 },
      deps: { waitToRetry: undefined },
    });
    for (const run of [subagent, own]) {
      expect(run.all("model_retry").map(({ data }) => data.status)).toEqual(["waiting"]);
      expect(run.result).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
    }
  });

  test("a person sends the call to another model, which also takes its next attempts", async () => {
    await using ws = await tempWorkspace();
    const chosen = ["other/model", undefined];
    const run = await play(ws, [[overloaded()], [overloaded()], calls(write("a.txt")), answer("ok")], {
      deps: {
        waitToRetry: async () => {
          const model = chosen.shift();
          return model === undefined ? {} : { model };
        },
      },
    });
    expect(run.client.requests.map(({ model }) => model)).toEqual([undefined, "other/model", "other/model", undefined]);
    expect(run.all("model_retry").map(({ data }) => [data.status, data.model])).toEqual([
      ["waiting", undefined],
      ["retrying", "other/model"],
      ["waiting", "other/model"],
      ["retrying", "other/model"],
    ]);
  });

  test("a call that another model answered is charged to it", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[{ type: "model", id: "other/model" }, ...answer("ok")]]);
    expect(run.charges).toMatchObject([{ model: "other/model", purpose: "turn" }]);
  });

  test.each([
    ["model_auth_failed", "model_auth_failed", "auth"],
    ["rate_limited", "rate_limited", "rate_limit"],
    ["context_overflow", "model_error", "context"],
  ] as const)("%s is reported as %s of kind %s, without a retry when it is final", async (code, reported, kind) => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError(code, "Sorry.")]]);
    expect(run.client.requests).toHaveLength(1);
    expect(run.first("error").data).toEqual({ code: reported, kind, message: expect.stringMatching(/^Sorry\./) });
  });

  test("after a connection is lost within text, the reply continues without repeating the text", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      [...say("The quick "), brokenLine()],
      [...say("brown fox."), stop],
    ]);
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe("The quick brown fox.");
    expect(run.result).toMatchObject({ success: true, final_response: "The quick brown fox." });
    expect(run.client.requests[1]!.messages.slice(-2)).toMatchObject([
      { role: "assistant", parts: [{ type: "text", text: "The quick " }] },
      { role: "user", kind: "note" },
    ]);
    expect(run.charges.map((one) => one.is_estimated)).toEqual([true, false]);
  });

  test.each([
    ["starts over from the beginning", ["The", " quick brown", " fox."], "The quick brown fox."],
    ["starts over and sends it in one piece", ["The quick brown fox."], "The quick brown fox."],
    ["continues with a word that looks like the start", ["The", "rmal fox."], "The quick Thermal fox."],
    ["adds nothing", ["The quick "], "The quick "],
    ["ends inside the repetition", ["The"], "The quick The"],
  ])("cut off, and the model %s", async (_name, deltas, expected) => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      [...say("The quick "), brokenLine()],
      [...say(...deltas), stop],
    ]);
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe(expected);
    expect(run.result.final_response).toBe(expected);
  });

  test("a stream that ends early without an error is continued", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [say("Hal"), [...say("lo"), stop]]);
    expect(run.result).toMatchObject({ success: true, final_response: "Hallo" });
  });

  test("a reply cut off in the middle of a tool call is an error, and no call is run", async () => {
    await using ws = await tempWorkspace();
    const half = write("a.txt", "long content").slice(0, 3);
    const run = await play(ws, [[...say("I write."), ...half, brokenLine()], answer("never")]);
    expect(run.client.requests).toHaveLength(1);
    expect(run.result).toMatchObject({
      success: false,
      completion_reason: "error",
      error_code: "model_error",
      final_response: expect.stringContaining("I write."),
    });
    expect(run.order).toEqual(["text_chunk", "charge", "error", "complete"]);
    expect(await ws.snapshot()).toEqual({});
  });

  test("a model that sends nothing for too long fails", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [["hang"], ["hang"], ["hang"], ["hang"], ["hang"]], { limits: { model_idle_ms: 60 } });
    expect(run.client.requests).toHaveLength(5);
    expect(run.result).toMatchObject({ completion_reason: "error", error: expect.stringContaining("silent") });
  });

  test("an unknown error of a client is reported without its message", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new TypeError("sk-secret-key in the URL")]]);
    expect(run.result.completion_reason).toBe("error");
    expect(JSON.stringify(run.events)).not.toContain("sk-secret");
  });

  test("an empty answer is an error before any work, and accepted after it", async () => {
    await using ws = await tempWorkspace();
    expect((await play(ws, [[stop]])).result).toMatchObject({ success: false, error: "The model returned an empty response." });
    expect((await play(ws, [calls(write("a.txt")), [stop]])).result).toMatchObject({ success: true, final_response: "Done." });
  });

  test("an answer that is cut off repeatedly ends the run with an error", async () => {
    await using ws = await tempWorkspace();
    const cut: Reply = [...say("more "), { type: "finish", reason: "length", usage }];
    const run = await play(ws, [cut, cut, cut, cut]);
    expect(run.result.final_response).toBe("more more more more ");
    expect(run.first("notice").data).toMatchObject({ level: "warning", message: expect.stringContaining("cut off") });
  });

  test("an answer cut off by the output limit is continued", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("One, "), { type: "finish", reason: "length", usage }], answer("two.")]);
    expect(run.result).toMatchObject({ success: true, final_response: "One, two.", iterations: 2 });
  });

  test("usage is estimated when the provider sends none", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("12345678"), { type: "finish", reason: "stop", usage: null }]]);
    expect(run.charges[0]).toMatchObject({ is_estimated: true, tokens_out: 2 });
    expect(run.charges[0]!.tokens_in).toBeGreaterThan(500);
  });
});
