import { Type } from "typebox";
import { cleanOutput } from "../clean-output.ts";
import { defineTool, done, failed, type ToolContext } from "../tool.ts";
import { shorten } from "../truncate.ts";
import type { ToolOutput } from "../tool-call.ts";
import { commands, mutates } from "./gates.ts";

const defaultSeconds = 120;
const maxSeconds = 600;
/** A command that is started in the background has this long to fail at once. */
const firstLookMs = 500;

export const runCommand = defineTool({
  name: "run_command",
  aliases: [{ name: "bash_exec" }, { name: "shell_open", adapt: (given) => ({ command: "/bin/sh", ...given, background: true }) }],
  category: "shell_commands",
  description:
    "Run a command with /bin/sh in the project's sandbox and wait for its end. `background`: do not wait; read it with command_output. It ends with this run. The app's dev servers run already.",
  parameters: Type.Object({
    command: Type.String({ minLength: 1 }),
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSeconds, description: "Seconds, default 120" })),
    background: Type.Optional(Type.Boolean()),
  }),
  gate: commands,
  // A terminal cannot be read-only.
  gateOf: ({ background }) => (background ? mutates : commands),
  timeLimitMs: ({ timeout = defaultSeconds }) => timeout * 1_000 + 10_000,
  run: async ({ command, timeout = defaultSeconds, background = false }, context) =>
    background ? startInBackground(command, context) : runInForeground(command, timeout, context),
});

async function startInBackground(command: string, context: ToolContext): Promise<ToolOutput> {
  const id = await context.commands.start(command, { cwd: context.root, call: context.call });
  const started = context.commands.get(id)!;
  await started.wait({ ms: firstLookMs, signal: context.signal });
  const output = cleanOutput(started.read().text);
  const { ending } = started;
  const fields = { command_id: id, output, details: { command, is_running: !ending, exit_code: ending?.exit_code ?? null } };
  if (!ending) return done(`Started command ${id} in the background.`, fields);
  const message = `The command ended at once with exit code ${ending.exit_code ?? "none"}.`;
  return ending.exit_code === 0 ? done(message, fields) : failed(message, fields);
}

async function runInForeground(command: string, seconds: number, context: ToolContext): Promise<ToolOutput> {
  const collected = createOutputBuffer();
  const shown = context.commands.follow(command, context.call);
  const result = await context.workspace
    .exec(["/bin/sh", "-c", command], {
      cwd: context.root,
      timeoutMs: seconds * 1_000,
      signal: AbortSignal.any([context.signal, shown.signal]),
      readOnly: context.editMode === "plan",
      maxOutputBytes: 1024 * 1024,
      onOutput: (chunk) => {
        collected.push(chunk);
        shown.output(chunk);
      },
    })
    .catch(async (error: unknown) => {
      await shown.end({ exit_code: null, reason: "run_ended" });
      throw error;
    });
  const stoppedBy = await shown.end({
    exit_code: result.exitCode,
    reason: result.timedOut ? "timed_out" : result.aborted ? "run_ended" : "exited",
  });
  const output = shorten(cleanOutput(collected.text() || result.stdout + result.stderr), context.textLimits, context.outputs);
  const fields = { output, details: { command, exit_code: result.exitCode } };
  if (stoppedBy === "person") return failed("The person stopped this command.", fields);
  if (result.aborted) return failed("The command was stopped with the run.", fields);
  if (result.timedOut) {
    return failed(`The command did not end within ${seconds} s; it and its children were killed.`, {
      ...fields,
      suggestion: "Give it more time with `timeout`, start it in the background, or run a part of it.",
    });
  }
  if (result.exitCode === 0) return done("Exit code 0.", fields);
  if (result.outOfMemory)
    return failed("Killed: the project reached its memory limit.", {
      output,
      details: { ...fields.details, out_of_memory: true },
      suggestion: "Its running apps count too. Run a smaller part, or limit the memory of the command.",
    });
  const planned = context.editMode === "plan" ? { suggestion: "In plan mode the project is read-only and there is no network." } : {};
  const ended = result.exitCode === null ? `The command was ended by ${result.signal ?? "a signal"}.` : `Exit code ${result.exitCode}.`;
  return failed(ended, { ...fields, ...planned });
}

/** Keeps the first and the last part of output that may be endless. */
function createOutputBuffer(): { push(chunk: string): void; text(): string } {
  const half = 500_000;
  let head = "";
  let tail = "";
  let dropped = 0;
  return {
    push(chunk) {
      const room = half - head.length;
      head += chunk.slice(0, room);
      if (chunk.length <= room) return;
      tail += chunk.slice(Math.max(0, room));
      // In larger steps, because slicing copies.
      if (tail.length > 2 * half) {
        dropped += tail.length - half;
        tail = tail.slice(-half);
      }
    },
    text: () => (dropped === 0 ? head + tail : `${head}\n… ${dropped} characters were not kept …\n${tail}`),
  };
}
