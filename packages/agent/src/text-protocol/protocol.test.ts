import { describe, expect, test } from "vitest";
import { runAgent } from "../loop.ts";
import { ModelError } from "../model-error.ts";
import { createSeenFiles } from "../seen-files.ts";
import { calls, play, read, say, stop, usage, type Reply, type RunChanges, type Script } from "../testing/harness.ts";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import { textOf, type ModelMessage } from "../conversation.ts";
import type { ModelEvent } from "../model-client.ts";
import type { AgentProtocol } from "../run-options.ts";
import { withTextFallback } from "./index.ts";

const speaking = (protocol: AgentProtocol, more: RunChanges = {}): RunChanges => ({
  agent: { system_prompt: "You are an agent.", tools: null, protocol },
  ...more,
});
const json = (name: string, parameters: unknown): string => `\`\`\`json\n${JSON.stringify({ tool_name: name, parameters })}\n\`\`\``;
/** In pieces, as it streams. */
const textReply = (text: string): Reply => [...say(...(text.match(/[\s\S]{1,9}/g) ?? [])), stop];
const lastUser = (messages: ModelMessage[]): string => textOf(messages.findLast((message) => message.role === "user")!);

describe("calls as text (IterativeAgent)", () => {
  test("a run: calls parsed, files written, results sent as text, the answer shown without JSON", async () => {
    await using ws = await tempWorkspace({ "a.txt": "old\n" });
    const run = await play(
      ws,
      [
        textReply(`THOUGHT: Look first.\n\nI look.\n\n${json("read_file", { file_path: "a.txt" })}`),
        textReply(`Now I write.\n${json("write_file", { file_path: "b.txt", content: "new\n" })}`),
        textReply("Written b.txt.\n\nTASK_COMPLETE"),
      ],
      speaking("text"),
    );
    expect(run.result).toMatchObject({
      success: true,
      completion_reason: "task_complete_signal",
      final_response: "Written b.txt.",
      iterations: 3,
      tool_calls_made: 2,
    });
    expect(await ws.get("b.txt")).toBe("new\n");
    const shown = run
      .all("text_chunk")
      .map((event) => event.data.content)
      .join("");
    expect(shown).toBe("I look.Now I write.Written b.txt.");
    expect(run.all("agent_step").map((event) => [event.data.thought, event.data.response_text])).toEqual([
      ["Look first.", "I look."],
      [null, "Now I write."],
    ]);
    const [first, second] = run.client.requests;
    expect(first!.tools).toEqual([]);
    expect(first!.system).toContain('{"tool_name": "read_file"');
    expect(first!.system).toContain("- edit_file(file_path*: string, edits*: [{search*: string, replace*: string}])");
    expect(second!.messages.at(-2)).toMatchObject({
      role: "assistant",
      parts: [{ type: "text", text: 'I look.\n\n```json\n{"tool_name": "read_file", "parameters": {"file_path":"a.txt"}}\n```' }],
    });
    expect(lastUser(second!.messages)).toMatch(/^\[tool results\]\nread_file \(ok\):\na\.txt: 1 lines\.\nold/);
  });

  test("an invalid call fails with the JSON error, and the run continues", async () => {
    await using ws = await tempWorkspace();
    const run = await play(
      ws,
      [
        textReply('{"tool_name": "write_file", "parameters": {"file_path": "a.txt", "content": "half'),
        textReply(json("write_file", { file_path: "a.txt", content: "x" })),
        textReply("Done. TASK_COMPLETE"),
      ],
      speaking("text"),
    );
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({
      success: false,
      tool: "write_file",
      error: expect.stringContaining("ends inside a string"),
    });
    expect(run.result).toMatchObject({ success: true, completion_reason: "task_complete_signal" });
    expect(await ws.get("a.txt")).toBe("x");
  });

  test("completion is refused while the last call failed, three times at most", async () => {
    await using ws = await tempWorkspace();
    const failing = (index: number): Reply => textReply(`${json("read_file", { file_path: `missing${index}.txt` })}\nTASK_COMPLETE`);
    const run = await play(
      ws,
      [failing(1), failing(2), failing(3), failing(4), textReply("It is not there. TASK_COMPLETE")],
      speaking("text"),
    );
    const corrections = run.client.requests
      .at(-1)!
      .messages.filter((message) => message.role === "user" && textOf(message).includes("[Correction]"));
    expect(corrections).toHaveLength(3);
    expect(run.result).toMatchObject({
      success: true,
      completion_reason: "task_complete_signal",
      final_response: "It is not there.",
      iterations: 5,
    });
  });

  test("calls run even when the reply is marked complete; then the run ends", async () => {
    await using ws = await tempWorkspace();
    const run = await play(
      ws,
      [textReply(`Writing.\n${json("write_file", { file_path: "a.txt", content: "x" })}\nTASK_COMPLETE`)],
      speaking("text"),
    );
    expect(run.result).toMatchObject({
      success: true,
      completion_reason: "task_complete_signal",
      tool_calls_made: 1,
      final_response: "Writing.",
    });
    expect(await ws.get("a.txt")).toBe("x");
  });

  test("a model that only shows code gets one correction that nothing was written", async () => {
    await using ws = await tempWorkspace();
    const code = "Here it is:\n\n```tsx\nexport function App() {\n  return null;\n}\n```\n";
    const run = await play(
      ws,
      [textReply(code), textReply(json("write_file", { file_path: "App.tsx", content: "x" })), textReply("Done. TASK_COMPLETE")],
      speaking("text"),
    );
    expect(lastUser(run.client.requests[1]!.messages)).toMatch(/^\[Correction\] You showed code but called no tool/);
    expect(await ws.get("App.tsx")).toBe("x");
    const insists = await play(ws, [textReply(code), textReply(code)], speaking("text"));
    expect(insists.result).toMatchObject({ success: true, completion_reason: "no_more_actions" });
  });

  test("an empty reply is retried, and finally an error", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [textReply("<think>hm</think>"), textReply(""), textReply(""), textReply("")], speaking("text"));
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", iterations: 4 });
  });

  test("wrong parameter names, numbers as text and an object for a JSON file are understood", async () => {
    await using ws = await tempWorkspace({ "a.txt": "1\n2\n3\n" });
    const run = await play(
      ws,
      [
        textReply(
          `${json("read_file", { path: "a.txt", offset: "2", limit: "1" })}\n${json("create_file", { filename: "package.json", contents: { name: "x" } })}\n${json("edit_file", { filePath: "a.txt", old_string: "2", new_string: "two" })}`,
        ),
        textReply("TASK_COMPLETE"),
      ],
      speaking("text"),
    );
    expect(run.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, true, true]);
    expect(await ws.get("package.json")).toBe('{\n  "name": "x"\n}\n');
    expect(await ws.get("a.txt")).toBe("1\ntwo\n3\n");
    expect(run.result.final_response).toBe("Done.");
  });

  test("a model that repeats itself endlessly is cut off", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say(...Array.from({ length: 20_000 }, () => "I will now fix it. ")), stop]], speaking("text"));
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join("").length,
    ).toBeLessThan(10_000);
    expect(run.charges).toHaveLength(1);
    expect(run.charges[0]!.is_estimated).toBe(true);
  });

  test("ask and plan mode apply to calls as text too", async () => {
    await using ws = await tempWorkspace();
    const script = (): Script => [
      textReply(json("write_file", { file_path: "a.txt", content: "x" })),
      textReply("Not done. TASK_COMPLETE"),
      textReply("Not done. TASK_COMPLETE"),
    ];
    const planned = await play(ws, script(), speaking("text", { editMode: "plan" }));
    expect(planned.first("agent_step").data.tool_results[0]).toMatchObject({ success: false });
    const denied = await play(ws, script(), speaking("text", { editMode: "ask", answers: [{ decision: "deny" }] }));
    expect(denied.approvals).toHaveLength(1);
    expect(await ws.snapshot()).toEqual({});
  });
});

