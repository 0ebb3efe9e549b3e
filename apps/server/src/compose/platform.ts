import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createRuntime, reachable, readDriverFacts, releaseReachable, type RuntimeDriver } from "@tesslate/runtime";
import type { Config } from "../config.ts";
import type { PreviewAddress } from "../features/runtime/containers/index.ts";
import { createPreparation, type Preparation } from "../features/core/preparation/index.ts";
import { createIdempotency, createIdempotencyStore } from "../features/core/idempotency/index.ts";
import { restoreMark } from "../features/operations/backup/index.ts";
import type { Idempotency } from "../http/context.ts";
import { createTaskChanges, createTasks, createTasksStore, type Tasks } from "../features/core/tasks/index.ts";
import { readCaFile } from "../platform/ca-file.ts";
import { createBus, type Bus } from "../platform/bus.ts";
import { createCryptoBox, loadSecretKey, type CryptoBox } from "../platform/crypto.ts";
import { reservePort, type ReservedPort } from "../http/reserved-port.ts";
import {
  addressOfDatabase,
  awaitDatabase,
  connectDatabase,
  migrateDatabase,
  refuseTransactionPooling,
  type Database,
  type DatabaseHandle,
} from "../platform/database.ts";
import { claimDatabase } from "../platform/database-claim.ts";
import { createEventLog, type EventLog } from "../platform/events.ts";
import type { JobHandlers } from "../platform/jobs.ts";
import { checkKeys, refuseKeysOfOtherDatabase } from "../platform/key-check.ts";
import { readInstallation } from "../platform/installation.ts";
import type { Logger } from "../platform/logger.ts";
import { createMail, type Mail } from "../platform/mail.ts";
import { createMeasurements, type Measurements } from "../platform/measurements.ts";
import { createMailStore } from "../platform/mail.store.ts";
import {
  createBucketClaim,
  guardObjects,
  openFolderObjects,
  openObjects,
  refuseOtherObjects,
  scratchFolder,
  type ObjectStore,
} from "../platform/objects/index.ts";
import { createOutbound, hostEntry, type Outbound } from "../platform/outbound.ts";
import { holdDataDir } from "../platform/data-folder-lock.ts";
import { startEmbeddedPostgres } from "../platform/postgres/embedded.ts";
import { findPostgresPrograms } from "../platform/postgres/programs.ts";
import { prepareProjectCluster } from "../platform/postgres/project-cluster.ts";
import { registerProcess } from "../platform/presence.ts";
import {
  createForwardSignatures,
  createProjectLookup,
  createProjectOwners,
  registerServer,
  startServerReporter,
  soleOwner,
  type ProjectLookup,
  type ProjectOwners,
  type ServerRegistry,
  type ServerReporter,
} from "../platform/servers/index.ts";
import { createForwarding, type Forwarding } from "../http/forwarding.ts";
import { createRateLimiter, type RateLimiter } from "../platform/rate-limit.ts";
import { loadEncryptionKeys } from "../platform/encryption-keys.ts";
import { removeServerRecord } from "../platform/running-server.ts";
import { createServerSettings, type ServerSettings } from "../platform/server-settings.ts";
import { createClientTracing } from "../platform/runner-tracing.ts";
import type { WorkContext } from "../platform/work-context.ts";
import { startTraces, type Traces } from "../platform/traces.ts";
import { kubernetesOptions, readRemoteOptions } from "../runner-options.ts";
import { readRevision } from "../revision.ts";
import { version } from "../version.ts";
import type { OnClose } from "./area.ts";
import { composeSecrets, type SecretsArea } from "./secrets.ts";

/** Services that every area uses. */
export interface Platform {
  config: Config;
  log: Logger;
  /** The ids of the request, task or job that runs now. */
  work: WorkContext;
  onClose: OnClose;
  /** Absolute path, locked by this process. */
  dataDir: string;
  /** Reserved until the HTTP server listens. */
  port: ReservedPort;
  box: CryptoBox;
  database: DatabaseHandle;
  db: Database;
  /** Other server processes may use the database. */
  isShared: boolean;
  /** Registration of this process. */
  processId: number;
  /** `undefined`: this is the only server. */
  several: { registry: ServerRegistry; lookup: ProjectLookup; forwarding: Forwarding } | undefined;
  owners: ProjectOwners;
  reporter: ServerReporter;
  bus: Bus;
  events: EventLog;
  settings: ServerSettings;
  limits: RateLimiter;
  /** The operator's CA certificates, PEM. */
  ca: string | undefined;
  /** Files of the server, in the data folder or in S3. */
  objects: ObjectStore;
  /** Outgoing requests to URLs of users and of the configuration. */
  outbound: Outbound;
  /** Also reaches Ollama's default address on this machine: for what the operator and administrators connect, never for URLs of users. */
  serverOutbound: Outbound;
  mail: Mail;
  runtime: RuntimeDriver;
  /** `undefined`: disabled. */
  traces: Traces | undefined;
  measurements: Measurements;
  secrets: SecretsArea;
  tasks: Tasks;
  preparation: Preparation;
  idempotency: Idempotency;
  /** URL scheme, domain and port of previews. */
  address: PreviewAddress;
  jobs: JobHandlers;
  cron: Record<string, string>;
}

