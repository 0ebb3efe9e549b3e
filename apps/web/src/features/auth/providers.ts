import type { PublicConfig, SignInProvider } from "@tesslate/contract";

/** The sign-in providers of this server with their display names. */
export const providersOf = (config: PublicConfig | undefined): { provider: SignInProvider; name: string }[] => [
  ...(config?.oidc_name ? [{ provider: "oidc" as const, name: config.oidc_name }] : []),
  ...(config?.features.google_oauth ? [{ provider: "google" as const, name: "Google" }] : []),
  ...(config?.features.github_oauth ? [{ provider: "github" as const, name: "GitHub" }] : []),
];
const names: Record<SignInProvider, string> = { google: "Google", github: "GitHub", oidc: "Single sign-on" };
export const signInProviderName = (config: PublicConfig | undefined, provider: SignInProvider): string =>
  providersOf(config).find((one) => one.provider === provider)?.name ?? names[provider];

const refusals: Record<string, string> = {
  oauth_failed: "Sign-in with the provider failed. Try again, or use your password.",
  oauth_denied: "Access was denied at the provider.",
  oauth_not_available_email: "The provider didn't share a confirmed email. Confirm your email there, or allow access to it.",
  sign_up_closed: "This server has no account for you. Ask one of its administrators for one.",
  invalid_state_token: "This sign-in was started in another browser or has already been used. Start over.",
  state_token_expired: "The sign-in took too long. Start over.",
  login_bad_credentials: "This account can't sign in here.",
  oauth_not_configured: "This sign-in provider isn't configured on this server.",
};
/** Why a sign-in with a provider failed. */
export const signInErrorText = (code: string | undefined): string | undefined =>
  code === undefined ? undefined : (refusals[code] ?? "Sign-in failed. Try again.");
