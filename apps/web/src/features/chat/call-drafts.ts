import type { RunEventData } from "@tesslate/contract";
import type { CallDraft, DraftPart, Part, Run } from "./chat.types.ts";

/** Shows what the model has written of a call so far. The call itself replaces it. */
export function onToolProgress(run: Run, { iteration, agent_id, ...draft }: RunEventData<"tool_progress">): Run {
  if (agent_id !== undefined) {
    const index = run.parts.findLastIndex((part) => part.kind === "tool" && part.subagent?.agentId === agent_id);
    const tool = run.parts[index];
    if (tool?.kind !== "tool" || !tool.subagent) return run;
    const drafts = withDraft(tool.subagent.drafts, draft);
    return { ...run, parts: run.parts.with(index, { ...tool, subagent: { ...tool.subagent, drafts } }) };
  }
  const part: DraftPart = { kind: "draft", key: `d${iteration}.${draft.index}`, iteration, draft };
  const known = run.parts.findLastIndex(({ key }) => key === part.key);
  return { ...run, parts: known < 0 ? [...run.parts, part] : run.parts.with(known, part) };
}

const withDraft = (drafts: readonly CallDraft[], draft: CallDraft): CallDraft[] =>
  [...drafts.filter(({ index }) => index !== draft.index), draft].sort((a, b) => a.index - b.index);

/** The parts without drafts: their calls have started, or never will. */
export const withoutDrafts = (parts: Part[]): Part[] =>
  parts.some(({ kind }) => kind === "draft") ? parts.filter(({ kind }) => kind !== "draft") : parts;