describe("ReActAgent", () => {
  test("the reasoning that starts each reply is shown as a thought", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const run = await play(
      ws,
      [
        textReply(`THOUGHT: I need a.txt.\nAction: read_file\nAction Input: {"file_path": "a.txt"}`),
        textReply("THOUGHT: I know enough.\n\nIt says x.\nTASK_COMPLETE"),
      ],
      speaking("react"),
    );
    expect(run.client.requests[0]!.system).toContain('Begin every reply with a line "THOUGHT:"');
    expect(lastUser(run.client.requests[1]!.messages)).toMatch(/Begin your reply with THOUGHT:$/);
    expect(run.first("agent_step").data).toMatchObject({
      thought: "I need a.txt.",
      tool_calls: [{ name: "read_file", parameters: { file_path: "a.txt" } }],
    });
    expect(run.result.final_response).toBe("It says x.");
  });
});

describe("a model that has not shown whether it has function calling", () => {
  const refusal = new ModelError(
    "model_error",
    "localhost:11434 refused the request (400): registry.ollama.ai/library/gemma:2b does not support tools",
  );
  const quoted = '<tool_call>\n{"name": "write_file", "arguments": {"file_path": "a.txt", "content": "x"}}\n</tool_call>';
  const unproven = (found: string[] = []): RunChanges => ({
    through: (options) =>
      runAgent({
        ...options,
        model: {
          client: withTextFallback(options.model.client, {
            onRefused: () => void found.push("refused"),
            onNativeCall: () => void found.push("native"),
          }),
        },
      }),
  });

  test("a provider that refuses tools gets the text protocol for the rest of the run", async () => {
    await using ws = await tempWorkspace();
    const found: string[] = [];
    const run = await play(
      ws,
      [[refusal], textReply(json("write_file", { file_path: "a.txt", content: "x" })), textReply(""), textReply("Done. TASK_COMPLETE")],
      unproven(found),
    );
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 1, completion_reason: "task_complete_signal" });
    expect(run.client.requests.map((request) => request.tools.length > 0)).toEqual([true, false, false, false]);
    expect(found).toEqual(["refused"]);
    expect(await ws.get("a.txt")).toBe("x");
  });

  test("a call in the text of a model whose provider takes tools is text, also in its first reply", async () => {
    await using ws = await tempWorkspace();
    const found: string[] = [];
    const run = await play(ws, [textReply(quoted)], unproven(found));
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 0, final_response: quoted });
    expect(found).toEqual([]);
    expect(await ws.snapshot()).toEqual({});
  });

  test("a refusal after its first native call is an error: its text is never read for calls", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    const found: string[] = [];
    const run = await play(ws, [calls(read("a.txt")), calls(read("a.txt")), [refusal], textReply(quoted)], unproven(found));
    expect(run.result).toMatchObject({ success: false, tool_calls_made: 2, error: refusal.message });
    expect(found).toEqual(["native"]);
    expect(run.client.requests).toHaveLength(3);
  });

  test("other refusals are reported", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError("model_auth_failed", "Anthropic refused the API key.")]], unproven());
    expect(run.result).toMatchObject({ success: false, error_code: "model_auth_failed" });
    expect(run.client.requests).toHaveLength(1);
  });
});

