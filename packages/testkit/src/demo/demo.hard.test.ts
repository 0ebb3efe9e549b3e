/** Plays the demo against a copy of the template: every call must work, and every stage must compile and build. */
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startModelServer, type ModelServer } from "../model-server.ts";
import { demoScript } from "./index.ts";

const repository = join(import.meta.dirname, "../../../..");
let server: ModelServer;
let installed: string;
const folders: string[] = [];

beforeAll(async () => {
  server = await startModelServer({ script: demoScript() });
  installed = mkdtempSync(join(tmpdir(), "demo-packages-"));
  folders.push(installed);
  for (const file of ["package.json", "package-lock.json"])
    cpSync(join(repository, "templates/react-vite/files", file), join(installed, file));
  await sh(installed, "npm ci --no-audit --no-fund --loglevel=error");
}, 300_000);
afterAll(async () => {
  await server.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A copy of the template. Its packages are installed once for all of them. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "demo-"));
  folders.push(folder);
  cpSync(join(repository, "templates/react-vite/files"), folder, { recursive: true });
  symlinkSync(join(installed, "node_modules"), join(folder, "node_modules"));
  return folder;
}

interface Call {
  id: string;
  function: { name: string; arguments: string };
}
type Message = { role: string; content: string | null; tool_calls?: Call[]; tool_call_id?: string };

/** Plays the responses to one message, runs the calls, and returns the text and the names of the tools. */
async function send(folder: string, messages: Message[], text: string) {
  messages.push({ role: "user", content: `[CONTEXT]\nFiles: src/Counter.tsx\n[/CONTEXT]\n\n${text}` });
  const tools: string[] = [];
  for (;;) {
    const response = await fetch(`${server.openai_base_url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "scripted", messages }),
    });
    const body = (await response.json()) as { choices: { message: Message }[]; error?: { message: string } };
    if (body.error) throw new Error(body.error.message);
    const { message } = body.choices[0]!;
    messages.push(message);
    if (!message.tool_calls) return { text: message.content ?? "", tools };
    for (const made of message.tool_calls) {
      tools.push(made.function.name);
      const result = await run(folder, made.function.name, JSON.parse(made.function.arguments) as Record<string, string>);
      messages.push({ role: "tool", tool_call_id: made.id, content: result });
    }
  }
}

async function run(folder: string, name: string, args: Record<string, unknown>): Promise<string> {
  const path = join(folder, String(args.file_path ?? args.path ?? "."));
  switch (name) {
    case "read_file":
      return readFileSync(path, "utf8");
    case "list_dir":
      return readdirSync(path).join("\n");
    case "write_file":
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, args.content as string);
      return "written";
    case "edit_file":
      return edit(path, args.edits as Edit[]);
    case "run_command":
      return sh(folder, args.command as string);
    case "todo_write":
      expect((args.todos as { status: string }[]).filter((todo) => todo.status === "in_progress").length).toBeLessThanOrEqual(1);
      return "ok";
    case "get_preview_state":
      return "no errors";
    default:
      throw new Error(`the demo calls ${name}`);
  }
}

interface Edit {
  search: string;
  replace: string;
}
function edit(path: string, edits: Edit[]): string {
  let text = readFileSync(path, "utf8");
  for (const { search, replace } of edits) {
    expect(text.split(search).length - 1, `${path} has exactly one\n${search}`).toBe(1);
    text = text.replace(search, () => replace);
  }
  writeFileSync(path, text);
  return "edited";
}

const sh = (folder: string, command: string) =>
  new Promise<string>((resolve, reject) => {
    execFile("/bin/sh", ["-c", command], { cwd: folder }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command}\n${stdout}${stderr}`)) : resolve(stdout),
    );
  });

const builds = async (folder: string) => expect(await sh(folder, "npx tsc --noEmit && npx vite build")).toContain("built in");

describe("the to-do app", { timeout: 120_000 }, () => {
  const messages: Message[] = [];
  let folder: string;
  beforeAll(() => void (folder = project()));

  test.each([
    [
      "Build me a to-do app",
      "is running in the preview",
      ["components", "lib"],
      ["todo_write", "write_file", "edit_file", "run_command", "get_preview_state"],
    ],
    ["Now priorities and filters", "Priorities and filters are in", ["PriorityMark.tsx", "FilterBar.tsx"], ["edit_file", "run_command"]],
    ["It should remember everything", "Kept in this browser", ["useStoredTodos.ts", "Progress.tsx"], ["edit_file", "run_command"]],
  ])("%s", async (prompt, expected, files, used) => {
    const { text, tools } = await send(folder, messages, prompt);
    expect(text).toContain(expected);
    expect(tools).toEqual(expect.arrayContaining(used));
    expect((readdirSync(join(folder, "src"), { recursive: true }) as string[]).map((path) => path.split("/").at(-1))).toEqual(
      expect.arrayContaining(files),
    );
    await builds(folder);
  });

  test("a fourth message gets a closing answer", async () => {
    const { text, tools } = await send(folder, messages, "And now sharing");
    expect([text, tools]).toEqual([expect.stringContaining("last page of this script"), []]);
  });
});

test("the counter, in two messages", { timeout: 120_000 }, async () => {
  const folder = project();
  const messages: Message[] = [];
  const first = await send(folder, messages, "a counter app");
  expect(first.text).toContain("Your counter is in the preview");
  expect(readFileSync(join(folder, "src/App.tsx"), "utf8")).toContain("<Counter />");
  expect(readFileSync(join(folder, "index.html"), "utf8")).toContain("<title>Counter</title>");
  await builds(folder);
  const second = await send(folder, messages, "Add a reset button and a step");
  expect(second.tools).toContain("edit_file");
  expect(readFileSync(join(folder, "src/Counter.tsx"), "utf8")).toMatch(/Reset/);
  await builds(folder);
});

test("answers other messages with what it can build", async () => {
  const folder = project();
  const messages: Message[] = [];
  const { text, tools } = await send(folder, messages, "Translate my poem");
  expect(text).toContain("scripted demo");
  expect(tools).toEqual(["list_dir"]);
  expect((await send(folder, messages, "Then a counter")).text).toContain("Your counter");
});

test("runs as a process that ends with its parent's pipe", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "server.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {},
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { openai_base_url, model } = JSON.parse(line) as Record<string, string>;
  const list = await fetch(`${openai_base_url}/models`);
  expect(await list.json()).toMatchObject({ data: [{ id: model }] });
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});
