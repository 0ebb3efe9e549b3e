export { type Buffers, createBuffers, loadingView, type ReadFile, type WriteFile } from "./buffers.ts";
export { codeTokens, type CodeToken } from "./code-tokens.ts";
export { CodeEditor } from "./CodeEditor.tsx";
export { readFile, writeFile } from "./files.api.ts";
export { editorTheme } from "./theme.ts";
export { ConflictBar, FileState } from "./FileView.tsx";
export { loadCodeTokens } from "./on-demand.ts";
