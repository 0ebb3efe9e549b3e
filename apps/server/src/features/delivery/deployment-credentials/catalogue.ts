import type { DeploymentProviderInfo, RemoteProvider } from "@tesslate/contract";
import { capabilitiesOf } from "../deployments/index.ts";

type CatalogueEntry = Omit<DeploymentProviderInfo, "connected" | "oauth_available" | "auth_type" | "build_modes" | "removes_whole_site">;
export const catalogue: Record<RemoteProvider, CatalogueEntry> = {
  vercel: {
    name: "vercel",
    display_name: "Vercel",
    description: "Builds from source, for Next.js and most other frameworks",
    required: ["token"],
    optional: ["team_id"],
    token_url: "https://vercel.com/account/settings/tokens",
  },
  netlify: {
    name: "netlify",
    display_name: "Netlify",
    description: "Hosts static files that this server builds",
    required: ["token"],
    optional: [],
    token_url: "https://app.netlify.com/user/applications#personal-access-tokens",
  },
  cloudflare: {
    name: "cloudflare",
    display_name: "Cloudflare Workers",
    description: "Hosts static files that this server builds, as assets of a Worker",
    required: [...capabilitiesOf("cloudflare").requiredMetadata, "api_token"],
    optional: ["dispatch_namespace"],
    token_url: "https://dash.cloudflare.com/profile/api-tokens",
  },
};
