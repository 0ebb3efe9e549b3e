import type { RunEventData } from "@tesslate/contract";
import type { CommandEnding, CommandView, IncomingRunEvent, Part, Run, SubagentActivity, ToolPart } from "./chat.types.ts";

/** Output of one command that the page keeps; the oldest is dropped first. */
const maxOutputChars = 64 * 1024;

function startedView(run: Run, data: RunEventData<"command_started">, event: IncomingRunEvent): CommandView {
  const { command_id: id, command, is_background: isBackground } = data;
  return { id, taskId: run.taskId, command, isBackground, startedAt: event.at, output: "", isStartCut: false };
}

/** Adds the command to the call that started it. In the background it is a part of its own. */
export function onCommandStarted(run: Run, data: RunEventData<"command_started">, event: IncomingRunEvent): Run {
  const view = startedView(run, data, event);
  if (data.agent_id !== undefined) return withSubagentCommand(run, data, view);
  if (data.is_background) {
    const part: Part = { kind: "command", key: `c${view.id}`, iteration: data.call.iteration, command: view };
    return { ...run, parts: [...run.parts, part] };
  }
  const index = run.parts.findLastIndex(
    (part) => part.kind === "tool" && part.iteration === data.call.iteration && part.key.endsWith(`.${data.call.index}`),
  );
  const tool = run.parts[index];
  return tool?.kind === "tool" ? { ...run, parts: run.parts.with(index, { ...tool, command: view }) } : run;
}

/** The commands of a sub-agent are shown with its calls. */
function withSubagentCommand(run: Run, { agent_id, call }: RunEventData<"command_started">, view: CommandView): Run {
  const index = run.parts.findLastIndex((part) => part.kind === "tool" && part.subagent?.agentId === agent_id);
  const tool = run.parts[index];
  if (tool?.kind !== "tool" || !tool.subagent) return run;
  const { rows } = tool.subagent;
  const at = rows.findLastIndex((row) => row.kind === "call" && row.call.success === undefined && row.key.endsWith(`.${call.index}`));
  const row = rows[at];
  if (row?.kind !== "call") return run;
  const changed = rows.with(at, { ...row, call: { ...row.call, command: view } });
  return { ...run, parts: run.parts.with(index, { ...tool, subagent: { ...tool.subagent, rows: changed } }) };
}

export function onCommandOutput(run: Run, { command_id, content }: RunEventData<"command_output">): Run {
  return withCommand(run, command_id, (view) => {
    const output = view.output + content;
    return output.length <= maxOutputChars
      ? { ...view, output }
      : { ...view, output: output.slice(output.indexOf("\n", output.length - maxOutputChars) + 1), isStartCut: true };
  });
}

export function onCommandEnded(run: Run, data: RunEventData<"command_ended">): Run {
  const { exit_code: exitCode, reason, duration_ms: durationMs, is_output_cut: isEndCut } = data;
  return withCommand(run, data.command_id, (view) => ({ ...view, ending: { exitCode, reason, durationMs, isEndCut } }));
}

/** Commands whose end was not reported ended with their run. */
export const withEndedCommands = (parts: readonly Part[]): Part[] => {
  const ending: CommandEnding = { exitCode: null, reason: "run_ended", durationMs: undefined, isEndCut: false };
  return parts.map((part) => changedCommands(part, (view) => (view.ending ? view : { ...view, ending })));
};

/** Commands that run in the background, oldest first, also those of sub-agents. */
export const backgroundCommands = (run: Run): CommandView[] =>
  run.parts.flatMap(commandsOf).filter((view) => view.isBackground && !view.ending);

function commandsOf(part: Part): CommandView[] {
  if (part.kind === "command") return [part.command];
  if (part.kind !== "tool") return [];
  const own = part.command ? [part.command] : [];
  const nested = part.subagent?.rows.flatMap((row) => (row.kind === "call" && row.call.command ? [row.call.command] : [])) ?? [];
  return [...own, ...nested];
}

function withCommand(run: Run, id: string, change: (view: CommandView) => CommandView): Run {
  const index = run.parts.findLastIndex((part) => commandsOf(part).some((view) => view.id === id));
  const part = run.parts[index];
  if (!part) return run;
  return {
    ...run,
    parts: run.parts.with(
      index,
      changedCommands(part, (view) => (view.id === id ? change(view) : view)),
    ),
  };
}

/** The part with its commands changed; the same object if none is. */
function changedCommands(part: Part, change: (view: CommandView) => CommandView): Part {
  if (part.kind === "command") {
    const command = change(part.command);
    return command === part.command ? part : { ...part, command };
  }
  if (part.kind !== "tool") return part;
  let changed: ToolPart = part;
  const command = part.command && change(part.command);
  if (command && command !== part.command) changed = { ...changed, command };
  const rows = part.subagent?.rows.map((row): SubagentActivity => {
    const nested = row.kind === "call" && row.call.command ? change(row.call.command) : undefined;
    return row.kind === "call" && nested && nested !== row.call.command ? { ...row, call: { ...row.call, command: nested } } : row;
  });
  if (part.subagent && rows?.some((row, at) => row !== part.subagent?.rows[at]))
    changed = { ...changed, subagent: { ...part.subagent, rows } };
  return changed;
}
