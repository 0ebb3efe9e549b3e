import type { DeployEnvironment } from "@tesslate/contract";
import { previewOrigin, type PreviewAddress } from "../../../runtime/containers/index.ts";

/** Prefixes of deployed hosts. Container hosts never contain a double dash. */
export const prefixes = { production: "live--", preview: "preview--" } as const;
export const labelFor = (environment: DeployEnvironment, name: string): string => `${prefixes[environment]}${name}`;
/** URL of a site by name. */
export const siteUrl = (address: PreviewAddress, environment: DeployEnvironment, name: string): string =>
  environment === "production" && address.appsDomain !== undefined
    ? previewOrigin({ ...address, domain: address.appsDomain }, name)
    : previewOrigin(address, labelFor(environment, name));
/** Maximum length, so that prefix and name fit into a DNS label. */
export const maxSiteName: Record<DeployEnvironment, number> = {
  production: 63 - prefixes.production.length,
  preview: 63 - prefixes.preview.length,
};
