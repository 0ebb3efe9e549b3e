export * from "./types.ts";
export { defaultLimits, runAgent } from "./loop.ts";
export { ModelError, type ModelErrorCode } from "./model-error.ts";
export { contextWindowOf } from "./context-window.ts";
export { defaultSystemPrompt } from "./prompt.ts";
export { allTools } from "./tools/index.ts";
export { defineTool, done, failed, ToolFailure } from "./tool.ts";
export { createModelClient, type ModelClientOptions } from "./models/index.ts";
