import { unansweredCalls, userMessage, type Message } from "./conversation.ts";
import { wholeMessages } from "./compaction.ts";
import { interruptedResults } from "./interrupted-results.ts";
import { readKnowledge } from "./knowledge/knowledge.ts";
import type { ProjectInfo } from "./project-info.ts";
import { systemPrompt, userTurn } from "./prompt.ts";
import type { ResumedRun } from "./run-options.ts";
import type { Run } from "./run.ts";
import { shownIn } from "./seen-files.ts";
import { relevantFiles } from "./text-protocol/index.ts";
import { resolvePath } from "./workspace-path.ts";

const resumedNotes = {
  interrupted:
    "This run was interrupted after its last step and continues now. A call may have run without its result being kept: look before you repeat it.",
  failed:
    "This run ended with an error after its last step. The person lets it continue: continue where it stopped, or begin if there was no step.",
  paused: "This run was paused at a limit after its last step. The person lets it continue: continue where it stopped.",
};

/** Writes the system prompt, and appends to the record what the run begins with: the person's message, or a note that the run was resumed. */
export async function startRun(run: Run): Promise<void> {
  const { options, context, record, deps } = run;
  context.root = resolvePath(".", options.root ?? ".");
  const project = await deps.getProjectInfo();
  run.system = systemPrompt({
    root: context.root,
    project,
    template: options.agent.system_prompt,
    editMode: options.editMode,
    toolNames: run.tools.map((tool) => tool.name),
    userName: options.userName ?? "",
  });
  if (options.pending) {
    run.iteration = options.pending.iteration;
    if (unansweredCalls(record).length === 0) await run.append(options.pending.message);
  } else {
    const lost = interruptedResults(record);
    if (lost) await run.append(lost);
    await run.append(options.resumes ? noteOf(options.resumes) : await personsMessage(run, project));
  }
  run.hasBegun = true;
  for (const [path, lines] of shownIn(wholeMessages(record), context.root))
    if (context.shown.get(path) !== "all") context.shown.set(path, lines);
}

function noteOf({ reason, facts = [] }: ResumedRun): Message {
  return userMessage(`[${[resumedNotes[reason], ...facts].join("\n")}]`, "note");
}

/** The person's message with its context, as it will be sent from now on. */
async function personsMessage(run: Run, project: ProjectInfo): Promise<Message> {
  const { options, context } = run;
  const { message, conversation, workspace } = options;
  const knowledge = await readKnowledge(workspace, context.root, options.agent.subagents);
  await run.deps.onContextLoaded?.(knowledge.loaded);
  const bodies =
    options.agent.protocol === "files" ? await relevantFiles({ workspace, root: context.root, message, conversation, context }) : "";
  const text = await userTurn(message, {
    root: context.root,
    project,
    now: run.now(),
    knowledge,
    bodies,
    toolNames: run.tools.map((tool) => tool.name),
    earlier: wholeMessages(run.record),
    workspace,
    attached: options.attached ?? [],
    mentions: options.mentions ?? [],
    environment: options.environment ?? [],
  });
  const { parts } = userMessage(text);
  return { role: "user", parts: [...(options.images ?? []), ...parts] };
}
