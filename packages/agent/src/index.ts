export * from "./run-options.ts";
export * from "./agent-deps.ts";
export * from "./events.ts";
export * from "./subagents/events.ts";
export * from "./pending-batch.ts";
export * from "./tool-call.ts";
export * from "./run-commands.ts";
export * from "./project-info.ts";
export * from "./todos.ts";
export * from "./conversation.ts";
export { interruptedResults } from "./interrupted-results.ts";
export * from "./model-client.ts";
export * from "./workspace.ts";
export * from "./cassette/index.ts";
export * from "./eval/index.ts";
export type { Choice, UserQuestion, UserAnswer, UserQuestionRequest } from "./user-questions.ts";
export {
  estimateImageTokens,
  imageTypeOf,
  imageTypes,
  maxImageBytes,
  type ImagePart,
  type ImageStore,
  type ImageType,
  type StoredImage,
  type ToolImage,
} from "./images.ts";
export type { AttachedFile } from "./attached-file.ts";
export { runAgent } from "./loop.ts";
export { loadHooks, type Hooks } from "./hooks.ts";
export { ModelError, type ModelErrorCode, type ModelErrorKind } from "./model-error.ts";
export { contextWindowOf } from "./context-window.ts";
export { defaultSystemPrompt } from "./prompt.ts";
export { abortable, pause } from "./abortable.ts";
export { maxSummaryTokens, requestMessages } from "./compaction.ts";
export { progressOf } from "./batch.ts";
export { estimateRequestTokens } from "./tokens.ts";
export { compactConversation, estimateFirstCall } from "./summarize.ts";
export { countSources, repoMap, worthMapping } from "./repo-map/repo-map.ts";
export { nameChat } from "./name-chat.ts";
export type { ShortCall } from "./short-answer.ts";
export { commitMessageIn, writeCommitMessage } from "./commit-message.ts";
export { allowedToolNames, allTools, currentToolName, currentToolNames, formerToolNames } from "./tools/index.ts";
export { editFormatOf } from "./edit-format.ts";
export * from "./plan.ts";
export {
  recordOfHistory,
  recordOfQuestion,
  recordOfSteps,
  type HistoryMessage,
  type HistoryStep,
  type SteeredText,
} from "./history-from-steps.ts";
export { savePlan } from "./tools/save-plan.ts";
export { updatePlan } from "./tools/update-plan.ts";
export type { FoundCall } from "@tesslate/text-calls";
export { refusesTools, withTextFallback, withTextTools } from "./text-protocol/index.ts";
export { createModelClient } from "./models/index.ts";
export type { ModelClientOptions } from "./models/options.ts";
export { userTimeLimitMs } from "./tools/ask-question.ts";
export {
  defineTool,
  done,
  failed,
  ToolFailure,
  type EditMode,
  type ResultImages,
  type SeenFiles,
  type ShownFiles,
  type Subagents,
  type Tool,
  type ToolContext,
  type ToolGate,
} from "./tool.ts";
export type { TextLimits } from "./truncate.ts";
export { builtinSubagents, listSubagents, subagentFolder, type LibrarySubagent, type SubagentDefinition } from "./subagents/definitions.ts";
export { readKnowledge, ruleNames, type LoadedContext } from "./knowledge/knowledge.ts";
export { maxMemoryBytes, memoryPath } from "./knowledge/memory.ts";
export { listSkills, loadSkill, skillFolders, type Skill } from "./knowledge/skills.ts";
export { resolveWritablePath, shownPath } from "./workspace-path.ts";
