export { createDns, createTarget } from "./domain-check.ts";
export { mountDomains } from "./domains.routes.ts";
export { createDomains, type DomainsService } from "./domains.service.ts";
export { createDomainsStore } from "./domains.store.ts";
export { isReservedName } from "./hostname.ts";
export { createSiteHosts, type SiteHosts } from "./site-hosts.ts";
