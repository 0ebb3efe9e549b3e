/** Names of the deploy providers, without schemas: a browser loads this alone. */

/** Providers other than this server. They need an account. */
export const remoteProviders = ["vercel", "netlify", "cloudflare"] as const;

/** Where a container can be deployed. `local` is this server. */
export const deployProviders = [...remoteProviders, "local"] as const;
