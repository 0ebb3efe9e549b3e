import { createHmac } from "node:crypto";
import type { DeployEnvironment } from "@tesslate/contract";
import { RuntimeError, type RuntimeDriver, type Sandbox, type ServiceSpec } from "@tesslate/runtime";
import type { CryptoBox } from "../../../../platform/crypto.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { createServiceCatalogue, fill, findService, initialEnvironment } from "../../../runtime/containers/index.ts";
import { StepError } from "../build/build-errors.ts";
import type { DeployedService } from "../deployment-request.ts";

const prefix = "services-";
/** Whether a sandbox holds the services of deployments. */
export const isServicesSandbox = (sandboxId: string): boolean => sandboxId.startsWith(prefix);
const environments: readonly DeployEnvironment[] = ["production", "preview"];
export const servicesSandboxId = (projectId: string, environment: DeployEnvironment): string => `${prefix}${environment}-${projectId}`;

const readyMs = 120_000;
const passwordLength = 32;
const backoffMs = [500, 2000, 10_000, 60_000];
/** After running this long, it is no longer in a crash loop. */
const stableMs = 60_000;

type Service = Pick<DeployedService, "container_id" | "slug">;
/** The version that uses them. */
type Version = Pick<DeploymentRow, "project_id" | "user_id" | "environment">;

/** Its name in the sandbox. */
export const deployedServiceName = ({ slug, container_id }: Service): string => `${slug}-${container_id.slice(0, 8)}`;

/** The variables of a service for deployments. Passwords follow from the server's secret key, so that they are stored nowhere. */
export type DeployedVariables = ReturnType<typeof createDeployedVariables>;
export function createDeployedVariables({ box }: { box: Pick<CryptoBox, "deriveKey"> }) {
  const key = box.deriveKey("passwords of deployed services");
  return (service: Service, environment: DeployEnvironment): Record<string, string> => {
    const running = findService(service.slug)?.running;
    const passwordOf = (name: string) =>
      createHmac("sha256", key).update([service.container_id, environment, name].join("/")).digest("hex").slice(0, passwordLength);
    return running ? initialEnvironment(running, passwordOf) : {};
  };
}
/** All values that programs of a project's deployments may print. */
export const deployedValues = (variablesOf: DeployedVariables, services: readonly Service[]): Record<string, string>[] =>
  environments.flatMap((environment) => services.map((service) => variablesOf(service, environment)));

interface Supervised {
  sandbox: Sandbox;
  /** Those that are to run, by name. */
  specs: Map<string, ServiceSpec>;
  restarts: Map<string, { failures: number; upSince: number; timer: NodeJS.Timeout | undefined }>;
  unsubscribe: () => void;
}

export type DeployedServices = ReturnType<typeof createDeployedServices>;
/**
 * Databases and other services of deployments on this server. They are instances besides those of the project, with data of their own: one
 * per service for all production versions, one for all preview deployments. They are restarted on crashes and run as long as a version uses them.
 */
