export { createDns, createTarget } from "./domain-check.ts";
export { mountDomains } from "./domains.routes.ts";
export { createDomains } from "./domains.service.ts";
export { createDomainsStore } from "./domains.store.ts";
export { createSiteHosts } from "./site-hosts.ts";
export { findFreeName, siteName, siteNameProblem, siteNameTaken, type ListTakenNames } from "./site-name.ts";
