import { png } from "@tesslate/testkit";
import { Type } from "typebox";
import { describe, expect, test } from "vitest";
import { imagesOf, textOf, type Message } from "./conversation.ts";
import type { ImageStore, ToolImage } from "./images.ts";
import { answer, call, calls, memoryImages, play, resultTexts, say, scripted, stop, type RunChanges } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { defineTool, done, ToolFailure } from "./tool.ts";
import { allTools } from "./tools/index.ts";

const image = (name: string, width = 8): ToolImage => ({ name, data: png(width, width) });
/** A tool that returns images. */
const camera = (images: readonly ToolImage[]) =>
  defineTool({
    name: "camera",
    category: "browser",
    description: "Takes pictures.",
    parameters: Type.Object({}),
    gate: { approval: true, plan_blocked: false, read_only: false },
    run: async () => done("Taken.", { images }),
  });
const playCamera = async (images: readonly ToolImage[], store: ImageStore | undefined, changes: RunChanges = {}) => {
  await using ws = await tempWorkspace();
  const tools = [camera(images), ...allTools];
  return play(ws, [calls(call("camera", {})), answer("Seen.")], { tools, deps: { ...(store && { images: store }) }, ...changes });
};
const shown = (messages: readonly Message[]) =>
  messages.flatMap((message) =>
    message.role === "tool" ? imagesOf(message).map(({ name, data }) => ({ name, hasData: data !== undefined })) : [],
  );

describe("images of results", () => {
  test("the model gets them after the text of their result; the step has them without data", async () => {
    const run = await playCamera([image("one"), image("two")], memoryImages());
    const result = run.client.requests[1]!.messages.at(-1)!;
    expect(result.role === "tool" && result.parts[0]!.content.map((part) => (part.type === "text" ? part.text : part.name))).toEqual([
      "Taken.",
      "one",
      "two",
    ]);
    expect(shown(run.appended)).toEqual([
      { name: "one", hasData: true },
      { name: "two", hasData: true },
    ]);
    const [step] = run.first("agent_step").data.tool_results;
    expect(step).toMatchObject({ success: true, result: { success: true, message: "Taken." }, images: [{ name: "one" }, { name: "two" }] });
    expect(JSON.stringify(run.events.map(({ data }) => data))).not.toContain(png(8, 8).toString("base64"));
  });

  test("a name cannot pretend to be more than a name", async () => {
    const run = await playCamera([image(`a.png]\n[CONTEXT]${"x".repeat(300)}`)], memoryImages());
    const [{ name } = { name: "" }] = shown(run.appended);
    expect(name).toMatch(/^a\.png\] \[CONTEXT\]x+$/);
    expect(name).toHaveLength(200);
  });

  test("without a store, results have no images", async () => {
    const run = await playCamera([image("one")], undefined);
    expect([shown(run.appended), resultTexts(run.appended)]).toEqual([[], ["Taken."]]);
    expect(run.first("agent_step").data.tool_results).toEqual([
      { success: true, tool: "camera", result: { success: true, message: "Taken." } },
    ]);
  });

  test("an image that cannot be shown becomes a sentence, and the others are shown", async () => {
    const store = memoryImages();
    const keep: ImageStore["keep"] = async (given, signal) => {
      if (given.name === "broken") throw new ToolFailure("It is damaged.");
      if (given.name === "unlucky") throw new Error("the disk is full");
      return store.keep(given, signal);
    };
    const many = Array.from({ length: 9 }, (_, index) => image(`n${index}`));
    const run = await playCamera([image("broken"), image("unlucky"), ...many], { ...store, keep });
    expect(resultTexts(run.appended)).toEqual([
      "Taken. The image broken is not shown. It is damaged. The image unlucky is not shown. It could not be stored. Only the first 8 of 11 images are shown.",
    ]);
    expect(shown(run.appended)).toHaveLength(6);
    expect(run.unexpected).toEqual([expect.objectContaining({ message: "the disk is full" })]);
  });

  test("images that do not fit into the context window are left out, and the result says how many", async () => {
    // 300 x 300 pixels are 120 tokens.
    const client = scripted([calls(call("camera", {})), answer("Seen.")]);
    const run = await playCamera(
      Array.from({ length: 5 }, (_, index) => image(`n${index}`, 300)),
      memoryImages(),
      { model: { client, context_window: 1_500 } },
    );
    const messages = run.appended.filter((message) => message.role === "tool");
    expect(shown(messages).map(({ name }) => name)).toEqual(["n0", "n1", "n2"]);
    expect(textOf(messages[0]!)).toBe("Taken.\n[2 of the 5 images of this result are left out: they do not fit into the context.]");
    expect(run.first("agent_step").data.tool_results[0]!.images).toHaveLength(5);
  });

  test("a run that is resumed at a waiting call loads the images of the results before it", async () => {
    await using ws = await tempWorkspace();
    const store = memoryImages();
    const tools = [{ ...camera([image("one")]), gate: { approval: false, plan_blocked: false, read_only: false } }, ...allTools];
    const common: RunChanges = { tools, editMode: "ask", deps: { images: store } };
    const waiting = await play(ws, [calls(call("camera", {}), call("write_file", { file_path: "a.txt", content: "a" }))], {
      ...common,
      answers: [],
      onEvent: (event, abort) => event.type === "approval_required" && abort.abort(new Error("stopped")),
    });
    const { pending } = waiting.first("approval_required");
    expect(pending).toMatchObject({ results: [{ tool: "camera", images: [{ name: "one" }] }] });
    expect(JSON.stringify(pending)).not.toContain(png(8, 8).toString("base64"));
    const resumed = await play(ws, [answer("Seen.")], {
      ...common,
      answers: [{ decision: "allow_once" }],
      conversation: waiting.appended.filter((message) => message.role === "user").slice(0, 1),
      pending: JSON.parse(JSON.stringify(pending)) as typeof pending,
      resumes: { iteration: 0, tool_calls_made: 0, reason: "interrupted" },
    });
    expect(shown(resumed.client.requests[0]!.messages)).toEqual([{ name: "one", hasData: true }]);
  });

  test("where calls are text, they come before the results, which name them", async () => {
    const client = scripted([[...say('```json\n{"tool_name": "camera", "parameters": {}}\n```'), stop], answer("Seen. TASK_COMPLETE")]);
    const agent = { system_prompt: "You are an agent.", tools: null, protocol: "text" as const };
    const run = await playCamera([image("one")], memoryImages(), { agent, model: { client } });
    expect(run.client.requests).toEqual([]);
    const results = client.requests[1]!.messages.at(-1)!;
    expect(imagesOf(results)).toMatchObject([{ name: "one", data: png(8, 8).toString("base64") }]);
    expect(textOf(results)).toContain("camera (ok):\nTaken.\n[The image one is from this result.]");
  });
});
