import { forbidden } from "../../../platform/errors.ts";

/** Who can create an account. */
export interface SignUpPolicy {
  /** `providers`: people who sign in with a provider that has confirmed their address. */
  mode: "open" | "providers" | "closed";
  /** Domains of confirmed addresses; empty: all. */
  emailDomains: readonly string[];
}

/** Throws `sign_up_closed` unless the policy lets a person with this address create an account. */
export function checkSignUp({ mode, emailDomains }: SignUpPolicy, { email, isConfirmed }: { email: string; isConfirmed: boolean }): void {
  if (mode === "open") return;
  if (mode === "closed")
    throw forbidden("sign_up_closed", "New accounts are created by the administrators of this server. Ask one of them for an account.");
  if (!isConfirmed)
    throw forbidden(
      "sign_up_closed",
      "This server creates accounts for people who sign in with a provider. Use one of the buttons for it.",
    );
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  if (emailDomains.length > 0 && !emailDomains.some((allowed) => allowed.toLowerCase() === domain))
    throw forbidden(
      "sign_up_closed",
      `This server has no accounts for addresses at ${domain}. Sign in with the address of your organization.`,
    );
}

/** Why sign-up does not work although the settings allow it; `undefined`: it works. */
export const signUpProblem = ({ mode }: Pick<SignUpPolicy, "mode">, providers: readonly string[]): string | undefined =>
  mode === "providers" && providers.length === 0
    ? "SIGN_UP=providers, but no sign-in provider is set, so sign-up is not possible. Set one, for example OIDC_ISSUER and OIDC_CLIENT_ID, or change SIGN_UP."
    : undefined;

/** Who can create an account, in one sentence. */
export const describeSignUp = ({ mode, emailDomains }: Pick<SignUpPolicy, "mode" | "emailDomains">): string =>
  mode === "open"
    ? "Anyone can create an account (SIGN_UP=open)."
    : mode === "closed"
      ? "Only administrators create accounts (SIGN_UP=closed)."
      : `People who sign in with a provider get an account (SIGN_UP=providers)${emailDomains.length > 0 ? `, with an address at ${emailDomains.join(" or ")}` : ""}.`;
