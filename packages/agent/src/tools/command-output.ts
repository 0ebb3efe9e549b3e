import { Type } from "typebox";
import { cleanOutput } from "../clean-output.ts";
import { defineTool, done, ToolFailure, type ToolContext } from "../tool.ts";
import { shorten } from "../truncate.ts";
import type { BackgroundCommand } from "../run-commands.ts";
import { free, mutates } from "./gates.ts";

const maxSeconds = 600;
/** Waits where no time is given: for a text, and for the answer to an input. */
const defaultTextSeconds = 60;
const defaultInputSeconds = 2;

export const commandOutput = defineTool({
  name: "command_output",
  aliases: [{ name: "shell_exec" }],
  category: "shell_commands",
  description: "Read what a background command printed since the last look. It waits for the end, or for a text, if you say so.",
  parameters: Type.Object({
    command_id: Type.String(),
    wait_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: maxSeconds, description: "Default 0" })),
    until: Type.Optional(Type.String({ description: "Stop waiting when it prints this" })),
    input: Type.Optional(Type.String({ description: "A line to type first" })),
  }),
  gate: free,
  gateOf: ({ input = "" }) => (input === "" ? free : mutates),
  timeLimitMs: (parameters) => waitMs(parameters) + 10_000,
  async run(parameters, context) {
    const { command_id, until, input = "" } = parameters;
    const command = context.commands.get(command_id);
    if (!command) throw unknownCommand(command_id, context);
    if (input !== "") {
      if (command.ending) throw new ToolFailure(`Command ${command_id} has ended.`, { output: cleanOutput(command.read().text) });
      command.write(`${input}\n`);
    }
    const hasText = await command.wait({ ms: waitMs(parameters), until: until || undefined, signal: context.signal });
    const { text, dropped } = command.read();
    const output = (dropped > 0 ? `… ${dropped} earlier characters were dropped …\n` : "") + cleanOutput(text);
    return done(`${stateText(command)}${until && !hasText ? ` It has not printed ${JSON.stringify(until)} since the last look.` : ""}`, {
      output: shorten(output, context.textLimits, context.outputs),
      command_id,
      details: { command: command.command, is_running: !command.ending, exit_code: command.ending?.exit_code ?? null },
    });
  },
});

const waitMs = ({ wait_seconds, until, input }: { wait_seconds?: number; until?: string; input?: string }): number =>
  1_000 * (wait_seconds ?? (until ? defaultTextSeconds : input ? defaultInputSeconds : 0));

function stateText({ ending }: BackgroundCommand): string {
  if (!ending) return "The command is running.";
  switch (ending.reason) {
    case "exited":
      return ending.exit_code === null ? "The command was ended by a signal." : `The command ended with exit code ${ending.exit_code}.`;
    case "stopped_by_person":
      return "The person stopped the command.";
    case "timed_out":
    case "stopped":
    case "run_ended":
      return "The command was stopped.";
  }
}

/** Names the commands that run. */
export function unknownCommand(id: string, context: ToolContext): ToolFailure {
  const running = context.commands.list();
  return new ToolFailure(`There is no command ${id} in the background.`, {
    suggestion:
      running.length === 0
        ? "Start one with run_command and background."
        : `Running: ${running.map((one) => `${one.command_id} (${one.command})`).join(", ")}.`,
  });
}
