import { expect, test } from "vitest";
import { imagesOf, type ImagePart, type ModelClient, type ModelEvent, type ModelMessage } from "@tesslate/agent";
import { createRedactor, hiddenValues } from "../../projects/secrets/redactor.ts";
import { redactedClient } from "./redaction.ts";

const value = "planted-model-key-31";
const redactor = { current: createRedactor(hiddenValues({ KEY: value })) };
const speaking = (events: (ModelEvent | Error)[]): ModelClient => ({
  async *stream() {
    for (const event of events) {
      if (event instanceof Error) throw event;
      yield event;
    }
  },
});
const redactedEvents = async (events: (ModelEvent | Error)[]): Promise<ModelEvent[]> => {
  const found: ModelEvent[] = [];
  const stream = redactedClient(speaking(events), redactor).stream({ system: "", messages: [], tools: [] }, new AbortController().signal);
  try {
    for await (const event of stream) found.push(event);
  } catch {
    // The stream failed.
  }
  return found;
};
const textOf = (events: ModelEvent[], type: "text" | "reasoning" | "tool_call_delta") =>
  events.flatMap((event) => (event.type === type ? [event.delta] : [])).join("");
const finish: ModelEvent = { type: "finish", reason: "stop", usage: null };

test.each([1, 3, 7, 100])("a secret streamed in chunks of %i is redacted to its name in text, reasoning and tool calls", async (size) => {
  const pieces = (text: string) => text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
  const args = JSON.stringify({ command: `echo ${value}`, more: 1 });
  const events = await redactedEvents([
    ...pieces(`I think ${value}.`).map((delta): ModelEvent => ({ type: "reasoning", delta })),
    ...pieces(`The key is ${value}, is it? planted-`).map((delta): ModelEvent => ({ type: "text", delta })),
    { type: "tool_call_start", id: "a", name: "run_command" },
    ...pieces(args).map((delta): ModelEvent => ({ type: "tool_call_delta", id: "a", delta })),
    { type: "tool_call_end", id: "a", arguments: args },
    { type: "text", delta: "planted-" },
    finish,
  ]);
  expect(JSON.stringify(events)).not.toContain(value);
  expect(textOf(events, "reasoning")).toBe("I think [secret:KEY].");
  expect(textOf(events, "text")).toBe("The key is [secret:KEY], is it? planted-planted-");
  expect(JSON.parse(textOf(events, "tool_call_delta"))).toEqual({ command: "echo [secret:KEY]", more: 1 });
  expect(events.find((event) => event.type === "tool_call_end")).toMatchObject({ arguments: args.replace(value, "[secret:KEY]") });
  expect(events.at(-1)).toEqual(finish);
});

test("text and reasoning keep their order", async () => {
  const given: ModelEvent[] = [
    { type: "reasoning", delta: "planted-" },
    { type: "text", delta: "It is plan" },
    { type: "reasoning", delta: "done", starts: true, provider_state: { anthropic: { signature: "s" } } },
    finish,
  ];
  const events = await redactedEvents(given);
  expect(events.map((event) => event.type)).toEqual(["reasoning", "text", "text", "reasoning", "finish"]);
  expect([textOf(events, "reasoning"), textOf(events, "text")]).toEqual(["planted-done", "It is plan"]);
  expect(events[3]).toEqual(given[2]);
});

test("buffered text is emitted when the connection is lost", async () => {
  const events = await redactedEvents([{ type: "text", delta: "It begins: planted-mod" }, new Error("connection lost")]);
  expect(textOf(events, "text")).toBe("It begins: planted-mod");
});

test("in messages, secrets are redacted beside images, and the data of images stays", async () => {
  const image: ImagePart = { type: "image", name: `${value}.png`, media_type: "image/png", data: `AA${value}AA`, width: 1, height: 1 };
  const text = { type: "text" as const, text: value };
  const given: ModelMessage[] = [
    { role: "user", parts: [image, text] },
    { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "look", arguments: JSON.stringify({ key: value }) }] },
    { role: "tool", parts: [{ type: "tool_result", call_id: "c", name: "look", content: [text, image], is_error: false }] },
  ];
  let sent: ModelMessage[] = [];
  const client: ModelClient = {
    async *stream({ messages }) {
      sent = messages;
      yield finish;
    },
  };
  const stream = redactedClient(client, redactor).stream({ system: "", messages: given, tools: [] }, new AbortController().signal);
  for await (const _ of stream);
  const withoutData = JSON.parse(JSON.stringify(given, (key, item: unknown) => (key === "data" ? undefined : item))) as ModelMessage[];
  const expected = JSON.stringify(withoutData).replaceAll(value, "[secret:KEY]");
  expect(JSON.stringify(sent, (key, item: unknown) => (key === "data" ? undefined : item))).toBe(expected);
  expect(sent.flatMap(imagesOf).map(({ data }) => data)).toEqual([image.data, image.data]);
});
