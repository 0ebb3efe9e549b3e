export { DomainsDialog } from "./on-demand.ts";
export { cleanSiteName } from "./site-name.ts";
export { SiteNameStatus } from "./SiteNameStatus.tsx";
export { useSiteName, type SiteNameState } from "./use-site-name.ts";
