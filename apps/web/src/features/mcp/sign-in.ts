import { createPopup } from "../../lib/popup.ts";

export type SignInOutcome = "done" | "failed" | "refused";

/** The popup for the OAuth sign-in of an MCP server. */
export const signInPopup = createPopup<SignInOutcome>("mcp-sign-in", { width: 560, height: 720 });
