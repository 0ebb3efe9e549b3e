import { lazyComponent } from "../../lib/chunks.ts";

/** The buttons below a limit, with their dialogs. */
export const WaysOut = lazyComponent(async () => (await import("./WaysOut.tsx")).WaysOut);
export const LimitProjects = lazyComponent(async () => (await import("./LimitProjects.tsx")).LimitProjects);
export const LimitDialog = lazyComponent(async () => (await import("./LimitDialog.tsx")).LimitDialog);
export const BalanceLink = lazyComponent(async () => (await import("./BalanceLink.tsx")).BalanceLink);
export const BalanceRow = lazyComponent(async () => (await import("./BalanceLink.tsx")).BalanceRow);
