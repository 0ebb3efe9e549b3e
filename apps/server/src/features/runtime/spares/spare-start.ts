import { loadPage, sandboxPort, untilQuiet, type RuntimeDriver, type Sandbox, type ServiceSpec } from "@tesslate/runtime";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { createSecretVault } from "../../projects/secrets/index.ts";
import { createConnectionEnvironment } from "../connections/index.ts";
import {
  createEnvironmentOf,
  createListeningPortOf,
  createSpecOf,
  type CredentialsVault,
  type EnvironmentVault,
  type ServiceCatalogue,
} from "../containers/index.ts";
import type { TemplateRows } from "./template-rows.ts";

const readyMs = 120_000;

/** Starts the services of such rows as the start of their project would. Resolves with how each was started, by service key. */
export const createStartRows =
  ({
    runtime,
    box,
    vault,
    credentialsVault,
    catalogue,
    previewDomain,
    commandOf,
    waitsForSources,
  }: {
    runtime: Pick<RuntimeDriver, "can" | "find">;
    box: CryptoBox;
    vault: EnvironmentVault;
    credentialsVault: CredentialsVault;
    catalogue: ServiceCatalogue;
    previewDomain: string;
    commandOf: Parameters<typeof createSpecOf>[0]["commandOf"];
    waitsForSources: (tree: Sandbox["files"], directory: string) => Promise<boolean>;
  }) =>
  async (
    sandbox: Sandbox,
    { containers, connections, secrets }: TemplateRows,
    page: string | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ServiceSpec>> => {
    const listeningPortOf = createListeningPortOf(runtime);
    const connectionEnvironment = createConnectionEnvironment({
      store: { listAll: async () => [...connections] },
      containers: { listAll: async () => [...containers] },
      credentials: { find: async () => undefined },
      vault,
      credentialsVault,
      listeningPortOf,
      runtime,
    });
    const environmentOf = createEnvironmentOf({
      secrets: createSecretVault({ store: { listAll: async () => [...secrets] }, box }),
      vault,
      connectionEnvironment,
      listeningPortOf,
      previewDomain,
    });
    const specOf = createSpecOf({ environmentOf, listeningPortOf, catalogue, commandOf });
    const sources = await connectionEnvironment.sourcesOf(sandbox.id);
    const specs = new Map<string, ServiceSpec>();
    const starts = new Map<string, Promise<void>>();
    const startAfterSources = async (row: ContainerRow) => {
      const first = containers.filter(({ id }) => sources.get(row.id)?.includes(id));
      const waits = row.container_type !== "base" || (await waitsForSources(sandbox.files, row.directory));
      const begun = first.map(begin);
      if (waits) await Promise.all(begun);
      const spec = await specOf({ id: sandbox.id }, row, sandbox);
      specs.set(row.service_key, spec);
      await sandbox.start(spec);
      await sandbox.ready(row.service_key, { timeoutMs: readyMs, signal });
    };
    const begin = (row: ContainerRow): Promise<void> => {
      const start = starts.get(row.id) ?? startAfterSources(row);
      starts.set(row.id, start);
      return start;
    };
    await Promise.all(containers.map(begin));
    const root = containers[0];
    if (root && page !== undefined) {
      const state = (await sandbox.services()).find(({ name }) => name === root.service_key);
      await loadPage(sandboxPort(sandbox, state?.port ?? (await listeningPortOf(root))), page, signal);
    }
    await untilQuiet(sandbox, signal);
    return specs;
  };
