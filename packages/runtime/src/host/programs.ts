import { RuntimeError } from "../errors.ts";
import type { Bind } from "./process-isolation.ts";

/** Folders of programs by name, as services see them. */
export async function reachPrograms(folders: Readonly<Record<string, string>>, reach: (dir: string) => Promise<string>): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const [name, folder] of Object.entries(folders)) {
    if (!/^[a-z0-9-]+$/.test(name) || name === "studio") throw new RuntimeError("not_supported", `${name} is not a name for programs`);
    binds.push({ from: await reach(folder), to: `/opt/${name}`, isWritable: false });
  }
  return binds;
}

/** Where a path that services name lies on the host; undefined for what they do not see. */
export function locate(path: string, binds: readonly Bind[]): string | undefined {
  if (path.split("/").includes("..")) return undefined;
  return translate(path, binds) ?? (/^\/(?:usr|bin|sbin|lib|lib64)\//.test(path) ? path : undefined);
}

/** A path below one of the binds, on the host. */
export function translate(path: string, binds: readonly Bind[]): string | undefined {
  const bind = binds.find(({ to }) => path === to || path.startsWith(`${to}/`));
  return bind && bind.from + path.slice(bind.to.length);
}
