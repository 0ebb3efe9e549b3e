import { afterEach, beforeEach, expect, test } from "vitest";
import {
  call,
  nextMessage,
  parallel,
  say,
  script,
  startModelServer,
  think,
  turn,
  type ModelServer,
  type ScriptItem,
} from "@tesslate/testkit";
import { play } from "../testing/harness.ts";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import { createModelClient } from "./index.ts";
import type { ModelClientOptions } from "./options.ts";

let server: ModelServer;
beforeEach(async () => {
  server = await startModelServer({});
});
afterEach(() => server.close());

const clientOptions = (provider: ModelClientOptions["provider"], model: string): ModelClientOptions => ({
  provider,
  model,
  base_url: provider === "google" ? server.google_base_url : server.openai_base_url,
  api_key: "k",
  fetch,
});
const plays = (...items: ScriptItem[]): void => server.setScript(script(items));

test.each(["deepseek-reasoner", "kimi-k2-thinking", "glm-4.6"])("%s gets the reasoning of each call back as text", async (model) => {
  await using ws = await tempWorkspace({ "a.txt": "A\n" });
  plays(
    turn(think("I should look."), call("read_file", { file_path: "a.txt" })),
    turn(think("And at the others."), say("More."), parallel(call("list_dir", {}), call("read_file", { file_path: "a.txt" }))),
    turn(think("That is all."), say("It is A.")),
    nextMessage(),
    say("You are welcome."),
  );
  interface Said {
    role: string;
    content: string | null;
    reasoning_content?: string;
    tool_calls?: unknown[];
  }
  const answers = (): unknown[] =>
    (server.requests.at(-1)!.body as { messages: Said[] }).messages
      .filter(({ role }) => role === "assistant")
      .map(({ content, reasoning_content, tool_calls }) => [reasoning_content, content ?? "", tool_calls?.length ?? 0]);
  const client = createModelClient(clientOptions("openai-compatible", model));
  const first = await play(ws, [], { model: { client }, message: "Look" });
  const calls = [
    ["I should look.", "", 1],
    ["And at the others.", "More.", 2],
  ];
  expect(answers()).toEqual(calls);
  await play(ws, [], {
    model: { client },
    message: "Thanks",
    conversation: JSON.parse(JSON.stringify(first.appended)) as typeof first.appended,
  });
  expect(answers()).toEqual([...calls, ["That is all.", "It is A.", 0]]);
  // All that these providers have in addition to OpenAI's API.
  for (const violation of server.published.openai.violations) expect(violation).toMatch(/reasoning_content: is not defined$/);
});

test("Gemini gets the signature of each call back, and the calls of other models are marked as theirs", async () => {
  await using ws = await tempWorkspace({ "a.txt": "A\n" });
  const answers = (): void =>
    plays(
      turn(think("I should look."), parallel(call("list_dir", {}), call("read_file", { file_path: "a.txt" }))),
      call("read_file", { file_path: "a.txt" }),
      say("It is A."),
      nextMessage(),
      say("You are welcome."),
    );
  interface Content {
    role: string;
    parts: { functionCall?: unknown; thoughtSignature?: string }[];
  }
  const signatures = (): unknown[] =>
    (server.requests.at(-1)!.body as { contents: Content[] }).contents.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.functionCall ? [part.thoughtSignature] : [])),
    );
  const client = createModelClient(clientOptions("google", "gemini-3-pro-preview"));
  answers();
  const first = await play(ws, [], { model: { client }, message: "Look" });
  const own = "c2lnbmVkIGJ5IHRlc3RraXQ=";
  expect(signatures()).toEqual([own, own, own]);
  await play(ws, [], {
    model: { client },
    message: "Thanks",
    conversation: JSON.parse(JSON.stringify(first.appended)) as typeof first.appended,
  });
  expect(signatures()).toEqual([own, own, own]);
  answers();
  const other = { client: createModelClient(clientOptions("openai-responses", "gpt-5.1")) };
  const { appended } = await play(ws, [], { model: other, message: "Look" });
  await play(ws, [], { model: { client }, message: "Thanks", conversation: appended });
  // Gemini 3 rejects calls without a signature, except with this one.
  expect(new Set(signatures())).toEqual(new Set(["skip_thought_signature_validator"]));
  server.published.google.verify();
});
