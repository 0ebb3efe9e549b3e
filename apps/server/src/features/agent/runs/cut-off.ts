import type { SubagentEvent } from "@tesslate/contract";

const maxLineChars = 1_500;
const maxLines = 10;

interface CutOff {
  name: string;
  task: string;
  calls: string[];
  open: string[];
  isOver: boolean;
}

/**
 * What the model is told of sub-agents that were at work when the server died: their conversations are gone, their effects are not (agent-git-deploy 11.25).
 * `events` are those after the last committed step, in order.
 */
export function cutOffSubagents(events: readonly SubagentEvent[]): string[] {
  const known = new Map<string, CutOff>();
  for (const event of events) {
    const one = known.get(event.agent_id) ?? { name: event.name, task: "", calls: [], open: [], isOver: false };
    known.set(event.agent_id, one);
    switch (event.kind) {
      case "started":
        one.task = event.task ?? "";
        break;
      case "tool_started":
        one.open = (event.tools ?? []).map(({ name, parameters }) => `${name} ${subjectOf(parameters)}`.trim());
        break;
      case "step":
        one.open = [];
        for (const call of event.tool_calls ?? [])
          one.calls.push(`${call.name} ${subjectOf(call.parameters)}`.trim() + (call.success ? "" : " (failed)"));
        break;
      case "finished":
        one.isOver = true;
        break;
      case "text":
    }
  }
  return [...known.values()].slice(0, maxLines).map((one) => {
    const did = one.calls.length > 0 ? `It had run: ${one.calls.join("; ")}.` : "It had run nothing.";
    const open = one.open.length > 0 ? ` Nobody knows how these ended: ${one.open.join("; ")}.` : "";
    const how = one.isOver ? "had finished, but its report was lost" : "was cut off and cannot be gone on with";
    return `Sub-agent ${one.name} ${how}. Its task: ${JSON.stringify(one.task.slice(0, 300))}. ${did}${open}`.slice(0, maxLineChars);
  });
}

const subjectOf = (parameters: Record<string, unknown>): string => {
  const subject = parameters["file_path"] ?? parameters["command"] ?? parameters["path"] ?? parameters["pattern"];
  return typeof subject === "string" ? subject.replaceAll(/\s+/g, " ").slice(0, 120) : "";
};
