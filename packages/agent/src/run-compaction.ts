import type { CallVerdict } from "./agent-deps.ts";
import { compactedFacts, needsCompaction, planCompaction, requestMessages, requestTokens, wholeMessages } from "./compaction.ts";
import { missingSections } from "./context-sections.ts";
import { userMessage } from "./conversation.ts";
import { RunEnded, stoppedBy } from "./ending.ts";
import { readKnowledge } from "./knowledge/knowledge.ts";
import { approved, charge, retryWaits, turnRequest } from "./model-calls.ts";
import { ModelError } from "./model-error.ts";
import { projectSections } from "./prompt.ts";
import type { Run } from "./run.ts";
import { shownIn } from "./seen-files.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import { streamTurn } from "./turn.ts";

/** Of the context window, for what is repeated about the project after a summary. */
const maxRepeatedShare = 0.1;
/** After these, a run continues without compaction. */
const maxFailedCompactions = 2;

/** Before a turn: replaces older messages by a summary when the request comes close to the context window. */
export async function compactIfNeeded(run: Run): Promise<void> {
  if (run.failedCompactions >= maxFailedCompactions || !needsCompaction(run.record, run.window, estimate(run))) return;
  const problem = await compact(run);
  if (problem === undefined || run.hasToldFailedCompaction) return;
  run.hasToldFailedCompaction = true;
  const message = `The chat is close to the model's context window and couldn't be compacted. ${problem}`;
  await run.deps.emit({ type: "notice", data: { level: "warning", message } });
}

/** Returns why the conversation did not get shorter. */
export async function compact(run: Run): Promise<string | undefined> {
  const { record, window, signal, deps, context } = run;
  const plan = planCompaction(record, {
    window,
    tokens: requestTokens(record, estimate(run)),
    estimate: (messages) => estimate(run, messages),
  });
  if (!plan) return "There are no older messages to summarize.";
  let summary = "";
  let problem = "The model returned an empty summary.";
  let verdict: CallVerdict = { ok: true };
  const request = await approved(run, "compaction", plan.request);
  try {
    await streamTurn({
      client: run.options.model.client,
      request,
      signal,
      idleMs: run.limits.model_idle_ms,
      onText: async (text) => {
        summary += text;
      },
      onUsage: async (usage) => {
        verdict = await charge(run, "compaction", usage);
      },
      beforeRetry: () => approved(run, "compaction", plan.request),
      waitToRetry: retryWaits(run),
    });
  } catch (error) {
    if (!(error instanceof ModelError) || signal.aborted) throw error;
    run.onUnexpected(error, "compaction");
    summary = "";
    problem = error.summary;
  }
  if (!verdict.ok) throw new RunEnded(stoppedBy(verdict));
  const mark = summary.trim() === "" ? undefined : plan.apply(summary);
  if (!mark) {
    run.failedCompactions++;
    return summary.trim() === "" ? problem : "A summary would not make it shorter.";
  }
  await run.append(mark);
  await repeatContext(run);
  context.shown = shownIn(wholeMessages(record), context.root);
  run.commands.remind();
  await deps.emit({ type: "compacted", data: compactedFacts(mark, summary) });
  return undefined;
}

/** Tokens of the next request, with these messages. */
const estimate = (run: Run, messages = requestMessages(run.record)): number => estimateRequestTokens({ ...turnRequest(run), messages });

/** What the summarized messages said about the project, in its present state: a summary does not keep conventions word by word. */
async function repeatContext(run: Run): Promise<void> {
  const { options, context, record } = run;
  const toolNames = run.tools.map((tool) => tool.name);
  const knowledge = await readKnowledge(options.workspace, context.root, options.agent.subagents);
  const project = await run.deps.getProjectInfo();
  const sections = await projectSections({ workspace: options.workspace, root: context.root, project, knowledge, toolNames });
  const missing = missingSections(sections, wholeMessages(record));
  const text = `[Repeated, because earlier messages were summarized.]\n[CONTEXT]\n${missing.join("\n\n")}\n[/CONTEXT]`;
  // In a small window it would take the place that the summary has made.
  if (missing.length > 0 && estimateTokens(text) < run.window * maxRepeatedShare) await run.append(userMessage(text, "note"));
}
