import {
  createContainersStore,
  createCredentialsStore,
  createCredentialsVault,
  createEnvironmentVault,
  type ContainersStore,
  type CredentialsStore,
  type CredentialsVault,
  type EnvironmentVault,
} from "../features/runtime/containers/index.ts";
import { createDeployedVariables, deployedValues } from "../features/delivery/deployments/index.ts";
import { createMcpStore, createMcpVault, type McpStore, type McpVault } from "../features/agent/mcp/index.ts";
import {
  createRedactions,
  createSecretsStore,
  createSecretVault,
  hiddenValues,
  type Redactions,
  type SecretsStore,
  type SecretVault,
} from "../features/projects/secrets/index.ts";
import type { Bus } from "../platform/bus.ts";
import type { CryptoBox } from "../platform/crypto.ts";
import type { Database } from "../platform/database.ts";
import type { Logger } from "../platform/logger.ts";

/** Stores of a project's secret values, and their redaction. */
export interface SecretsArea {
  containersStore: ContainersStore;
  environmentVault: EnvironmentVault;
  credentialsStore: CredentialsStore;
  credentialsVault: CredentialsVault;
  secretsStore: SecretsStore;
  secretVault: SecretVault;
  mcpStore: McpStore;
  mcpVault: McpVault;
  redactions: Redactions;
}

/** Constructed before the rest of the platform, because tasks redact what they report. */
export function composeSecrets({ log, db, bus, box }: { log: Logger; db: Database; bus: Bus; box: CryptoBox }): SecretsArea {
  const containersStore = createContainersStore(db);
  const environmentVault = createEnvironmentVault({ box });
  const credentialsStore = createCredentialsStore(db);
  const credentialsVault = createCredentialsVault({ box });
  const secretsStore = createSecretsStore(db);
  const secretVault = createSecretVault({ store: secretsStore, box });
  const mcpStore = createMcpStore(db);
  const mcpVault = createMcpVault({ box });
  const deployedVariables = createDeployedVariables({ box });
  /** Every source of secret values is registered here. */
  const redactions = createRedactions({
    bus,
    log,
    sources: [
      async (projectId) => hiddenValues(await secretVault.open(projectId)),
      async (projectId) => (await containersStore.listAll(projectId)).flatMap((row) => hiddenValues(environmentVault.open(row))),
      async (projectId) => {
        const services = (await containersStore.listAll(projectId)).map(({ id, service_slug }) => ({
          container_id: id,
          slug: service_slug ?? "",
        }));
        return deployedValues(deployedVariables, services).flatMap(hiddenValues);
      },
      async (projectId) => (await credentialsStore.listAll(projectId)).flatMap((row) => hiddenValues(credentialsVault.open(row))),
      async (projectId) => (await mcpStore.listHidden(projectId)).flatMap((row) => hiddenValues(mcpVault.secretsOf(row))),
    ],
  });
  return {
    containersStore,
    environmentVault,
    credentialsStore,
    credentialsVault,
    secretsStore,
    secretVault,
    mcpStore,
    mcpVault,
    redactions,
  };
}
