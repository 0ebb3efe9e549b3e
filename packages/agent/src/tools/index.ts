import type { Tool } from "../types.ts";
import { applyPatch } from "./apply-patch.ts";
import { askQuestion } from "./ask-question.ts";
import { bashExec } from "./bash-exec.ts";
import { getPreviewState } from "./get-preview-state.ts";
import { getProjectInfo } from "./get-project-info.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { invokeSubagent } from "./invoke-subagent.ts";
import { listDir } from "./list-dir.ts";
import { loadSkillTool } from "./load-skill.ts";
import { multiEdit } from "./multi-edit.ts";
import { patchFile } from "./patch-file.ts";
import { readFile } from "./read-file.ts";
import { remember } from "./remember.ts";
import { shellClose } from "./shell-close.ts";
import { shellExec } from "./shell-exec.ts";
import { shellOpen } from "./shell-open.ts";
import { todoRead } from "./todo-read.ts";
import { todoWrite } from "./todo-write.ts";
import { writeFile } from "./write-file.ts";

/** All built-in tools, in the order in which the model gets them. */
export const allTools: readonly Tool[] = [
  readFile,
  writeFile,
  patchFile,
  multiEdit,
  applyPatch,
  listDir,
  glob,
  grep,
  bashExec,
  shellOpen,
  shellExec,
  shellClose,
  todoRead,
  todoWrite,
  getProjectInfo,
  getPreviewState,
  askQuestion,
  invokeSubagent,
  loadSkillTool,
  remember,
];