/** Of the server settings: the driver of the runner, as of the last connection. */
const runnerKey = "runner.driver";

export interface PlatformOptions {
  config: Config;
  log: Logger;
  work: WorkContext;
  onClose: OnClose;
  /** Instead of the configured driver. */
  runtime?: RuntimeDriver | undefined;
  /** Instead of the configured or the embedded database. */
  database?: { socketDir: string; database: string } | { url: string } | undefined;
  longestOutageMs?: number | undefined;
  /** Called when another server claimed the database while it was unreachable, or took the projects of this one. */
  onDatabaseLost?: ((message: string) => void) | undefined;
}

export async function composePlatform({ config, log, work, onClose, ...swap }: PlatformOptions): Promise<Platform> {
  const dataDir = resolve(config.dataDir);
  await mkdir(dataDir, { recursive: true });
  onClose(await holdDataDir(dataDir));
  // The record of a server that was killed; this one's is written when it listens.
  await removeServerRecord(dataDir);
  onClose(() => removeServerRecord(dataDir));
  refuseUnfinishedRestore(dataDir);
  await rm(scratchFolder(dataDir), { recursive: true, force: true });
  // First, because an occupied port is the most common error.
  const port = await reservePort(config.http);
  onClose(() => port.release());
  const ca = await readCaFile(config.outbound.caFile);
  const secretKey = await loadSecretKey(config.auth.secretKey?.reveal(), dataDir);
  const encryptionKeys = await loadEncryptionKeys(config, dataDir);
  const box = createCryptoBox(secretKey, encryptionKeys);
  const given = swap.database ?? (config.database.url ? { url: config.database.url.reveal() } : undefined);
  const embedded = given ? undefined : await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
  if (embedded) onClose(() => embedded.stop());
  const traces = await startTraces(config.traces, version);
  if (traces) onClose(() => traces.close());
  const measurements = createMeasurements(version);
  const database = connectDatabase(given ?? { socketDir: embedded?.socketDir ?? "" }, log, {
    traces,
    ...(swap.longestOutageMs !== undefined && { longestOutageMs: swap.longestOutageMs }),
  });
  onClose(() => database.close());
  if (config.database.url && !swap.database) {
    await awaitDatabase(database, addressOfDatabase(config.database.url.reveal()), log);
    await refuseTransactionPooling(database);
  }
  const { db } = database;
  const isShared = config.database.url !== undefined;
  const onLost = swap.onDatabaseLost ?? ((message: string) => log.error(message));
  // Before migrating: a server that is refused must not have changed the database of the one that uses it.
  if (!swap.database) {
    const claim = await claimDatabase(db, database.connection, { log, onLost, isOneOfSeveral: config.servers.address !== undefined });
    onClose(() => claim.close());
  }
  await refuseKeysOfOtherDatabase(database, secretKey, encryptionKeys);
  await migrateDatabase(database, log);
  const presence = await registerProcess(db, database.connection, log);
  onClose(() => presence.close());
  const bus = await createBus(database.pool, database.connection, log);
  onClose(() => bus.close());
  const { address: serverAddress, patienceMs, ...times } = config.servers;
  const registry =
    serverAddress === undefined
      ? undefined
      : await registerServer({
          db,
          connection: database.connection,
          address: serverAddress,
          version,
          processId: presence.id,
          times,
          onLost,
          log,
        });
  if (registry) onClose(() => registry.close());
  const owners = registry ? createProjectOwners({ db, bus, server: registry, patienceMs, log }) : soleOwner;
  const forwarding =
    registry &&
    createForwarding({ owners, signatures: createForwardSignatures(box.deriveKey("requests between servers")), traces, patienceMs, log });
  if (forwarding) onClose(async () => forwarding.close());
  const several = registry && forwarding && { registry, forwarding, lookup: createProjectLookup(db) };
  const events = createEventLog({ db, reconnect: database.reconnect, bus, log, isShared, processId: presence.id });
  onClose(() => events.close());
  const settings = createServerSettings({ db, bus, box });
  await checkKeys(settings, secretKey, encryptionKeys);
  const { objects: store, close: closeObjects } = await openObjects(config, dataDir);
  onClose(closeObjects);
  await refuseOtherObjects(settings, store, openFolderObjects(dataDir));
  if (store.kind === "s3") await requireStorage(store);
  const objects = await claimObjects(store, settings, log);
  const limits = createRateLimiter({ db, factor: config.http.rateLimitFactor });
  const { proxy } = config.outbound;
  const outboundOptions = {
    allowHosts: [
      ...config.outbound.allowHosts,
      ...modelHosts(config),
      ...providerHosts(config),
      ...searchHosts(config),
      ...deployHosts(config),
    ],
    plainHosts: config.outbound.allowHosts,
    ...(ca && { ca }),
    proxy: { ...proxy, http: proxy.http?.reveal(), https: proxy.https?.reveal() },
  };
  const outbound = createOutbound(outboundOptions);
  onClose(() => outbound.close());
  const serverOutbound = createOutbound({ ...outboundOptions, allowHosts: [...outboundOptions.allowHosts, ...ollamaHosts] });
  onClose(() => serverOutbound.close());
  const mail = createMail({ config: config.mail, store: createMailStore(db), box, log });
  onClose(() => mail.close());

  const programs: Record<string, string> = {};
  // A runner finds the programs of its own machine.
  const isElsewhere = config.runtime.driver === "remote" || config.runtime.driver === "kubernetes";
  const postgresPrograms = swap.runtime || isElsewhere ? undefined : await findPostgresPrograms();
  if (postgresPrograms !== undefined) {
    const prepared = await prepareProjectCluster({ programs: postgresPrograms, dataDir, reach: reachable, release: releaseReachable });
    programs["postgres"] = postgresPrograms;
    programs["postgres-cluster"] = prepared.folder;
    // Without it, databases of projects are initialised one by one.
    const ready = prepared.ready.catch((error: unknown) => log.warn({ err: error }, "the databases of projects cannot be prepared"));
    onClose(() => ready);
  }
  const tracing = createClientTracing(traces, work);
  const remote = await readRemoteOptions(config.runtime);
  const kubernetes = kubernetesOptions(config.runtime);
  const { startMs, ...timing } = config.runtime.runnerTiming;
  const known = remote && readDriverFacts(await settings.get(runnerKey));
  const runtime =
    swap.runtime ??
    (await createRuntime({
      driver: config.runtime.driver,
      dataDir,
      docker: config.runtime.docker,
      remote: remote && { ...remote, tracing, timing, startsWithoutAfterMs: startMs, known },
      kubernetes: kubernetes && { ...kubernetes, tracing },
      ...(config.runtime.orphanGraceMs !== undefined && { orphanGraceMs: config.runtime.orphanGraceMs }),
      programs,
      log,
    }));
  onClose(() => runtime.close({ leaveRunning: true }));
  // What lists of containers need of the driver, for a start without the runner.
  const keepDriverFacts = () =>
    void settings
      .set(runnerKey, { name: runtime.name, isolation: runtime.isolation, warnings: runtime.warnings, can: runtime.can })
      .catch((err: unknown) => log.warn({ err }, "driver of the runner not stored"));
  if (runtime.isConnected?.()) keepDriverFacts();
  runtime.onConnected?.(keepDriverFacts);
  const reporter = startServerReporter({ db, registry, runtime, measurements, revision: await readRevision(), log });
  onClose(() => reporter.close());
  const secrets = composeSecrets({ log, db, bus, box });
  const tasksStore = createTasksStore(db, presence.id);
  const tasks = createTasks({
    store: tasksStore,
    reconnect: database.reconnect,
    changes: createTaskChanges({ store: tasksStore, events, bus, isShared, log }),
    bus,
    redact: secrets.redactions.redact,
    owners,
    measurements,
    traces,
    work,
    log,
  });
  onClose(() => tasks.close());
  const preparation = createPreparation({
    settings,
    retryMs: config.runtime.preparationRetryMs,
    pauseMs: config.runtime.preparationPauseMs,
    log,
  });
  onClose(() => preparation.close());
  const idempotency = createIdempotency({ store: createIdempotencyStore(db), box, processId: presence.id });

  return {
    config,
    log,
    work,
    onClose,
    dataDir,
    port,
    box,
    database,
    db,
    isShared,
    processId: presence.id,
    several,
    owners,
    reporter,
    bus,
    events,
    settings,
    limits,
    ca,
    objects,
    outbound,
    serverOutbound,
    mail,
    runtime,
    traces,
    measurements,
    secrets,
    tasks,
    preparation,
    idempotency,
    address: addressOf(config),
    jobs: {
      ...events.jobHandlers,
      ...tasks.jobHandlers,
      ...mail.jobHandlers,
      ...idempotency.jobHandlers,
      sweep_unfinished_objects: async () => {
        const removed = await objects.removeUnfinished(new Date(Date.now() - unfinishedAfterMs));
        if (removed > 0) log.info({ removed }, "unfinished objects removed");
      },
    },
    cron: {
      reap_tasks: "* * * * *",
      sweep_emails: "* * * * *",
      prune_events: "*/10 * * * *",
      prune_tasks: "*/10 * * * *",
      prune_idempotency_keys: "37 * * * *",
      sweep_unfinished_objects: "23 4 * * *",
    },
  };
}

