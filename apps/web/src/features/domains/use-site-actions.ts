import { useQueryClient } from "@tanstack/react-query";
import type { Site } from "@tesslate/contract";
import { partKey } from "../../project/cache-keys.ts";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";

export type SiteActions = ReturnType<typeof useSiteActions>;
/** Changes of a site and its domains. All reject when they fail. */
export function useSiteActions({ container_id }: Pick<Site, "container_id">) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { id } = useProject();
  const refresh = () => queries.invalidateQueries({ queryKey: partKey(id, "sites") });
  const then = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work;
    await refresh();
    return result;
  };
  const domain = (domainId: string) => ({ id, domain_id: domainId });
  return {
    rename: async (name: string) => {
      await then(api.domains.updateSite({ params: { id, container_id }, body: { name } }));
      // The addresses of its deployments.
      await queries.invalidateQueries({ queryKey: partKey(id, "deployments") });
    },
    setPassword: (password: string | null) => then(api.domains.updateSite({ params: { id, container_id }, body: { password } })),
    add: (hostname: string) => then(api.domains.create({ params: { id }, body: { container_id, hostname } })),
    check: (domainId: string) => then(api.domains.check({ params: domain(domainId) })),
    setPrimary: (domainId: string, is_primary: boolean) => then(api.domains.update({ params: domain(domainId), body: { is_primary } })),
    setCounterpart: (domainId: string, with_counterpart: boolean) =>
      then(api.domains.update({ params: domain(domainId), body: { with_counterpart } })),
    remove: (domainId: string) => then(api.domains.remove({ params: domain(domainId) })),
  };
}
