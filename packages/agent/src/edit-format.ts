import type { EditFormat } from "./model-client.ts";
import type { Tool } from "./tool.ts";

/** OpenAI trains these models on `apply_patch`. The provider's part of the id is ignored. */
export function editFormatOf(modelId: string): EditFormat {
  const name = (modelId.split("/").at(-1) ?? modelId).toLowerCase();
  return /^(gpt-[5-9]|codex)/.test(name) ? "patch" : "edits";
}

/** The tools that a model is told about: of the two that change parts of a file only its own, if the run has both. Calls of the other are accepted. */
export function toolsForFormat(tools: readonly Tool[], format: EditFormat): readonly Tool[] {
  const own = format === "patch" ? "apply_patch" : "edit_file";
  const other = format === "patch" ? "edit_file" : "apply_patch";
  return tools.some(({ name }) => name === own) ? tools.filter(({ name }) => name !== other) : tools;
}
