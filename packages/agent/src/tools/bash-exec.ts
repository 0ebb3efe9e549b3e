import { Type } from "typebox";
import { cleanOutput } from "../clean-output.ts";
import { defineTool, done, failed } from "../tool.ts";
import { commands } from "./gates.ts";

const defaultSeconds = 120;
const maxSeconds = 600;

export const bashExec = defineTool({
  name: "bash_exec",
  category: "shell_commands",
  description: "Run a command with /bin/sh in the project's sandbox and wait for its end. Not for dev servers: they run already.",
  parameters: Type.Object({
    command: Type.String({ minLength: 1 }),
    timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSeconds, description: "Seconds, default 120" })),
  }),
  gate: commands,
  timeLimitMs: ({ timeout = defaultSeconds }) => timeout * 1_000 + 10_000,
  async run({ command, timeout = defaultSeconds }, context) {
    let seen = "";
    const result = await context.workspace.exec(["/bin/sh", "-c", command], {
      cwd: context.root,
      timeoutMs: timeout * 1_000,
      signal: context.signal,
      readOnly: context.editMode === "plan",
      maxOutputBytes: 1024 * 1024,
      onOutput: (chunk) => {
        seen = keepEnds(seen + chunk);
      },
    });
    const output = cleanOutput(seen === "" ? result.stdout + result.stderr : seen);
    const fields = { output, details: { command, exit_code: result.exitCode } };
    if (result.aborted) return failed("The command was cancelled.", fields);
    if (result.timedOut) {
      return failed(`The command did not end within ${timeout} s; it and its children were killed.`, {
        ...fields,
        suggestion: "Give it more time with `timeout`, or run a part of it.",
      });
    }
    if (result.exitCode === 0) return done("Exit code 0.", fields);
    const planned = context.editMode === "plan" ? { suggestion: "In plan mode the project is read-only and there is no network." } : {};
    const ended = result.exitCode === null ? `The command was ended by ${result.signal ?? "a signal"}.` : `Exit code ${result.exitCode}.`;
    return failed(ended, { ...fields, ...planned });
  },
});

/** Keeps the first and last 20 000 characters, because output may be endless and steps are stored. */
function keepEnds(text: string): string {
  const half = 20_000;
  return text.length <= 3 * half ? text : `${text.slice(0, half)}\n… output left out …\n${text.slice(-half)}`;
}
