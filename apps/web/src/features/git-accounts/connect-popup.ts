import { createPopup } from "../../lib/popup.ts";

/** What the window that comes back from a provider tells. */
export interface Connected {
  provider: string;
  /** A code; undefined: it worked. */
  error: string | undefined;
}
/** The window in which a provider asks its person. */
export const connectPopup = createPopup<Connected>("git-connect", { width: 600, height: 700 });

const sentences: Record<string, string> = {
  oauth_denied: "You did not allow it there. Nothing was connected.",
  invalid_state_token: "The sign-in was begun in another browser, or used already. Begin it again here.",
  state_token_expired: "That took longer than ten minutes. Begin it again.",
  oauth_not_configured: "Connecting it in the browser is not set up on this server. A token works.",
  bad_gateway: "The host did not confirm the account. Try again.",
  unauthorized: "Your session ended meanwhile. Sign in and try again.",
};
export const connectFailure = (code: string): string => sentences[code] ?? "The account could not be connected. Try again.";
