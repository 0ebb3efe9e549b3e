import { domainsRoutes } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import type { Mount } from "../../../http/mount.ts";
import type { DomainsService } from "./domains.service.ts";
import type { SiteHosts } from "./site-hosts.ts";

export function mountDomains(
  mount: Mount,
  { domains, hosts }: { domains: DomainsService; hosts: Pick<SiteHosts, "find" | "serves"> },
): void {
  mount("domains", domainsRoutes, {
    sites: ({ user }, { params }) => domains.sites(user.id, params.id),
    checkName: ({ user }, { params, query }) => domains.checkName(user.id, params.id, query),
    updateSite: ({ user }, { params, body }) => domains.updateSite(user.id, params.id, params.container_id, body),
    create: ({ user }, { params, body }) => domains.create(user.id, params.id, body),
    check: ({ user }, { params }) => domains.check(user.id, params.id, params.domain_id),
    update: ({ user }, { params, body }) => domains.update(user.id, params.id, params.domain_id, body),
    remove: ({ user }, { params }) => domains.remove(user.id, params.id, params.domain_id),
    allowsCertificate: async (_context, { query }) => {
      const domain = query.domain.toLowerCase();
      if (!hosts.serves(domain) || !(await hosts.find(domain))) throw notFound("Site");
      return { domain };
    },
  });
}
