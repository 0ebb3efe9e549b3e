import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  call,
  nextMessage,
  parallel,
  png,
  say,
  script,
  startModelServer,
  think,
  turn,
  usage,
  when,
  type ModelServer,
  type ScriptItem,
} from "@tesslate/testkit";
import { progressOf } from "./batch.ts";
import type { Message } from "./conversation.ts";
import { createModelClient } from "./models/index.ts";
import { memoryImages, play, type RunChanges, type TestRun } from "./testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "./testing/temp-workspace.ts";
import { RunInterrupted } from "./run-options.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({});
});
afterAll(() => server.close());

type Dialect = "openai-responses" | "openai-compatible" | "anthropic" | "google";
const lines = (name: string): string => Array.from({ length: 120 }, (_, index) => `${name} line ${index}`).join("\n");

const answers: ScriptItem[] = [
  when((request) => request.system.startsWith("You summarise"), [say("The person wants a shop; a.txt and b.txt were edited.")]),
  // 5: the provider reports that the window is almost full, so older turns are compacted.
  when(/Look once more/, [
    turn(call("read_file", { file_path: "b.txt" }), usage({ input: 110_000, output: 20 })),
    call("list_dir", {}),
    say("Done."),
  ]),
  // 1: reads, also of an image, and an edit.
  think("First I look at both."),
  say("I look."),
  parallel(
    call("read_file", { file_path: "a.txt" }),
    call("read_file", { file_path: "b.txt" }),
    call("read_file", { file_path: "logo.png" }),
  ),
  call("edit_file", { file_path: "a.txt", search: "a line 7\n", replace: "a line seven\n" }),
  say("Changed."),
  nextMessage(),
  // 2: reads the file again after the edit, and starts a command that ends before the next step.
  parallel(call("read_file", { file_path: "a.txt" }), call("run_command", { command: "sleep 0.7; exit 3", background: true })),
  call("run_command", { command: "sleep 0.7" }),
  say("Line 7 is seven."),
  nextMessage(),
  // 3: is steered before its second call.
  call("grep", { pattern: "line 1" }),
  nextMessage(),
  say("In blue, then."),
  nextMessage(),
  // 4: is interrupted after its first step and resumed.
  call("write_file", { file_path: "c.txt", content: "c\n" }),
  call("read_file", { file_path: "c.txt" }),
  say("Written."),
];

/** Five messages of one chat. The record is stored as JSON between the runs and images beside it, as by a server. */
async function chat(ws: TempWorkspace, provider: Dialect, name: string): Promise<Message[]> {
  const base_url = {
    "openai-responses": server.openai_base_url,
    "openai-compatible": server.openai_base_url,
    anthropic: server.anthropic_base_url,
    google: server.google_base_url,
  }[provider];
  const client = createModelClient({ provider, base_url, api_key: "k", model: name, fetch });
  const images = memoryImages();
  let record: Message[] = [];
  let minute = 0;
  const send = async (message: string, changes: RunChanges = {}): Promise<TestRun> => {
    const run = await play(ws, [], {
      model: { client, context_window: 128_000, reasoning: "medium" },
      message,
      conversation: record,
      ...changes,
      deps: {
        images,
        diagnose: async () => "a.txt:7: a new problem",
        now: () => new Date(Date.UTC(2026, 0, 1, 12, minute++)),
        ...changes.deps,
      },
    });
    record = await images.withData(JSON.parse(JSON.stringify([...record, ...run.appended], images.withoutData)) as Message[]);
    return run;
  };
  await send("Change line 7");
  await send("And what is in it now?");
  await send("Find the first lines", { deps: { takeSteering: async (iteration) => (iteration === 2 ? ["Make it blue"] : []) } });
  const first = await send("Write c.txt", {
    onEvent: (event, abort) => event.type === "agent_step" && abort.abort(new RunInterrupted()),
  });
  expect(first.result.error_code).toBe("interrupted");
  const steps = first.all("agent_step").map((event) => event.data);
  const resumed = await send("Write c.txt", { resumes: { ...progressOf(steps), reason: "interrupted" } });
  expect(resumed.result).toMatchObject({ success: true, final_response: "Written." });
  const last = await send("Look once more");
  expect(last.result).toMatchObject({ success: true, final_response: "Done." });
  return record;
}

interface Body {
  tools?: unknown;
  system?: unknown;
  systemInstruction?: unknown;
  messages?: unknown[];
  contents?: unknown[];
  input?: unknown[];
}
/** What a provider caches, in the order in which it does, without the marks that say where it should. */
function cachedText(body: unknown): string {
  const { tools, system, systemInstruction, messages, contents, input } = body as Body;
  return JSON.stringify([tools, system ?? systemInstruction, ...(messages ?? contents ?? input ?? [])], (key, value: unknown) =>
    key === "cache_control" ? undefined : value,
  ).slice(0, -1);
}
/** Which part of the first text the second one begins with. */
function sharedPart(before: string, after: string): number {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  return at / before.length;
}

