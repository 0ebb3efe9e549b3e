import type { OutsideProvider } from "@tesslate/contract";
import type { Config } from "../../../../config.ts";
import type { Outbound } from "../../../../platform/outbound.ts";
import type { DeployTarget } from "./provider.ts";
import { createCloudflare } from "./cloudflare.ts";
import { createNetlify } from "./netlify.ts";
import { createVercel } from "./vercel.ts";

/** Every place outside that deployments can go to. */
export function createTargets(
  { vercel, netlify, cloudflare, patience: patient }: Config["deployProviders"],
  outbound: Outbound,
): Record<OutsideProvider, DeployTarget> {
  return {
    vercel: createVercel({ baseUrl: vercel.apiUrl, outbound, patient }),
    netlify: createNetlify({ baseUrl: netlify.apiUrl, outbound, patient }),
    cloudflare: createCloudflare({ baseUrl: cloudflare.apiUrl, outbound, patient }),
  };
}
