import { isReservedName } from "../../domains/index.ts";
import { siteName } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { maxSiteName } from "./site-urls.ts";

const shortestName = 3;

/** Names for the site of a container on this server, the best first: the project's name, with the container's where that is taken. */
export function siteNames(project: { name: string; slug: string }, containerName: string): string[] {
  const names = [project.name, `${project.name}-${containerName}`, project.slug, `${project.slug}-${containerName}`];
  return [...new Set(names.map((name) => siteName(name, maxSiteName.production)))].filter(
    (name) => name.length >= shortestName && !isReservedName(name),
  );
}

/** The first of them that no site has. */
export async function freeSiteName(store: Pick<DeploymentsStore, "isSiteNameFree">, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if (await store.isSiteNameFree(name)) return name;
  return names[0];
}