/** The store with the rights of this installation in it. */
async function claimObjects(store: ObjectStore, settings: ServerSettings, log: Logger): Promise<ObjectStore> {
  const { restored_from } = await readInstallation(settings);
  const claim = createBucketClaim(settings, store);
  const isHeld = await claim.isHeld();
  if (restored_from !== null)
    log.warn(
      { backup: restored_from },
      `this installation was restored and may be a copy: it makes no scheduled backups${isHeld ? "" : ` and deletes nothing in ${store.address}`}. If it replaces the original, run ./studio claim`,
    );
  else if (!isHeld)
    log.warn(
      `${store.address} belongs to another installation: this one deletes nothing in it. If it replaces the other, run ./studio claim`,
    );
  return guardObjects(store, claim, log);
}

async function requireStorage(objects: ObjectStore): Promise<void> {
  await objects.check().catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(
      `The file storage ${objects.address} does not work: ${reason}. Check OBJECTS_S3_*, the bucket and the rights of its key.`,
      {
        cause: error,
      },
    );
  });
}

/** No upload takes longer. */
const unfinishedAfterMs = 24 * 3_600_000;

function refuseUnfinishedRestore(dataDir: string): void {
  if (existsSync(join(dataDir, restoreMark)))
    throw new Error(`A restore into ${dataDir} did not end. Run ./studio restore again, with --force: what is there now is moved aside.`);
}

