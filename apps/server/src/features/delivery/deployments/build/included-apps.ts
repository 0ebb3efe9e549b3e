import type { Tree } from "@tesslate/runtime";
import type { ContainerRow } from "../../../../db/schema/runtime.ts";
import { detectFramework } from "./framework.ts";

const isInside = (folder: string, outer: string): boolean => (outer === "." ? folder !== "." : folder.startsWith(`${outer}/`));

/** Whether a command mentions a folder or a file in it: `node server/index.ts` and `cd server && …` mention `server`. */
const mentions = (command: string, folder: string): boolean =>
  command.split(/[\s"'=;&|()]+/).some((word) => {
    const path = word.replace(/^\.\//, "").replace(/\/$/, "");
    return path === folder || path.startsWith(`${folder}/`);
  });

/**
 * Other apps that are deployed with this one: they are in a folder of it that its `start` script mentions, such as an API that serves the
 * page in production.
 */
export async function findIncludedApps<Row extends Pick<ContainerRow, "id" | "directory">>(
  tree: Tree,
  container: Row,
  apps: readonly Row[],
): Promise<Row[]> {
  const inside = apps.filter(({ id, directory }) => id !== container.id && isInside(directory, container.directory));
  if (inside.length === 0) return [];
  const start = (await detectFramework(tree, container.directory)).package?.scripts["start"];
  if (typeof start !== "string") return [];
  const folderOf = ({ directory }: Row) => (container.directory === "." ? directory : directory.slice(container.directory.length + 1));
  return inside.filter((app) => mentions(start, folderOf(app)));
}

/** The app that this one is deployed with, if any. */
export async function findOuterApp<Row extends Pick<ContainerRow, "id" | "directory">>(
  tree: Tree,
  container: Row,
  apps: readonly Row[],
): Promise<Row | undefined> {
  for (const app of apps) if ((await findIncludedApps(tree, app, apps)).some(({ id }) => id === container.id)) return app;
  return undefined;
}
