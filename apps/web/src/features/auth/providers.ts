import type { PublicConfig, SignInProvider } from "@tesslate/contract";

/** The providers of this server, with the name people know them by. */
export const providersOf = (config: PublicConfig | undefined): { provider: SignInProvider; name: string }[] => [
  ...(config?.oidc_name ? [{ provider: "oidc" as const, name: config.oidc_name }] : []),
  ...(config?.features.google_oauth ? [{ provider: "google" as const, name: "Google" }] : []),
  ...(config?.features.github_oauth ? [{ provider: "github" as const, name: "GitHub" }] : []),
];
const names: Record<SignInProvider, string> = { google: "Google", github: "GitHub", oidc: "Single sign-on" };
export const providerName = (config: PublicConfig | undefined, provider: SignInProvider): string =>
  providersOf(config).find((one) => one.provider === provider)?.name ?? names[provider];

const refusals: Record<string, string> = {
  oauth_failed: "Signing in there did not work. Try again, or use your password.",
  oauth_denied: "You did not let the provider sign you in.",
  oauth_not_available_email: "The provider did not share a confirmed email address. Confirm your email there, or allow access to it.",
  invalid_state_token: "That sign-in was not begun in this browser, or is used up. Begin again.",
  state_token_expired: "That sign-in took too long. Begin again.",
  login_bad_credentials: "That account cannot sign in here.",
  oauth_not_configured: "This sign-in provider is not configured on this server.",
};
/** Why a provider's sign-in led back to the sign-in page. */
export const refusalOf = (code: string | undefined): string | undefined =>
  code === undefined ? undefined : (refusals[code] ?? "Signing in did not work. Try again.");
