import type { RemoteProvider } from "@tesslate/contract";
import type { Config } from "../../../../config.ts";
import type { Outbound } from "../../../../platform/outbound.ts";
import type { ProviderAdapter } from "./provider.ts";
import { createCloudflare } from "./cloudflare.ts";
import { createNetlify } from "./netlify.ts";
import { createVercel } from "./vercel.ts";

/** Adapters of all remote providers. */
export function createProviderAdapters(
  { vercel, netlify, cloudflare, retry }: Config["deployProviders"],
  outbound: Outbound,
): Record<RemoteProvider, ProviderAdapter> {
  return {
    vercel: createVercel({ baseUrl: vercel.apiUrl, outbound, retry }),
    netlify: createNetlify({ baseUrl: netlify.apiUrl, outbound, retry }),
    cloudflare: createCloudflare({ baseUrl: cloudflare.apiUrl, outbound, retry }),
  };
}
