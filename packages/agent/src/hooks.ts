import type { Workspace } from "./workspace.ts";
import type { ToolParameters, ToolResult, ToolOutput } from "./tool-call.ts";

/** Commands of the project that run before and after tools, and at the end of a run. They run in the sandbox, as everything of the project. */
export interface Hooks {
  /** The reason why the call may not be made; undefined: it may. Never rejects. */
  beforeTool(call: { name: string; parameters: ToolParameters }, signal: AbortSignal): Promise<string | undefined>;
  /** What the model should read beside the result. Never rejects. */
  afterTool(call: { name: string; parameters: ToolParameters }, result: ToolResult, signal: AbortSignal): Promise<string | undefined>;
  /** Never rejects. */
  atEnd(run: { completion_reason: string }, signal: AbortSignal): Promise<void>;
}

const hookFolder = ".tesslate/hooks";
/** What a hook is called for, after which its file is named. */
const hookEvents = ["PreToolUse", "PostToolUse", "Stop"] as const;
type HookEvent = (typeof hookEvents)[number];

const hookMs = 30_000;
const maxReasonChars = 4_000;
/** Of a tool's result; hooks that need more read the files. */
const maxResultChars = 100_000;
const interpreters: Record<string, string[]> = { "": [], sh: ["/bin/sh"], js: ["node"], mjs: ["node"], ts: ["node"], py: ["python3"] };

interface HooksOptions {
  workspace: Pick<Workspace, "exec" | "files">;
  /** In plan mode hooks cannot change the project either. */
  isReadOnly: boolean;
  /** A hook that fails is reported to the person, and the run continues. */
  onFailure(message: string): Promise<void>;
}

/**
 * The hooks in `.tesslate/hooks`, as they are when the run starts: one file for each event, named after it, with the extension of its language or
 * executable without one. Undefined if there are none. A hook reads JSON on its standard input. Exit code 0 lets the call pass, 2 blocks it
 * with what the hook wrote to its standard error as the reason, anything else is a failure of the hook.
 */
export async function loadHooks({ workspace, isReadOnly, onFailure }: HooksOptions): Promise<Hooks | undefined> {
  if (!(await workspace.files.stat(hookFolder).catch(() => undefined))) return undefined;
  const entries = await workspace.files.walk({ under: hookFolder }).catch(() => []);
  const commands = new Map<HookEvent, string[]>();
  for (const { path, isDirectory } of entries) {
    const [, name, extension = ""] = /^\.tesslate\/hooks\/(\w+)(?:\.(\w+))?$/.exec(path) ?? [];
    const event = hookEvents.find((one) => one === name);
    const interpreter = Object.hasOwn(interpreters, extension) ? interpreters[extension] : undefined;
    if (!isDirectory && event && interpreter && !commands.has(event)) commands.set(event, [...interpreter, `./${path}`]);
  }
  if (commands.size === 0) return undefined;

  /** What the hook wrote to its standard error if it exited with 2. */
  const run = async (event: HookEvent, input: Record<string, unknown>, signal: AbortSignal): Promise<string | undefined> => {
    const argv = commands.get(event);
    if (!argv || signal.aborted) return undefined;
    const failure = await workspace
      .exec(argv, {
        input: `${JSON.stringify({ hook_event_name: event, ...input })}\n`,
        timeoutMs: hookMs,
        signal,
        readOnly: isReadOnly,
        maxOutputBytes: 64 * 1024,
      })
      .then(
        ({ exitCode, stderr, timedOut, aborted }) => {
          if (exitCode === 0 || aborted) return undefined;
          if (exitCode === 2) return { reason: stderr.trim().slice(0, maxReasonChars) || "The hook gave no reason." };
          return timedOut ? `did not end within ${hookMs / 1_000} s` : `failed with exit code ${exitCode ?? "none"}`;
        },
        () => "could not be run",
      );
    if (typeof failure !== "string") return failure?.reason;
    await onFailure(`The hook ${argv.at(-1)!.slice(2)} ${failure}. The run continues without it.`).catch(() => undefined);
    return undefined;
  };

  return {
    beforeTool: ({ name, parameters }, signal) => run("PreToolUse", { tool_name: name, tool_input: parameters }, signal),
    afterTool: ({ name, parameters }, result, signal) =>
      run("PostToolUse", { tool_name: name, tool_input: parameters, tool_response: shortResult(result) }, signal),
    atEnd: async (ended, signal) => void (await run("Stop", ended, signal)),
  };
}

function shortResult({ success, error, result }: ToolResult): Record<string, unknown> {
  const rest: Partial<ToolOutput> = result ?? {};
  const isShort = JSON.stringify(rest).length <= maxResultChars;
  return { success, ...(error === undefined ? {} : { error }), ...(isShort ? { result: rest } : { message: rest.message ?? "" }) };
}
