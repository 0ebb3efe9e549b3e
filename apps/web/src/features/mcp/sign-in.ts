import { createPopup } from "../../lib/popup.ts";

export type SignInOutcome = "done" | "failed" | "refused";

/** The window in which a server lets its person in. */
export const signInPopup = createPopup<SignInOutcome>("mcp-sign-in", { width: 560, height: 720 });
