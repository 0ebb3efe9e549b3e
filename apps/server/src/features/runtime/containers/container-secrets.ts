import type { Queries } from "../../../platform/database.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { CredentialsStore } from "./credentials.store.ts";
import type { CredentialsVault } from "./credentials.vault.ts";
import type { EnvironmentVault } from "./environment.ts";

export type ContainerSecrets = ReturnType<typeof createContainerSecrets>;
/** The encrypted variables and credentials of containers. */
export const createContainerSecrets = ({
  vault,
  credentials,
  credentialsVault,
  redactions,
}: {
  vault: EnvironmentVault;
  credentials: CredentialsStore;
  credentialsVault: CredentialsVault;
  redactions: Pick<Redactions, "changed">;
}) => ({
  /** The columns of a new container. */
  newVariables: (id: string, variables: Record<string, string>) => vault.create(id, variables),
  /** The columns after a change. Throws 422. */
  changedVariables: (row: ContainerRow, set: Record<string, string>, remove: readonly string[]) => vault.change(row, set, remove),
  /** The columns of a container with the variables of another one. */
  copiedVariables: (id: string, from: ContainerRow) => vault.create(id, vault.open(from)),
  /** Copies the credentials of a container, if it has any. */
  copyCredentials: async (tx: Queries, from: string, to: string): Promise<void> => {
    const row = await credentials.find(from, tx);
    if (row) await credentials.put(tx, to, credentialsVault.seal(to, credentialsVault.open(row)));
  },
  /** Replaces all credentials. Returns their id. */
  putCredentials: async (tx: Queries, containerId: string, values: Record<string, string>): Promise<string | null> => {
    await credentials.put(tx, containerId, credentialsVault.seal(containerId, values));
    return (await credentials.find(containerId, tx))?.id ?? null;
  },
  /** To call after a commit that changed values of the project: they must be redacted. */
  changed: (projectId: string) => redactions.changed(projectId),
});
