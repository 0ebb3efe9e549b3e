import type { Authenticator } from "../../../http/context.ts";
import type { createAuthenticator } from "./authenticator.ts";
import type { EmailRequests } from "./email-requests.ts";
import type { VerifyEmail } from "./email-verification.ts";
import type { SessionOpening } from "./open-session.ts";
import type { PasswordReset } from "./password-reset.ts";
import type { SessionTokens } from "./session-tokens.ts";
import type { SignIn } from "./sign-in.ts";
import type { SignUp } from "./sign-up.ts";
import type { Tickets } from "./tickets.ts";

/** Registration, sign-in and sessions. */
export interface Auth extends SignUp, SignIn, SessionOpening, Pick<SessionTokens, "impersonationToken"> {
  authenticator: Authenticator;
  csrfToken: ReturnType<typeof createAuthenticator>["csrfToken"];
  issueTicket: Tickets["issue"];
}

/** Password reset and email verification. */
export interface Recovery extends EmailRequests, PasswordReset {
  verify: VerifyEmail;
}
