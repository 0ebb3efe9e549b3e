import type { ToolGate } from "../types.ts";

/** Looks only. */
export const reads: ToolGate = { approval: false, plan_blocked: false, read_only: true };
/** Changes something of the run's own, nothing of the project. */
export const free: ToolGate = { approval: false, plan_blocked: false, read_only: false };
/** Changes the project. */
export const mutates: ToolGate = { approval: true, plan_blocked: true, read_only: false };
/** Runs a command; in plan mode the workspace runs it read-only. */
export const commands: ToolGate = { approval: true, plan_blocked: false, read_only: false };
/** Changes nothing itself; what it starts asks for itself. */
export const startsOthers: ToolGate = { approval: false, plan_blocked: false, read_only: false, parallel: true };
