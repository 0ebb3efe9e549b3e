import type { Tree } from "@tesslate/runtime";
import type { ContainerRow } from "../../../../db/schema/runtime.ts";
import { detectFramework } from "./framework.ts";

const isInside = (folder: string, outer: string): boolean => (outer === "." ? folder !== "." : folder.startsWith(`${outer}/`));

/**
 * Other apps that are deployed with this one: their folder is inside its folder and has neither a package nor a page of its own, such as
 * an API beside the page that the same program serves.
 */
export async function findIncludedApps<Row extends Pick<ContainerRow, "id" | "directory">>(
  tree: Tree,
  container: Row,
  apps: readonly Row[],
): Promise<Row[]> {
  const inside = apps.filter((app) => app.id !== container.id && isInside(app.directory, container.directory));
  const detected = await Promise.all(inside.map(({ directory }) => detectFramework(tree, directory)));
  return inside.filter((_, i) => detected[i]?.framework === "unknown" && detected[i].package === undefined);
}
