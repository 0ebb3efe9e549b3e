import type { ToolGate } from "../tool.ts";

/** Reads only. */
export const reads: ToolGate = { approval: false, plan_blocked: false, read_only: true };
/** Changes state of the run, but not the project. */
export const free: ToolGate = { approval: false, plan_blocked: false, read_only: false };
/** Changes the project. */
export const mutates: ToolGate = { approval: true, plan_blocked: true, read_only: false };
/** Runs a command; in plan mode the workspace runs it read-only. */
export const commands: ToolGate = { approval: true, plan_blocked: false, read_only: false };
/** Changes nothing itself; calls of the sub-agent have their own approvals. */
export const startsOthers: ToolGate = { approval: false, plan_blocked: false, read_only: false, parallel: true };
