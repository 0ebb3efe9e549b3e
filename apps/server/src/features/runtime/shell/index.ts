export { createShell, type Shell } from "./shell.service.ts";
export { createShellStore } from "./shell.store.ts";
export { mountShell } from "./shell.routes.ts";
