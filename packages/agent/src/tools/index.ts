import type { Tool } from "../tool.ts";
import { applyPatch } from "./apply-patch.ts";
import { askQuestion } from "./ask-question.ts";
import { commandOutput } from "./command-output.ts";
import { editFile } from "./edit-file.ts";
import { getPreviewState } from "./get-preview-state.ts";
import { getProjectInfo } from "./get-project-info.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { invokeSubagent } from "./invoke-subagent.ts";
import { listDir } from "./list-dir.ts";
import { loadSkillTool } from "./load-skill.ts";
import { readFile } from "./read-file.ts";
import { remember } from "./remember.ts";
import { runCommand } from "./run-command.ts";
import { stopCommand } from "./stop-command.ts";
import { todoRead } from "./todo-read.ts";
import { todoWrite } from "./todo-write.ts";
import { writeFile } from "./write-file.ts";

/** All built-in tools, in the order in which the model gets them. */
export const allTools: readonly Tool[] = [
  readFile,
  writeFile,
  editFile,
  applyPatch,
  listDir,
  glob,
  grep,
  runCommand,
  commandOutput,
  stopCommand,
  todoRead,
  todoWrite,
  getProjectInfo,
  getPreviewState,
  askQuestion,
  invokeSubagent,
  loadSkillTool,
  remember,
];

const currentNames = new Map(allTools.flatMap((tool) => (tool.aliases ?? []).map((alias) => [alias.name, tool.name] as const)));

/** The name of a tool today, for names that were stored earlier. Names of other tools stay. */
export const currentToolName = (name: string): string => currentNames.get(name) ?? name;

/** Names that a tool had earlier. */
export const formerToolNames = (name: string): string[] =>
  (allTools.find((tool) => tool.name === name)?.aliases ?? []).map((alias) => alias.name);

/** A list of names that was stored earlier, with the names of today. */
export const currentToolNames = (names: readonly string[]): string[] => [...new Set(names.map(currentToolName))];

/** The tools that a list of names allows. Who may run commands may also read and stop those in the background. */
export function allowedToolNames(names: readonly string[]): Set<string> {
  const allowed = new Set(currentToolNames(names));
  if (allowed.has(runCommand.name)) for (const { name } of [commandOutput, stopCommand]) allowed.add(name);
  return allowed;
}
