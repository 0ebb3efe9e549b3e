import { siteName, siteNameProblem } from "../../domains/index.ts";
import { maxSiteName } from "./site-urls.ts";

/** Names for the site of a container on this server, the best first: the project's name, with the container's where that is taken. */
export function siteNames(project: { name: string; slug: string }, containerName: string): string[] {
  const names = [project.name, `${project.name}-${containerName}`, project.slug, `${project.slug}-${containerName}`];
  return [...new Set(names.map((name) => siteName(name, maxSiteName.production)))].filter((name) => siteNameProblem(name) === undefined);
}
