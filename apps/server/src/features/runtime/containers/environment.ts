import type { Container } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { invalid } from "../../../platform/errors.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

const keyRule = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maxKeys = 200;
const maxTotalBytes = 128 * 1024;

/** Additional authenticated data of a container's variables. */
export const environmentAad = (id: string): string => `containers.environment_vars:${id}`;

/** Environment variables of containers: encrypted at rest, bound to their container, never returned. */
export type EnvironmentVault = ReturnType<typeof createEnvironmentVault>;
export function createEnvironmentVault({ box }: { box: CryptoBox }) {
  const aad = environmentAad;
  const open = (row: Pick<ContainerRow, "id" | "environment_vars">): Record<string, string> =>
    row.environment_vars ? (JSON.parse(box.open(row.environment_vars, aad(row.id))) as Record<string, string>) : {};
  const seal = (id: string, vars: Record<string, string>): { environment_vars: Buffer | null; env_var_keys: string[] } => {
    const keys = Object.keys(vars).sort();
    return { environment_vars: keys.length === 0 ? null : box.seal(JSON.stringify(vars), aad(id)), env_var_keys: keys };
  };
  return {
    open,
    /** The columns of a new container. */
    create: seal,
    /** The columns after a change. Throws 422 for an invalid name or when the total exceeds the limits. */
    change: (row: ContainerRow, set: Record<string, string>, remove: readonly string[]) => {
      for (const [key, value] of Object.entries(set)) {
        if (!keyRule.test(key))
          throw invalid(
            ["body", "env_vars_to_set", key],
            "A variable name consists of letters, digits and _ and does not start with a digit",
          );
        if (value.includes("\0")) throw invalid(["body", "env_vars_to_set", key], "A value cannot contain a NUL character");
      }
      const vars = open(row);
      for (const key of remove) delete vars[key];
      Object.assign(vars, set);
      if (Object.keys(vars).length > maxKeys) throw invalid(["body", "env_vars_to_set"], `At most ${maxKeys} variables`);
      if (Buffer.byteLength(JSON.stringify(vars)) > maxTotalBytes)
        throw invalid(["body", "env_vars_to_set"], "All variables together are limited to 128 KiB");
      return seal(row.id, vars);
    },
  };
}

/** What containers know about their connections, which are a separate feature. */
export interface ConnectionEnvironment {
  /** Source ids by target id. */
  sourcesOf(projectId: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Values that its sources provide to a container. The latest connection wins. */
  variablesOf(projectId: string, targetId: string): Promise<Record<string, string>>;
  /** What its sources provide to a container: templates over the source's own values. The latest connection wins. */
  exportsInto(projectId: string, targetId: string): Promise<{ key: string; template: string; source: ContainerRow }[]>;
  /** The same names with their sources, without decrypting values. */
  namesOf(projectId: string, targetId: string): Promise<NonNullable<Container["injected_env_vars"]>>;
  /** Ids of containers that use this one. */
  targetsOf(projectId: string, sourceId: string): Promise<string[]>;
}
