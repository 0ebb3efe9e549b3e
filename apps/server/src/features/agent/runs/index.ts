export { createRunCommitMessage } from "./commit-messages.ts";
export { createAgentRunner } from "./agent-runner.ts";
export { createApprovals, type Approvals } from "./approvals.ts";
export { createChatTurns } from "./chat-turns.ts";
export { createCommandStops, type CommandStops } from "./command-stops.ts";
export { createCompactChat } from "./compaction.ts";
export { createRunConversation, type RunConversation } from "./conversation.ts";
export { createRunCosts, type RunCosts } from "./costs.ts";
export { createRunEndings } from "./ending.ts";
export { createRunEnvironments } from "./environment.ts";
export { createEstimateRun } from "./estimate.ts";
export type { NewRunEvent, RunEmitter } from "./events.ts";
export { createExecuteRun } from "./execute.ts";
export { editModeFor, refuseSteering } from "./key-permissions.ts";
export { createMessageCheck } from "./message-check.ts";
export { createModelRetries, type ModelRetries } from "./model-retries.ts";
export { createRunPreparation } from "./preparation.ts";
export { createQuestions } from "./questions.ts";
export { runType, type RunBranches, type RunCheckpoints, type RunHandle, type RunInput, type RunProjects } from "./run.ts";
export { createRunContextReader } from "./run-context.ts";
export { createHandleOf } from "./run-handle.ts";
export { createRunTask, type RunFollowUp } from "./run-task.ts";
export { createRunAccess } from "./runs.access.ts";
export { createRunFollowing } from "./runs.follow.ts";
export { lastEventId, mountRuns } from "./runs.routes.ts";
export type { Runs } from "./runs.service.ts";
export { createChatSocket } from "./runs.socket.ts";
export { createRunStarts, type Sender, type StartOptions } from "./runs.start.ts";
export { createRunStops } from "./runs.stop.ts";
export { createRunsStore, runEndReason, type RunsStore } from "./runs.store.ts";
export {
  repoMapTools,
  type FeatureTools,
  type ProvidedTools,
  type RunDetails,
  type ToolDiagnostics,
  type ToolProvider,
} from "./toolset.ts";
export { createRunLedgers } from "./usage.ts";
export { createChooseWorkspace } from "./workspace-choice.ts";