describe("StreamAgent", () => {
  const reply = [
    "I add a page.",
    "",
    "```tsx",
    "// File: src/About.tsx",
    "export const About = () => null;",
    "```",
    "",
    "```css",
    "src/about.css",
    "h1 { color: red; }",
    "```",
    "```html",
    "<!-- File: ../escape.html -->",
    "<p>no</p>",
    "```",
    "```md",
    "# File: NOTES.md",
    "Run:",
    "```bash",
    "npm start",
    "```",
    "```",
    "```tsx",
    "// File: src/About.tsx",
    "second is ignored",
    "```",
    "That is all.",
  ].join("\n");

  test("marked blocks are saved once each, everything else is shown, one call to the model", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [textReply(reply)], speaking("files"));
    expect(run.result).toMatchObject({ success: true, iterations: 1, tool_calls_made: 3, completion_reason: "no_more_actions" });
    expect(await ws.snapshot()).toEqual({
      "src/About.tsx": "export const About = () => null;\n",
      "src/about.css": "h1 { color: red; }\n",
      "NOTES.md": "Run:\n```bash\nnpm start\n```\n",
    });
    expect(run.all("file_changed").map((event) => event.data.path)).toEqual(["src/About.tsx", "src/about.css", "NOTES.md"]);
    const shown = run
      .all("text_chunk")
      .map((event) => event.data.content)
      .join("");
    expect(shown).toContain("I add a page.");
    expect(shown).toContain("<p>no</p>");
    expect(shown).not.toContain("About = ()");
    expect(run.client.requests[0]!.tools).toEqual([]);
  });

  test("after package.json is written the package manager installs, and the output is shown", async () => {
    await using ws = await tempWorkspace({ "yarn.lock": "" });
    const commands: string[][] = [];
    ws.exec = async (argv) => {
      commands.push(argv);
      return { exitCode: 0, signal: null, stdout: "added", stderr: "", timedOut: false, aborted: false, durationMs: 1 };
    };
    const run = await play(ws, [textReply("```json\n// File: package.json\n{}\n```")], speaking("files"));
    expect(commands).toEqual([["yarn", "install"]]);
    expect(run.all("notice").map((event) => event.data.message)).toEqual(["Installing packages with yarn", "Packages installed"]);
    expect(run.order.filter((type) => type !== "text_chunk")).toEqual([
      "charge",
      "tool_started",
      "file_changed",
      "notice",
      "notice",
      "agent_step",
      "complete",
    ]);
  });

  test("the prompt contains files that the message and the project's structure suggest, within a limit", async () => {
    await using ws = await tempWorkspace({
      "package.json": '{"name":"x"}',
      "src/App.tsx": "app body",
      "src/deep/Slots.tsx": "slots body",
      "src/other.ts": "other body",
      ".env": "SECRET=1",
      "src/index.css": "y".repeat(30_000),
    });
    const run = await play(ws, [textReply("Nothing to do.")], speaking("files", { message: "Fix Slots.tsx" }));
    const turn = lastUser(run.client.requests[0]!.messages);
    for (const shown of ["File: src/deep/Slots.tsx\n```\nslots body", '{"name":"x"}', "app body"]) expect(turn).toContain(shown);
    for (const hidden of ["other body", "SECRET=1", "yyyy"]) expect(turn).not.toContain(hidden);
    expect(turn.indexOf("slots body")).toBeLessThan(turn.indexOf("app body"));
    expect(turn.endsWith("[/CONTEXT]\n\nFix Slots.tsx")).toBe(true);
  });

  test("existing files are replaced, except one that has changed since it was sent", async () => {
    const big = "y".repeat(30_000);
    await using ws = await tempWorkspace({ "src/App.tsx": "old app", "src/index.css": big, "src/main.tsx": "old main" });
    const seen = createSeenFiles();
    seen.set("src/index.css", "what it was in an earlier run");
    const block = (path: string, text: string): string => `\`\`\`\n// File: ${path}\n${text}\n\`\`\`\n`;
    const run = await play(
      ws,
      [textReply(block("src/App.tsx", "new app") + block("src/index.css", "h1 {}") + block("src/main.tsx", "new main"))],
      speaking("files", {
        seen,
        deps: { beforeModelCall: async () => (await ws.files.write("src/main.tsx", "the person's"), { ok: true }) },
      }),
    );
    expect(run.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, true, false]);
    expect(await ws.snapshot()).toEqual({ "src/App.tsx": "new app\n", "src/index.css": "h1 {}\n", "src/main.tsx": "the person's" });
  });

  test("a file cut off in the middle is not saved, and is requested again", async () => {
    await using ws = await tempWorkspace();
    const cut: ModelEvent = { type: "finish", reason: "length", usage };
    const run = await play(
      ws,
      [[...say("```ts\n// File: b.ts\nb\n```\n```ts\n// File: a.ts\nconst a"), cut], textReply("```ts\n// File: a.ts\nconst a = 1;\n```")],
      speaking("files"),
    );
    expect(run.first("agent_step").data.tool_results[1]).toMatchObject({
      success: false,
      error: expect.stringContaining("middle of the file"),
    });
    expect(lastUser(run.client.requests[1]!.messages)).toContain("cut off at the output limit");
    expect(await ws.snapshot()).toEqual({ "b.ts": "b\n", "a.ts": "const a = 1;\n" });
    expect(run.result).toMatchObject({ success: true, iterations: 2 });
  });
});
