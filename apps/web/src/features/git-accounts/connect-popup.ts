import { createPopup } from "../../lib/popup.ts";

/** Result of the OAuth window. */
export interface Connected {
  provider: string;
  /** An error code; `undefined` if it succeeded. */
  error: string | undefined;
}
/** The window of the OAuth flow. */
export const connectPopup = createPopup<Connected>("git-connect", { width: 600, height: 700 });

const sentences: Record<string, string> = {
  oauth_denied: "You denied access, so no account was connected.",
  invalid_state_token: "This sign-in was started in another browser or has already been used. Start over.",
  state_token_expired: "The sign-in took longer than 10 minutes. Start over.",
  oauth_not_configured: "Connecting in the browser isn't set up on this server. Use a token.",
  bad_gateway: "The host didn't confirm the account. Try again.",
  unauthorized: "Your session has expired. Sign in again.",
};
export const connectFailure = (code: string): string => sentences[code] ?? "Couldn't connect the account. Try again.";
