export { createShell, type Shell, type ShellAccess } from "./shell.service.ts";
export { createShellStore } from "./shell.store.ts";
export { mountShell } from "./shell.routes.ts";
export type { ShellLimits } from "./terminal.ts";
