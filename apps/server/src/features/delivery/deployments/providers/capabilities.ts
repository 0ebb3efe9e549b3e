import type { DeployProvider } from "@tesslate/contract";
import { cloudflareCapabilities } from "./cloudflare.ts";
import { netlifyCapabilities } from "./netlify.ts";
import type { ProviderCapabilities } from "./provider.ts";
import { vercelCapabilities } from "./vercel.ts";

const localCapabilities: ProviderCapabilities = {
  title: "This server",
  buildModes: ["pre-built"],
  runsServers: true,
  hasRuntimeVariables: true,
  keepsVersions: false,
  removesWholeSite: false,
  requiredMetadata: [],
  hasOauth: false,
};
const capabilities: Record<DeployProvider, ProviderCapabilities> = {
  vercel: vercelCapabilities,
  netlify: netlifyCapabilities,
  cloudflare: cloudflareCapabilities,
  local: localCapabilities,
};
export const capabilitiesOf = (provider: DeployProvider): ProviderCapabilities => capabilities[provider];
/** The name of a provider within a sentence. */
export const providerTitle = (provider: DeployProvider): string => (provider === "local" ? "this server" : capabilities[provider].title);
