import { describe, expect, test } from "vitest";
import { ModelError } from "./model-error.ts";
import { answer, brokenLine, calls, play, say, stop, usage, write, type Reply } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

describe("a model that fails", () => {
  test("is retried once if there was no output", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError("rate_limited", "Slow down.", { retryable: true, retryAfterMs: 10 })], answer("ok")]);
    expect(run.result.success).toBe(true);
    expect(run.charges).toHaveLength(1);
  });

  test("a second failure ends the run", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[brokenLine()], [brokenLine()], answer("never")]);
    expect(run.client.requests).toHaveLength(2);
    expect(run.order).toEqual(["error", "complete"]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "model_error" });
  });

  test.each([
    ["model_auth_failed", "model_auth_failed"],
    ["rate_limited", "rate_limited"],
    ["context_overflow", "model_error"],
  ] as const)("%s is reported as %s, without a retry when it is final", async (code, reported) => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError(code, "Sorry.")]]);
    expect(run.client.requests).toHaveLength(1);
    expect(run.first("error").data).toEqual({ code: reported, message: "Sorry." });
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
    const run = await play(ws, [["hang"], ["hang"]], { limits: { model_idle_ms: 60 } });
    expect(run.client.requests).toHaveLength(2);
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
