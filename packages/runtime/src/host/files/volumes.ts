import { chownSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../errors.ts";
import type { ServiceSpec } from "../../types.ts";
import type { Bind } from "../process-isolation.ts";
import { makeFolder } from "./modes.ts";

/** Valid names of volumes and services. */
export const namePattern = /^[a-z0-9-]{1,63}$/;
/** An absolute, plain path that is not one of the sandbox's own. */
const pathPattern = /^(?!\/(?:app|bin|dev|etc|lib|lib64|proc|sbin|sys|tmp)(?:\/|$))(?:\/(?!\.\.?(?:\/|$))[\w.-]+)+$/;

/** The volumes of one sandbox: folders below `dir`, each with its own mode and owner. */
export interface Volumes {
  /** Creates what is missing. Throws `not_supported` for invalid names and paths. */
  lay(wanted: ServiceSpec["volumes"]): Bind[];
  remove(name: string): void;
}

export function openVolumes(dir: string, owner: { uid: number; gid: number } | undefined): Volumes {
  const folder = (name: string) => {
    if (!namePattern.test(name)) throw new RuntimeError("not_supported", `${name} is not a valid volume name`);
    return join(dir, name);
  };
  return {
    lay: (wanted = []) =>
      wanted.map(({ name, path }) => {
        const from = folder(name);
        if (!pathPattern.test(path)) throw new RuntimeError("not_supported", `a volume cannot be mounted at ${path}`);
        makeFolder(from, 0o700);
        if (owner) chownSync(from, owner.uid, owner.gid);
        return { from, to: path, isWritable: true };
      }),
    remove: (name) => rmSync(folder(name), { recursive: true, force: true }),
  };
}
