import { RuntimeError } from "../../errors.ts";
import type { Bind } from "../process-isolation.ts";

/** Program folders by name, as services see them. */
export async function reachPrograms(folders: Readonly<Record<string, string>>, reach: (dir: string) => Promise<string>): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const [name, folder] of Object.entries(folders)) {
    if (!/^[a-z0-9-]+$/.test(name) || name === "studio") throw new RuntimeError("not_supported", `${name} is not a name for programs`);
    binds.push({ from: await reach(folder), to: `/opt/${name}`, isWritable: false });
  }
  return binds;
}

/** Maps a path as services see it to the host; undefined when they do not see it. */
export function locateProgram(path: string, binds: readonly Bind[]): string | undefined {
  if (path.split("/").includes("..")) return undefined;
  return translate(path, binds) ?? (/^\/(?:usr|bin|sbin|lib|lib64)\//.test(path) ? path : undefined);
}

/** Maps a path below one of the mounts to the host. */
export function translate(path: string, binds: readonly Bind[]): string | undefined {
  const bind = binds.find(({ to }) => path === to || path.startsWith(`${to}/`));
  return bind && bind.from + path.slice(bind.to.length);
}
