import { createFileBlockReader } from "@tesslate/text-calls";
import { Type } from "typebox";
import { defineTool, done, failed, type Tool, type ToolContext } from "../tool.ts";
import { ModelError } from "../model-error.ts";
import type { ModelClient, ModelEvent } from "../model-client.ts";
import { sawText } from "../seen-files.ts";
import { resolvePath } from "../workspace-path.ts";
import { callEvents } from "./text-tools.ts";

const rules = `# Files
You have no tools. Everything you want to change you write as whole files in your one reply: a code block whose first line names the file, like

\`\`\`tsx
// File: src/App.tsx
export default function App() { return <h1>Hello</h1>; }
\`\`\`

- The first line is \`// File: path\`, \`# File: path\` or \`<!-- File: path -->\`, with the path relative to the project; it is not part of the file.
- Write each file completely, once, without placeholders or omissions. A file that you do not write stays as it is.
- New packages: write package.json; they are installed afterwards.
- Around the blocks say in a few sentences what you do.`;

/** The `files` protocol of a StreamAgent: one reply, whose marked blocks become `write_file` calls. Packages are installed if package.json is among them. */
export function withFileReplies(client: ModelClient): ModelClient {
  return {
    async *stream(request, signal) {
      const reader = createFileBlockReader();
      let finish: Extract<ModelEvent, { type: "finish" }> | undefined;
      for await (const event of client.stream({ ...request, system: `${request.system}\n\n${rules}`, tools: [] }, signal)) {
        if (event.type === "text") {
          const text = reader.push(event.delta);
          if (text !== "") yield { type: "text", delta: text };
        } else if (event.type === "reasoning" || event.type === "model") yield event;
        else if (event.type === "finish") finish = event;
      }
      if (!finish)
        throw new ModelError("model_error", "The connection to the model was lost before its answer was complete.", {
          kind: "network",
          retryable: true,
        });
      const { text, calls, paths } = reader.end();
      if (text !== "") yield { type: "text", delta: text };
      const folders = [
        ...new Set(paths.filter((path) => /(^|\/)package\.json$/.test(path)).map((path) => path.slice(0, -"package.json".length) || ".")),
      ];
      const installs = folders.map((folder) => ({
        name: installPackages.name,
        arguments: JSON.stringify({ path: folder }),
        repairs: new Set<never>(),
      }));
      yield* callEvents([...calls, ...installs]);
      yield { ...finish, reason: calls.length > 0 && finish.reason !== "length" ? "tool_calls" : finish.reason };
    },
  };
}

/** `write_file` for an agent that cannot read files: it may replace files that it was not shown, but not files that changed after they were shown. */
export const withoutReading = (tool: Tool): Tool => ({
  ...tool,
  async run(params, context) {
    const path = resolvePath(context.root, (params as { file_path: string }).file_path);
    const entry = context.seen.get(path) === undefined ? await context.workspace.files.stat(path) : undefined;
    if (entry) sawText(context, path, entry.etag);
    return tool.run(params, context);
  },
});

const installMs = 180_000;
const lockFiles: [file: string, manager: string][] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/** Installs packages after package.json was written. Not offered to models. */
export const installPackages = defineTool({
  name: "install_packages",
  category: "shell_commands",
  description: "Install the packages that package.json names, with the project's package manager.",
  parameters: Type.Object({ path: Type.String({ description: "Folder of the package.json" }) }),
  gate: { approval: true, plan_blocked: true, read_only: false },
  timeLimitMs: () => installMs,
  async run({ path }, context) {
    const folder =
      [context.root, path]
        .filter((part) => part !== "." && part !== "")
        .join("/")
        .replace(/\/+$/, "") || ".";
    const manager = await managerOf(context, folder);
    await context.notice({ level: "info", message: `Installing packages with ${manager}` });
    const result = await context.workspace.exec([manager, "install"], {
      cwd: folder,
      timeoutMs: installMs,
      signal: context.signal,
      maxOutputBytes: 20_000,
    });
    const output = `${result.stdout}${result.stderr}`.trim();
    const details = { command: `${manager} install`, exit_code: result.exitCode };
    if (result.exitCode === 0) {
      await context.notice({ level: "info", message: "Packages installed" });
      return done("Packages installed.", { output, details });
    }
    await context.notice({
      level: "warning",
      message: result.timedOut ? `${manager} install took longer than 3 minutes and was ended` : `${manager} install failed`,
    });
    return failed(`${manager} install ended with ${result.exitCode ?? result.signal ?? "an error"}.`, { output, details });
  },
});

async function managerOf({ workspace }: ToolContext, folder: string): Promise<string> {
  for (const where of folder === "." ? ["."] : [folder, "."])
    for (const [file, manager] of lockFiles) if (await workspace.files.stat(where === "." ? file : `${where}/${file}`)) return manager;
  return "npm";
}