/** Hosts of configured model endpoints. */
const modelHosts = ({ models }: Config): string[] =>
  [models.openai.baseUrl, models.anthropic.baseUrl, models.google.baseUrl, models.ollama.baseUrl ?? ""].flatMap(
    (url) => hostEntry(url) ?? [],
  );
/** Ollama's default address on this machine, by each of its names. */
const ollamaHosts = ["localhost:11434", "127.0.0.1:11434", "[::1]:11434"];

/** Hosts of configured sign-in and git providers. */
const providerHosts = ({ auth: { oauth }, gitProviders: { gitlab, bitbucket, gitea } }: Config): string[] => {
  const signIn = [oauth.google.issuer, oauth.github.baseUrl, oauth.github.apiUrl, oauth.oidc.issuer];
  const repositories = [gitlab.baseUrl, bitbucket.baseUrl, bitbucket.apiUrl, gitea.baseUrl];
  return [...signIn, ...repositories].flatMap((url) => hostEntry(url) ?? []);
};

/** Hosts of remote providers' APIs. */
const deployHosts = ({ deployProviders: { vercel, netlify, cloudflare } }: Config): string[] =>
  [vercel.apiUrl, netlify.apiUrl, cloudflare.apiUrl].flatMap((address) => hostEntry(address) ?? []);

const searchHosts = ({ web: { search } }: Config): string[] => (search ? [hostEntry(search.baseUrl) ?? ""] : []);

/** Scheme and port of the app with the preview domain. */
const addressOf = ({ http, domains }: Config): PreviewAddress => {
  const { protocol, port } = new URL(http.appBaseUrl);
  return { scheme: protocol === "https:" ? "https" : "http", domain: http.previewDomain, port, appsDomain: domains.appsDomain };
};
