import { describe, expect, test } from "vitest";
import { createReplyReader, type CallableTool, type Piece } from "./index.ts";

/** Replies as real weak models write them. Each is read whole, in pieces of seven and letter by letter, with the same outcome. */
const tools = [
  tool("read_file", ["file_path"]),
  tool("write_file", ["file_path", "content"]),
  tool("edit_file", ["file_path", "edits"]),
  tool("list_dir", ["path"]),
  tool("run_command", ["command"]),
  tool("grep", ["pattern", "path", "ignore_case"]),
  tool("glob", ["pattern", "path"]),
  tool("todo_read", []),
  tool("todo_write", ["todos"]),
];
function tool(name: string, parameters: string[]): CallableTool {
  const properties = Object.fromEntries(parameters.map((parameter) => [parameter, { type: "string" }]));
  return { name, description: name, parameters: { type: "object", properties, required: parameters } };
}

interface Case {
  reply: string;
  /** What people see. */
  shown?: string;
  thought?: string;
  /** Name and arguments; a string instead of the arguments: the call is unreadable, and its problem matches. */
  calls?: [name: string, parameters: Record<string, unknown> | RegExp][];
  done?: boolean;
  isCutOff?: boolean;
}
const read = (path: string): [string, Record<string, unknown>] => ["read_file", { file_path: path }];
const write = (path: string, content: string): [string, Record<string, unknown>] => ["write_file", { file_path: path, content }];
const fenced = (text: string, language = "json"): string => `\`\`\`${language}\n${text}\n\`\`\``;

