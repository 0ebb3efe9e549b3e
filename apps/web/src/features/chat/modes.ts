import type { EditMode } from "@tesslate/contract";

export interface Mode {
  value: EditMode;
  label: string;
  hint: string;
}

/** In the order Shift+Tab goes through them. */
export const modes: readonly Mode[] = [
  { value: "ask", label: "Ask", hint: "Asks before it changes files or runs commands" },
  { value: "allow", label: "Auto", hint: "Changes files and runs commands in the sandbox without asking" },
  { value: "plan", label: "Plan", hint: "Reads and plans, changes nothing" },
];
export const modeOf = (value: EditMode): Mode => modes.find((mode) => mode.value === value) ?? { value, label: value, hint: "" };
export const nextMode = (value: EditMode): EditMode =>
  modes[(modes.findIndex((mode) => mode.value === value) + 1) % modes.length]?.value ?? "ask";
export const isEditMode = (value: unknown): value is EditMode => modes.some((mode) => mode.value === value);
