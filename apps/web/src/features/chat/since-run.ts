import type { ChatState, Part, SubagentCall } from "./chat.types.ts";
import { effectsOf, type CommandEffect } from "./risk.ts";
import { subagentOf } from "./subagents.ts";
import { currentToolName } from "./tools/tool-names.ts";

/** What was done since a question, and undoing files does not revert. */
export interface SinceRun {
  /** Commands that can have changed more than the project's files, each once. */
  commands: { command: string; effects: ReadonlySet<CommandEffect> }[];
  /** Commands or database tools can have changed tables or rows. */
  changesDatabases: boolean;
  /** The number of messages from the run's question on. */
  messages: number;
}

const commandTools = new Set(["run_command", "command_output"]);
const databaseTools = new Set(["database_query", "redis_command"]);

/** The calls of a part that were made, also those of its sub-agent. */
function callsOf(part: Part): Pick<SubagentCall, "name" | "parameters">[] {
  if (part.kind !== "tool" || part.status === "refused") return [];
  const rows = subagentOf(part)?.rows ?? [];
  return [part, ...rows.flatMap((row) => (row.kind === "call" ? [row.call] : []))];
}

const commandOf = ({ name, parameters }: Pick<SubagentCall, "name" | "parameters">): string | undefined => {
  const command = commandTools.has(currentToolName(name)) ? (parameters["command"] ?? parameters["input"]) : undefined;
  return typeof command === "string" ? command : undefined;
};

/** What a run and later runs of its chat did besides changing files. */
export function sinceRun(state: ChatState, taskId: string): SinceRun {
  const at = state.turns.findIndex((turn) => turn.kind === "run" && turn.taskId === taskId);
  const first = state.turns.slice(0, at).findLastIndex((turn) => turn.kind === "user");
  const turns = at < 0 ? [] : state.turns.slice(first < 0 ? at : first);
  const calls = turns.flatMap((turn) => (turn.kind === "user" ? [] : (state.runs[turn.taskId]?.parts ?? []).flatMap(callsOf)));
  const commands = [...new Set(calls.flatMap((call) => commandOf(call) ?? []))].flatMap((command) => {
    const effects = effectsOf(command);
    return effects.size > 0 ? [{ command, effects }] : [];
  });
  const writes = calls.some(({ name, parameters }) => databaseTools.has(name) && parameters["write"] === true);
  return { commands, changesDatabases: writes || commands.some(({ effects }) => effects.has("database")), messages: turns.length };
}