const cases: Record<string, Case> = {
  "a bare object": { reply: '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "a fenced object": { reply: fenced('{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}'), calls: [read("a.ts")] },
  "a fence without a language": {
    reply: fenced('{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}', ""),
    calls: [read("a.ts")],
  },
  "prose around it": {
    reply: 'Let me look.\n\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n\nThen I change it.',
    shown: "Let me look.\n\nThen I change it.",
    calls: [read("a.ts")],
  },
  "prose on the same line": {
    reply: 'Reading: {"tool_name": "read_file", "parameters": {"file_path": "a.ts"}} now',
    shown: "Reading: now",
    calls: [read("a.ts")],
  },
  "prose around a fence": {
    reply: `I look.\n\n${fenced('{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}')}\n\nDone soon.`,
    shown: "I look.\n\nDone soon.",
    calls: [read("a.ts")],
  },
  "an array of calls": {
    reply:
      '[{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}, {"tool_name": "read_file", "parameters": {"file_path": "b.ts"}}]',
    calls: [read("a.ts"), read("b.ts")],
  },
  "several objects in a row": {
    reply:
      '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n{"tool_name": "read_file", "parameters": {"file_path": "b.ts"}}',
    calls: [read("a.ts"), read("b.ts")],
  },
  "several objects in one fence": {
    reply: fenced(
      '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n{"tool_name": "read_file", "parameters": {"file_path": "b.ts"}}',
    ),
    calls: [read("a.ts"), read("b.ts")],
  },
  "several fences": {
    reply: `${fenced('{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}')}\nand\n${fenced('{"tool_name": "read_file", "parameters": {"file_path": "b.ts"}}')}`,
    shown: "and",
    calls: [read("a.ts"), read("b.ts")],
  },
  "the same call twice runs once": {
    reply:
      '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}',
    calls: [read("a.ts")],
  },
  "single quotes": { reply: "{'tool_name': 'read_file', 'parameters': {'file_path': 'a.ts'}}", calls: [read("a.ts")] },
  "single quotes around an apostrophe": {
    reply: "{'tool_name': 'write_file', 'parameters': {'file_path': 'a.txt', 'content': 'don\\'t'}}",
    calls: [write("a.txt", "don't")],
  },
  "single quotes around an apostrophe that is not escaped": {
    reply: "{'tool_name': 'write_file', 'parameters': {'file_path': 'a.txt', 'content': 'I don't know'}}",
    calls: [write("a.txt", "I don't know")],
  },
  "Python's True, False and None": {
    reply: "{'tool_name': 'grep', 'parameters': {'pattern': 'x', 'ignore_case': True, 'path': None}}",
    calls: [["grep", { pattern: "x", ignore_case: true, path: null }]],
  },
  "curly quotes": { reply: "{“tool_name”: “read_file”, “parameters”: {“file_path”: “a.ts”}}", calls: [read("a.ts")] },
  "keys without quotes": { reply: '{tool_name: "read_file", parameters: {file_path: "a.ts"}}', calls: [read("a.ts")] },
  "trailing commas": { reply: '{"tool_name": "read_file", "parameters": {"file_path": "a.ts",},}', calls: [read("a.ts")] },
  "a missing comma": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts" "content": "x"}}',
    calls: [write("a.ts", "x")],
  },
  comments: { reply: '{"tool_name": "read_file", // look first\n "parameters": {"file_path": "a.ts"} /* done */}', calls: [read("a.ts")] },
  "raw line breaks in a string": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "one\ntwo\n"}}',
    calls: [write("a.ts", "one\ntwo\n")],
  },
  "raw tabs in a string": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "\tx"}}',
    calls: [write("a.ts", "\tx")],
  },
  "a triple-quoted string": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.py", "content": """print("hi")\nprint("ho")"""}}',
    calls: [write("a.py", 'print("hi")\nprint("ho")')],
  },
  "a template string": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": `const a = "b";\n`}}',
    calls: [write("a.ts", 'const a = "b";\n')],
  },
  "strings joined with +": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "one\\n" +\n "two\\n"}}',
    calls: [write("a.ts", "one\ntwo\n")],
  },
  "a regular expression's backslash": {
    reply: '{"tool_name": "grep", "parameters": {"pattern": "\\d+\\s"}}',
    calls: [["grep", { pattern: "\\d+\\s" }]],
  },
  "an escaped apostrophe": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "it\\\'s"}}',
    calls: [write("a.ts", "it's")],
  },
  "quotes of an attribute that are not escaped": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.html", "content": "<p class="big">Hi</p>"}}',
    calls: [write("a.html", '<p class="big">Hi</p>')],
  },
  "quotes that make the end unclear are refused": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.json", "content": "{"a": "b", "c": "d"}"}}',
    calls: [["write_file", /quote inside a string|behind the key/]],
  },
  "a missing closing bracket at the end": {
    reply: '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}',
    calls: [read("a.ts")],
  },
  "two missing closing brackets in a fence": {
    reply: fenced('{"tool_name": "read_file", "parameters": {"file_path": "a.ts"'),
    calls: [read("a.ts")],
  },
  "half a call at the end of the stream": {
    reply: 'I write it.\n{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "export const a',
    shown: "I write it.",
    calls: [["write_file", /cut off/]],
    isCutOff: true,
  },
  "half a call in a fence": {
    reply: '```json\n{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "x',
    calls: [["write_file", /cut off/]],
  },
  "half a name": { reply: '{"tool_name": "wri', calls: [["unreadable_call", /cut off|ends/]] },
  "code fences inside a string": {
    reply: fenced(
      '{"tool_name": "write_file", "parameters": {"file_path": "README.md", "content": "# Hi\\n```bash\\nnpm i\\n```\\nDone"}}',
    ),
    calls: [write("README.md", "# Hi\n```bash\nnpm i\n```\nDone")],
  },
  "raw code fences inside a string": {
    reply: fenced('{"tool_name": "write_file", "parameters": {"file_path": "README.md", "content": "# Hi\n```bash\nnpm i\n```\nDone"}}'),
    calls: [write("README.md", "# Hi\n```bash\nnpm i\n```\nDone")],
  },
  "braces inside a string": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "if (a) { b({}) }}"}}',
    calls: [write("a.ts", "if (a) { b({}) }}")],
  },
  "arguments as a JSON string": { reply: '{"name": "read_file", "arguments": "{\\"file_path\\": \\"a.ts\\"}"}', calls: [read("a.ts")] },
  "OpenAI's shape": {
    reply:
      '{"tool_calls": [{"id": "1", "type": "function", "function": {"name": "read_file", "arguments": "{\\"file_path\\":\\"a.ts\\"}"}}]}',
    calls: [read("a.ts")],
  },
  "a function in a function": {
    reply: '{"type": "function", "function": {"name": "read_file", "parameters": {"file_path": "a.ts"}}}',
    calls: [read("a.ts")],
  },
  "type and name side by side (Llama)": {
    reply: '{"type": "function", "name": "read_file", "parameters": {"file_path": "a.ts"}}',
    calls: [read("a.ts")],
  },
  "tool and args": { reply: '{"tool": "read_file", "args": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "action and action_input": { reply: '{"action": "read_file", "action_input": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "parameters beside the name": { reply: '{"tool_name": "read_file", "file_path": "a.ts"}', calls: [read("a.ts")] },
  "the tool as the key": { reply: '{"read_file": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "parameters before the name": { reply: '{"parameters": {"file_path": "a.ts"}, "tool_name": "read_file"}', calls: [read("a.ts")] },
  "no parameters": { reply: '{"tool_name": "todo_read"}', calls: [["todo_read", {}]] },
  "another spelling of the name": { reply: '{"tool_name": "readFile", "parameters": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "a prefix on the name": { reply: '{"name": "functions.read_file", "arguments": {"file_path": "a.ts"}}', calls: [read("a.ts")] },
  "another harness's name": {
    reply: '{"tool_name": "create_file", "parameters": {"path": "a.ts", "content": "x"}}',
    calls: [["write_file", { path: "a.ts", content: "x" }]],
  },
  "an unknown tool is passed on, so that its result reports it": {
    reply: '{"tool_name": "launch_rocket", "parameters": {"to": "moon"}}',
    calls: [["launch_rocket", { to: "moon" }]],
  },
  "Hermes and Qwen": {
    reply: '<tool_call>\n{"name": "read_file", "arguments": {"file_path": "a.ts"}}\n</tool_call>',
    calls: [read("a.ts")],
  },
  "Qwen, two of them and a word between": {
    reply:
      '<tool_call>\n{"name": "read_file", "arguments": {"file_path": "a.ts"}}\n</tool_call>\nand\n<tool_call>{"name": "read_file", "arguments": {"file_path": "b.ts"}}</tool_call>',
    shown: "and",
    calls: [read("a.ts"), read("b.ts")],
  },
  "Qwen without the end tag": {
    reply: 'Look.\n<tool_call>\n{"name": "read_file", "arguments": {"file_path": "a.ts"}}',
    shown: "Look.",
    calls: [read("a.ts")],
  },
  "Qwen in a fence": {
    reply: fenced('<tool_call>\n{"name": "read_file", "arguments": {"file_path": "a.ts"}}\n</tool_call>', "xml"),
    calls: [read("a.ts")],
  },
  "Qwen with a brace too many": {
    reply: '<tool_call>\n{"name": "read_file", "arguments": {"file_path": "a.ts"}}}\n</tool_call>',
    calls: [read("a.ts")],
  },
  "Qwen Coder's XML": {
    reply:
      "<tool_call>\n<function=write_file>\n<parameter=file_path>\na.ts\n</parameter>\n<parameter=content>\nconst a = {\n  b: 1,\n};\n</parameter>\n</function>\n</tool_call>",
    calls: [write("a.ts", "const a = {\n  b: 1,\n};")],
  },
  "Qwen Coder's XML without the outer tag": {
    reply: "I look.\n<function=read_file>\n<parameter=file_path>\na.ts\n</parameter>\n</function>",
    shown: "I look.",
    calls: [read("a.ts")],
  },
  "Qwen Coder's XML cut off": {
    reply: "<tool_call>\n<function=write_file>\n<parameter=file_path>\na.ts\n</parameter>\n<parameter=content>\nconst a",
    calls: [["write_file", /middle of the call/]],
    isCutOff: true,
  },
  "Llama's function tag with JSON": { reply: '<function=read_file>{"file_path": "a.ts"}</function>', calls: [read("a.ts")] },
  "Llama's python_tag": {
    reply: '<|python_tag|>{"name": "read_file", "parameters": {"file_path": "a.ts"}}<|eom_id|>',
    calls: [read("a.ts")],
  },
  "Llama's python_tag, two with a semicolon": {
    reply:
      '<|python_tag|>{"name": "read_file", "parameters": {"file_path": "a.ts"}}; {"name": "read_file", "parameters": {"file_path": "b.ts"}}',
    calls: [read("a.ts"), read("b.ts")],
  },
  "Llama's Python list": {
    reply: '[read_file(file_path="a.ts"), grep(pattern="x y", ignore_case=True)]',
    calls: [read("a.ts"), ["grep", { pattern: "x y", ignore_case: true }]],
  },
  "Gemma's tool_code": {
    reply: fenced('print(default_api.write_file(file_path="a.ts", content="a\\nb"))', "tool_code"),
    calls: [write("a.ts", "a\nb")],
  },
  "Mistral's TOOL_CALLS": { reply: '[TOOL_CALLS][{"name": "read_file", "arguments": {"file_path": "a.ts"}}]', calls: [read("a.ts")] },
  "Mistral's newer form": {
    reply: 'Sure. [TOOL_CALLS]read_file[ARGS]{"file_path": "a.ts"}[TOOL_CALLS]read_file[ARGS]{"file_path": "b.ts"}',
    shown: "Sure.",
    calls: [read("a.ts"), read("b.ts")],
  },
  "DeepSeek's tokens": {
    reply:
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n```json\n{"file_path": "a.ts"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    calls: [read("a.ts")],
  },
  "Kimi's tokens": {
    reply:
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>{"file_path": "a.ts"}<|tool_call_end|><|tool_calls_section_end|>',
    calls: [read("a.ts")],
  },
  "GLM's argument tags": {
    reply:
      "<tool_call>write_file\n<arg_key>file_path</arg_key>\n<arg_value>a.ts</arg_value>\n<arg_key>content</arg_key>\n<arg_value>let a = 1;\n</arg_value>\n</tool_call>",
    calls: [write("a.ts", "let a = 1;\n")],
  },
  "Granite's tag": { reply: '<|tool_call|>[{"name": "read_file", "arguments": {"file_path": "a.ts"}}]', calls: [read("a.ts")] },
  "gpt-oss channels": {
    reply:
      '<|channel|>analysis<|message|>Need the file.<|end|><|start|>assistant<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>{"file_path": "a.ts"}<|call|>',
    thought: "Need the file.",
    calls: [read("a.ts")],
  },
  "Claude's invoke": {
    reply:
      '<function_calls>\n<invoke name="write_file">\n<parameter name="file_path">a.ts</parameter>\n<parameter name="content">x < y</parameter>\n</invoke>\n</function_calls>',
    calls: [write("a.ts", "x < y")],
  },
  "Command-R's action": {
    reply: `Action: ${fenced('[{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}]')}`,
    calls: [read("a.ts")],
  },
  "ReAct's action and input": {
    reply: 'Thought: I need the file.\nAction: read_file\nAction Input: {"file_path": "a.ts"}\nObservation: const made = "up"',
    thought: "I need the file.",
    calls: [read("a.ts")],
  },
  "ReAct's input as a word": { reply: "Action: read_file\nAction Input: a.ts\n", calls: [read("a.ts")] },
  "our own THOUGHT section": {
    reply:
      'THOUGHT: The label is in App.tsx.\n\nI rename it.\n\n```json\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n```',
    thought: "The label is in App.tsx.",
    shown: "I rename it.",
    calls: [read("a.ts")],
  },
  "a bold THOUGHT": {
    reply: '**THOUGHT:** Look first.\n\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}',
    thought: "Look first.",
    calls: [read("a.ts")],
  },
  "DeepSeek's and Qwen's thinking": {
    reply:
      '<think>\nThe user wants {"tool_name": "x"} maybe.\n</think>\n\nI look.\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}',
    thought: 'The user wants {"tool_name": "x"} maybe.',
    shown: "I look.",
    calls: [read("a.ts")],
  },
  "thinking that never ends, with the call in it": {
    reply: '<think>I need the file.\n<tool_call>{"name": "read_file", "arguments": {"file_path": "a.ts"}}</tool_call>',
    calls: [read("a.ts")],
  },
  "only the end of the thinking": {
    reply: 'Look at it.\n</think>\n{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}',
    shown: "Look at it.",
    calls: [read("a.ts")],
  },
  "made-up results are ignored": {
    reply:
      '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\n\n[tool results]\nread_file (ok):\nfoo\n\n{"tool_name": "write_file", "parameters": {"file_path": "a.ts", "content": "bar"}}',
    calls: [read("a.ts")],
  },
  "a made-up tool response": {
    reply:
      '<tool_call>{"name": "read_file", "arguments": {"file_path": "a.ts"}}</tool_call>\n<tool_response>\nfoo\n</tool_response>\nThe file says foo.',
    calls: [read("a.ts")],
  },
  "a template's end token": { reply: '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}<|im_end|>', calls: [read("a.ts")] },
  done: { reply: "The label is renamed.\n\nTASK_COMPLETE", shown: "The label is renamed.", done: true },
  "done in small letters and a tag": { reply: "Renamed. <task_complete>", shown: "Renamed.", done: true },
  "done as a comment": { reply: "Renamed.\n<!-- TASK COMPLETE -->", shown: "Renamed.", done: true },
  "done, the long form, with a call": {
    reply: '{"tool_name": "read_file", "parameters": {"file_path": "a.ts"}}\nCOMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT',
    calls: [read("a.ts")],
    done: true,
  },
  "a completion token in a file's text does not count": {
    reply: '{"tool_name": "write_file", "parameters": {"file_path": "a.md", "content": "TASK_COMPLETE"}}',
    calls: [write("a.md", "TASK_COMPLETE")],
    done: false,
  },
  "a plain answer": { reply: "Hello! What shall I build?", shown: "Hello! What shall I build?" },
  "JSON that is an answer": {
    reply: 'Your package.json:\n\n```json\n{"name": "my-app", "version": "1.0.0"}\n```\nFine.',
    shown: 'Your package.json:\n\n```json\n{"name": "my-app", "version": "1.0.0"}\n```\nFine.',
  },
  "code that is an answer": {
    reply: 'Use this:\n\n```ts\nconst tool = { name: "x", parameters: {} };\n```\n',
    shown: 'Use this:\n\n```ts\nconst tool = { name: "x", parameters: {} };\n```',
  },
  "braces and brackets in prose": {
    reply: "Wrap it in {braces} or [brackets] and see [1].",
    shown: "Wrap it in {braces} or [brackets] and see [1].",
  },
  "an action that is only a word": { reply: "Action: none needed, all is well.", shown: "none needed, all is well." },
  "an XML parameter keeps its angle brackets": {
    reply: "<function=write_file><parameter=file_path>a.html</parameter><parameter=content><b>hi</b></parameter></function>",
    calls: [write("a.html", "<b>hi</b>")],
  },
  nothing: { reply: "", shown: "" },
  "a call without anything readable": { reply: "<tool_call>\nread the file please\n</tool_call>", calls: [["unreadable_call", /no JSON/]] },
  "a colon forgotten": { reply: '{"tool_name": "read_file", "parameters" {"file_path": "a.ts"}}', calls: [["read_file", /colon/]] },
};

function play({ reply, isCutOff }: Case, size: number): { shown: string; thought: string; calls: unknown[]; done: boolean } {
  const reader = createReplyReader(tools);
  const pieces: Piece[] = [];
  for (let at = 0; at < reply.length; at += size) pieces.push(...reader.push(reply.slice(at, at + size)));
  const end = reader.end(isCutOff ?? false);
  pieces.push(...end.pieces);
  const of = (type: string): string => pieces.map((piece) => (piece.type === type ? piece.text : "")).join("");
  return {
    shown: of("text").trim(),
    thought: of("thought").trim(),
    calls: end.calls.map((call) => [call.name, call.problem ?? (JSON.parse(call.arguments) as unknown)]),
    done: end.claimsDone,
  };
}

describe("what weak models write", () => {
  test(`there are at least 60 kinds (${Object.keys(cases).length})`, () => expect(Object.keys(cases).length).toBeGreaterThanOrEqual(60));
  test.each(Object.entries(cases))("%s", (_name, one) => {
    for (const size of [1_000_000, 7, 1]) {
      const got = play(one, size);
      const calls = (one.calls ?? []).map(([name, expected]) => [
        name,
        expected instanceof RegExp ? expect.stringMatching(expected) : expected,
      ]);
      expect({ size, calls: got.calls, done: got.done }).toEqual({ size, calls, done: one.done ?? false });
      if (one.shown !== undefined || one.thought === undefined)
        expect({ size, shown: got.shown }).toEqual({ size, shown: one.shown ?? "" });
      if (one.thought !== undefined) expect({ size, thought: got.thought }).toEqual({ size, thought: one.thought });
    }
  });

  test.each<[name: string, reply: string]>([
    ["words", "word ".repeat(100_000)],
    ["a long file", `{"tool_name": "write_file", "parameters": {"file_path": "a", "content": "${"line\\n".repeat(80_000)}"}}`],
    ["thoughts", `<think>${"hm, ".repeat(100_000)}`],
    ["what could begin a call", "a { b [ c ` d < e ".repeat(25_000)],
    ["blanks", `a${" ".repeat(400_000)}b`],
    ["line breaks", `a${"\n".repeat(400_000)}b`],
    ["blanks behind a fence", `\`\`\`${" ".repeat(100_000)}x`],
    ["blanks in a fence", `\`\`\`json\n${" ".repeat(400_000)}x`],
    ["blanks in code", `\`\`\`ts\nx\n${" ".repeat(200_000)}x\n\`\`\``],
    // More than quadratic while it was read by one expression.
    ["blanks in a marked call", `<tool_call>a${" ".repeat(3_000)}b</tool_call>`],
    ["parameters that do not end", `<tool_call><function=a>${"<parameter=b".repeat(20_000)}</tool_call>`],
    ["keys that do not end", `<tool_call>${"<arg_key>".repeat(20_000)}</tool_call>`],
    ["tags that do not end", `<tool_call>${"<a>".repeat(50_000)}</tool_call>`],
    ["a name that does not end", `<tool_call>${"a".repeat(50_000)}{</tool_call>`],
    ["thoughts in thoughts", "<think>".repeat(20_000)],
    ["labels", "thought: ".repeat(40_000)],
    ["channels", "<|channel|>".repeat(20_000)],
  ])("is read in linear time, shown or hidden, whole or in pieces: %s", (_name, reply) => {
    /** CPU time of this thread in milliseconds, which is independent of other load on the machine. */
    const workOf = (work: () => unknown): number => {
      const before = process.threadCpuUsage();
      work();
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1000;
    };
    for (const size of [5, reply.length]) {
      const eighth = workOf(() => play({ reply: reply.slice(0, reply.length / 8) }, size));
      const whole = workOf(() => play({ reply }, size));
      // Linear work makes this eight, quadratic work 64; what is quick anyway is not compared.
      expect(whole / Math.max(20, eighth)).toBeLessThan(24);
    }
  });

  test("hundreds of different calls in one reply are not all run", () => {
    const reply = Array.from({ length: 300 }, (_, index) => `{"tool_name": "read_file", "parameters": {"file_path": "${index}"}}`).join(
      "\n",
    );
    const { calls } = play({ reply }, 50);
    expect(calls).toHaveLength(25);
    expect(calls.at(-1)).toEqual(["unreadable_call", "276 more calls of this reply were not run: at most 24 at once"]);
  });
});
