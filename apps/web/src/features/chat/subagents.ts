import type { RunEventData, SubagentStep } from "@tesslate/contract";
import type { Part, Run, ToolPart, SubagentCall, SubagentActivity, SubagentView } from "./chat.types.ts";

/** Maximum number of rows; the oldest are removed. */
const maxRows = 300;

const callRow = (key: string, call: SubagentCall): SubagentActivity => ({ key, kind: "call", call });
/** The finished call in the row of the running one. */
function finishedRow(row: SubagentActivity | undefined, key: string, call: SubagentCall): SubagentActivity {
  const command = row?.kind === "call" ? row.call.command : undefined;
  return callRow(row?.key ?? key, { ...call, ...(command && { command }) });
}
const emptyView = (data: RunEventData<"subagent_event">): SubagentView => ({
  agentId: data.agent_id,
  name: data.name,
  rows: [],
  drafts: [],
  isOver: false,
});

function next(view: SubagentView, data: RunEventData<"subagent_event">, seq: number): SubagentView {
  const { rows } = view;
  switch (data.kind) {
    case "started":
      return { ...view, isOver: false };
    case "text": {
      const last = rows.at(-1);
      if (last?.kind === "text") return { ...view, rows: rows.with(-1, { ...last, text: last.text + (data.content ?? "") }) };
      return { ...view, rows: [...rows, { key: `x${seq}`, kind: "text", text: data.content ?? "" }] };
    }
    case "tool_started":
      return {
        ...view,
        drafts: [],
        rows: [
          ...rows,
          ...(data.tools ?? []).map((tool, at) => callRow(`c${seq}.${at}`, { name: tool.name, parameters: tool.parameters })),
        ],
      };
    case "step": {
      const calls = data.tool_calls ?? [];
      const open = rows.findIndex((row) => row.kind === "call" && row.call.success === undefined);
      const before = open < 0 ? rows : rows.slice(0, open);
      return {
        ...view,
        drafts: [],
        rows: [...before, ...calls.map((call, at) => finishedRow(open < 0 ? undefined : rows[open + at], `c${seq}.${at}`, call))].slice(
          -maxRows,
        ),
      };
    }
    case "finished":
      return { ...view, isOver: true, drafts: [], rows: rows.filter((row) => row.kind === "text" || row.call.success !== undefined) };
  }
}

export const nameOfSubagent = (run: Run, agentId: string): string | undefined =>
  run.parts.find((part): part is ToolPart => part.kind === "tool" && part.subagent?.agentId === agentId)?.subagent?.name;

/** Applies the event to the call that started the sub-agent. `tool_started` comes before it in the same stream. */
export function onSubagent(run: Run, data: RunEventData<"subagent_event">, seq: number): Run {
  const index = run.parts.findLastIndex(
    (part) => part.kind === "tool" && part.iteration === data.call.iteration && part.key.endsWith(`.${data.call.index}`),
  );
  const part = run.parts[index];
  if (part?.kind !== "tool") return run;
  const changed: Part = { ...part, subagent: next(part.subagent ?? emptyView(data), data, seq) };
  return { ...run, parts: run.parts.with(index, changed) };
}

/** The activity from its events, or from the result of its call in runs whose events were not kept. */
export function subagentOf(part: ToolPart): SubagentView | undefined {
  if (part.subagent) return part.subagent;
  const result = part.result?.result;
  const activity = result?.["activity"];
  if (!Array.isArray(activity)) return undefined;
  const rows = (activity as SubagentStep[]).flatMap((step, at): SubagentActivity[] => [
    ...(step.text?.trim() ? [{ key: `x${at}`, kind: "text" as const, text: step.text }] : []),
    ...(step.tool_calls ?? []).map((call, index) => callRow(`c${at}.${index}`, call)),
  ]);
  const details = result?.["details"] as { name?: unknown } | undefined;
  return {
    agentId: String(result?.["agent_id"] ?? ""),
    name: typeof details?.name === "string" ? details.name : String(part.parameters["name"] ?? ""),
    rows,
    drafts: [],
    isOver: true,
  };
}

/** Number of calls of a sub-agent. */
export const callCount = (view: SubagentView): number => view.rows.filter((row) => row.kind === "call").length;
