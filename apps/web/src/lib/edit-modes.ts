import type { EditMode } from "@tesslate/contract";
import { readStored, writeStored } from "./storage.ts";

export interface EditModeOption {
  value: EditMode;
  label: string;
  hint: string;
}

export const modes: readonly EditModeOption[] = [
  { value: "ask", label: "Ask", hint: "Asks before changing files or running commands" },
  { value: "allow", label: "Auto", hint: "Changes files and runs commands in the sandbox without asking" },
  { value: "plan", label: "Plan", hint: "Reads and plans without making changes" },
];
export const modeOf = (value: EditMode): EditModeOption => modes.find((mode) => mode.value === value) ?? { value, label: value, hint: "" };
/** The mode after the shortcut: plan mode on or off. Auto mode is only in the menu. */
export const nextMode = (value: EditMode): EditMode => (value === "plan" ? "ask" : "plan");
export const isEditMode = (value: unknown): value is EditMode => modes.some((mode) => mode.value === value);

const editModeKey = (projectId: string) => `studio:mode:${projectId}`;
/** The mode that was selected last in a project. */
export const readEditMode = (projectId: string): EditMode => readStored(localStorage, editModeKey(projectId), isEditMode) ?? "ask";
export const keepEditMode = (projectId: string, mode: EditMode): void => writeStored(localStorage, editModeKey(projectId), mode);