export function createDeployedServices({
  runtime,
  box,
  diskBytesOf,
  log,
}: {
  runtime: Pick<RuntimeDriver, "open" | "find" | "remove" | "findPrograms" | "freePort" | "can" | "name">;
  box: Pick<CryptoBox, "deriveKey">;
  diskBytesOf: (userId: string) => Promise<number>;
  log: Logger;
}) {
  const catalogue = createServiceCatalogue({ runtime });
  const variablesOf = createDeployedVariables({ box });
  const supervised = new Map<string, Supervised>();
  const turns = new Map<string, Promise<unknown>>();
  let isClosing = false;

  const stateOf = async (sandbox: Sandbox, name: string) => (await sandbox.services()).find((state) => state.name === name);

  /** Starts of one sandbox follow each other, so that no two choose the same port. */
  const inTurn = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    const done = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(done, done);
    return turn;
  };

  const restart = (id: string, it: Supervised, name: string): void => {
    const spec = it.specs.get(name);
    const known = it.restarts.get(name) ?? { failures: 0, upSince: 0, timer: undefined };
    if (isClosing || !spec || known.timer) return;
    if (known.upSince > 0 && Date.now() - known.upSince > stableMs) known.failures = 0;
    const wait = backoffMs[Math.min(known.failures, backoffMs.length - 1)] ?? 0;
    known.failures += 1;
    known.timer = setTimeout(() => {
      known.timer = undefined;
      if (isClosing || it.specs.get(name) !== spec) return;
      it.sandbox.start(spec).then(
        () => log.info({ sandbox: id, service: name, failures: known.failures }, "deployed service restarted"),
        (err: unknown) => {
          log.warn({ err, sandbox: id, service: name }, "deployed service not restarted");
          restart(id, it, name);
        },
      );
    }, wait);
    it.restarts.set(name, known);
  };
  const supervise = async (id: string, userId: string): Promise<Supervised> => {
    const known = supervised.get(id);
    if (known) return known;
    const sandbox = await runtime.open({ id, limits: { diskBytes: await diskBytesOf(userId) } });
    const it: Supervised = { sandbox, specs: new Map(), restarts: new Map(), unsubscribe: () => {} };
    it.unsubscribe = sandbox.onState(({ name, status }) => {
      const known = it.restarts.get(name);
      if (status === "running" && known) known.upSince = Date.now();
      if (status === "failed") restart(id, it, name);
    });
    supervised.set(id, it);
    return it;
  };
  const unsupervise = (id: string): void => {
    const it = supervised.get(id);
    if (!it) return;
    it.specs.clear();
    it.unsubscribe();
    for (const { timer } of it.restarts.values()) clearTimeout(timer);
    supervised.delete(id);
  };

  const portFor = async (sandbox: Sandbox, name: string, wanted: number): Promise<number> => {
    const states = await sandbox.services();
    const state = states.find((known) => known.name === name);
    if ((state?.status === "running" || state?.status === "starting") && state.port !== undefined) return state.port;
    if (!runtime.can.privateNetwork) return runtime.freePort();
    const taken = new Set(states.flatMap((other) => (other.name === name ? [] : (other.port ?? []))));
    let port = wanted;
    while (taken.has(port)) port += 1;
    return port;
  };

  /** Starts one service unless it runs. Resolves with the variables that it provides. */
  const startOne = async (
    it: Supervised,
    service: DeployedService,
    environment: DeployEnvironment,
    signal: AbortSignal,
  ): Promise<Record<string, string>> => {
    const name = deployedServiceName(service);
    const { sandbox } = it;
    const port = await portFor(sandbox, name, findService(service.slug)?.running?.port ?? 0);
    const { env: inner, ...run } = await catalogue.runOf({ id: service.container_id, service_slug: service.slug }, port);
    const own = variablesOf(service, environment);
    const spec: ServiceSpec = { ...run, name, cwd: ".", port, env: { ...own, PORT: String(port), ...inner } };
    it.specs.set(name, spec);
    try {
      await sandbox.start(spec);
      await sandbox.ready(name, { timeoutMs: readyMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RuntimeError)) throw error;
      throw new StepError("smoke", `${service.name} does not start for the deployed app: ${error.message}`.slice(0, 2000));
    }
    const { host, port: reached } = await sandbox.peerAddress((await stateOf(sandbox, name))?.port ?? port);
    const values = { ...own, container_name: host, internal_port: String(reached) };
    return Object.fromEntries(
      Object.entries(service.variables).flatMap(([key, template]) => {
        const value = fill(template, values);
        return value === undefined ? [] : [[key, value]];
      }),
    );
  };

  const stop = async (projectId: string): Promise<void> => {
    for (const environment of environments) {
      const id = servicesSandboxId(projectId, environment);
      await inTurn(id, async () => {
        unsupervise(id);
        await (await runtime.find(id))?.stop();
      });
    }
  };

  return {
    /**
     * Starts the services that a version uses and waits until they accept connections. Resolves with its variables and the sandboxes that
     * it may connect to. Throws `StepError`.
     */
    start: (
      { project_id, user_id, environment }: Version,
      services: readonly DeployedService[],
      signal: AbortSignal,
    ): Promise<{ env: Record<string, string>; peers: string[] }> => {
      const id = servicesSandboxId(project_id, environment);
      if (services.length === 0) return Promise.resolve({ env: {}, peers: [] });
      return inTurn(id, async () => {
        const it = await supervise(id, user_id);
        const env: Record<string, string> = {};
        for (const service of services) Object.assign(env, await startOne(it, service, environment, signal));
        return { env, peers: [id] };
      });
    },
    /** Stops those of a project; their data stays. */
    stop,
    /** Deletes those of a project with their data. */
    remove: async (projectId: string): Promise<void> => {
      await stop(projectId);
      for (const environment of environments) await runtime.remove(servicesSandboxId(projectId, environment));
    },
    /** Stops supervision; running services are left for the next process. */
    close: (): void => {
      isClosing = true;
      for (const id of supervised.keys()) unsupervise(id);
    },
  };
}