/** Whether reasoning goes back to its model. */
const models: [name: string, provider: Dialect, isBack: boolean][] = [
  ["gpt-5.1", "openai-responses", true],
  ["gpt-4.1", "openai-compatible", false],
  ["deepseek-reasoner", "openai-compatible", true],
  ["claude-sonnet-4-6", "anthropic", true],
  ["gemini-2.5-flash", "google", false],
];
describe.each(models)("%s", (name, provider, isBack) => {
  test("each request of a chat begins with the one before it, except after a compaction", async () => {
    await using ws = await tempWorkspace({ "a.txt": lines("a"), "b.txt": lines("b") });
    await ws.files.write("logo.png", png(400, 300));
    server.setScript(script(answers));
    const before = server.requests.length;
    const record = await chat(ws, provider, name);
    const requests = server.requests.slice(before).filter((one) => !one.request!.system.startsWith("You summarise"));
    expect(server.requests.length - before - requests.length).toBe(1);
    const texts = requests.map((one) => cachedText(one.body));
    const shares = texts.slice(1).map((text, index) => ({
      bytes: Buffer.byteLength(texts[index]!),
      share: sharedPart(texts[index]!, text),
      isAfterCompaction:
        JSON.stringify(requests[index + 1]!.body).includes("[SUMMARY of") && !JSON.stringify(requests[index]!.body).includes("[SUMMARY of"),
    }));
    if (process.env["SHOW_CACHE_PREFIX"])
      process.stdout.write(
        `${name}\n${shares.map(({ bytes, share, isAfterCompaction }, index) => `  ${String(index + 2).padStart(2)}  ${String(bytes).padStart(7)} bytes  ${(100 * share).toFixed(1)} %${isAfterCompaction ? "  compaction" : ""}`).join("\n")}\n`,
      );
    expect(texts.slice(1, 4).map((text) => text.includes("First I look at both."))).toEqual([isBack, isBack, isBack]);
    expect(shares).toHaveLength(13);
    const image = png(400, 300).toString("base64");
    expect(texts.map((text) => text.includes(image))).toEqual(texts.map((_text, index) => index > 0));
    expect(shares.filter((one) => one.isAfterCompaction)).toHaveLength(1);
    for (const one of shares) if (!one.isAfterCompaction) expect(one.share).toBeGreaterThanOrEqual(0.95);
    const marks = record.filter((message) => message.role === "compaction");
    expect(marks).toMatchObject([{ replaced: 1, kept: record.indexOf(marks[0]!) - 1 }]);
    expect(marks[0]!.tokens_before).toBeGreaterThan(110_000);
    expect(marks[0]!.tokens_after).toBeLessThan(20_000);
  });
});

test("a run may replace a file that an earlier run of the chat read, but not after the text was summarized", async () => {
  await using ws = await tempWorkspace({ "a.txt": lines("a"), "b.txt": lines("b") });
  server.setScript(
    script([
      call("read_file", { file_path: "a.txt" }),
      say("Read."),
      nextMessage(),
      call("write_file", { file_path: "a.txt", content: "new\n" }),
      say("Replaced."),
      nextMessage(),
      call("write_file", { file_path: "b.txt", content: "new\n" }),
      say("Refused."),
    ]),
  );
  const client = createModelClient({ provider: "anthropic", base_url: server.anthropic_base_url, api_key: "k", model: "scripted", fetch });
  const seen = new Map<string, string>();
  let record: Message[] = [];
  const send = async (message: string): Promise<boolean> => {
    const run = await play(ws, [], { model: { client }, message, conversation: record, seen });
    record = [...record, ...run.appended];
    return run.first("agent_step").data.tool_results[0]!.success;
  };
  expect(await send("Read it")).toBe(true);
  expect(await send("Replace it")).toBe(true);
  expect(await send("Replace b")).toBe(false);
  const sizes = { kept: 1, replaced: record.length - 1, tokens_before: 1, tokens_after: 1 };
  record.push({ role: "compaction", summary: "[SUMMARY of earlier turns]\nFiles were replaced.\n[/SUMMARY]", ...sizes });
  server.setScript(script([call("write_file", { file_path: "a.txt", content: "newer\n" }), say("Refused.")]));
  expect(await send("Replace it again")).toBe(false);
  expect(await ws.get("a.txt")).toBe("new\n");
});
