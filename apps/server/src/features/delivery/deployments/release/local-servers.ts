import { RuntimeError, sandboxPort, type RuntimeDriver, type Sandbox, type SandboxPort, type ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../../platform/logger.ts";
import type { ServerCommand } from "../../../../db/schema/delivery.ts";
import { buildSandboxId } from "../build/build-sandbox.ts";
import { findErrorLocation, StepError } from "../build/build-errors.ts";
import { productionEnv } from "../build/server-command.ts";

const service = "app";
const readyMs = 60_000;
const stopGraceMs = 5000;
/** Time for a replaced version to finish its requests; streams are cut afterwards. */
const drainMs = 5000;
const backoffMs = [500, 1000, 2000, 5000, 15_000, 60_000];
/** After running this long, it is no longer in a crash loop. */
const stableMs = 60_000;

export interface LocalServerSpec {
  deployment_id: string;
  spec: ServerCommand;
  env: Record<string, string>;
  /** Sandboxes that it may connect to. */
  peers: string[];
}
interface Supervised {
  server: LocalServerSpec;
  sandbox: Sandbox;
  port: number;
  failures: number;
  upSince: number;
  timer: NodeJS.Timeout | undefined;
  unsubscribe: () => void;
  isWanted: boolean;
}

export type LocalServers = ReturnType<typeof createLocalServers>;
/** Server versions: started in their own sandboxes, restarted on crashes, adopted after a restart of this process. */
export function createLocalServers({ runtime, log }: { runtime: Pick<RuntimeDriver, "open" | "find" | "can" | "freePort">; log: Logger }) {
  const supervised = new Map<string, Supervised>();
  /** Open requests by version. */
  const visits = new Map<string, Set<object>>();
  const drained = new Map<string, () => void>();
  let isClosing = false;

  const stateOf = async (sandbox: Sandbox) => (await sandbox.services()).find(({ name }) => name === service);
  const isUp = (state: ServiceState | undefined) => state?.status === "running" || state?.status === "starting";

  const launch = async (it: Supervised): Promise<void> => {
    if (!isUp(await stateOf(it.sandbox))) it.port = runtime.can.privateNetwork ? 3000 : await runtime.freePort();
    const { spec, env } = it.server;
    await it.sandbox.start({
      name: service,
      command: spec.command,
      cwd: spec.cwd,
      env: { ...productionEnv, HOST: "0.0.0.0", ...env, PORT: String(it.port) },
      port: it.port,
      stopGraceMs,
    });
  };
  const startAgain = (id: string, it: Supervised) => {
    if (isClosing || !it.isWanted || it.timer) return;
    if (Date.now() - it.upSince > stableMs) it.failures = 0;
    const wait = backoffMs[Math.min(it.failures, backoffMs.length - 1)] ?? 0;
    it.failures += 1;
    it.timer = setTimeout(() => {
      it.timer = undefined;
      if (isClosing || !it.isWanted) return;
      launch(it).then(
        () => log.info({ deployment_id: id, failures: it.failures }, "deployed server restarted"),
        (err: unknown) => {
          log.warn({ err, deployment_id: id }, "deployed server not restarted");
          startAgain(id, it);
        },
      );
    }, wait);
  };
  const unsupervise = (id: string) => {
    const it = supervised.get(id);
    if (!it) return;
    it.isWanted = false;
    clearTimeout(it.timer);
    it.unsubscribe();
    supervised.delete(id);
  };

  /** Supervises the server; adopts it when it already runs. */
  const supervise = async (server: LocalServerSpec): Promise<Supervised> => {
    unsupervise(server.deployment_id);
    const id = buildSandboxId(server.deployment_id);
    if (!(await runtime.find(id))) throw new StepError("smoke", "The files of this version no longer exist. Deploy it again.");
    const sandbox = await runtime.open({ id, ...(server.peers.length > 0 && { peers: server.peers }) });
    const it: Supervised = {
      server,
      sandbox,
      port: (await stateOf(sandbox))?.port ?? 3000,
      failures: 0,
      upSince: Date.now(),
      timer: undefined,
      unsubscribe: () => {},
      isWanted: true,
    };
    it.unsubscribe = sandbox.onState((state) => {
      if (state.name !== service) return;
      if (state.status === "running") it.upSince = Date.now();
      if (state.status === "failed") startAgain(server.deployment_id, it);
    });
    supervised.set(server.deployment_id, it);
    return it;
  };

  const stop = async (deploymentId: string): Promise<void> => {
    unsupervise(deploymentId);
    await (await runtime.find(buildSandboxId(deploymentId)))?.stop();
  };

  return {
    /** Starts a version and waits until it listens on its port. Throws `StepError` with its last output and stops it on failure. */
    start: async (server: LocalServerSpec, signal: AbortSignal): Promise<void> => {
      const it = await supervise(server);
      // The caller handles a failed first start; no restarts.
      it.isWanted = false;
      try {
        await launch(it);
        await it.sandbox.ready(service, { timeoutMs: readyMs, signal });
        it.isWanted = true;
        if ((await stateOf(it.sandbox))?.status === "failed") startAgain(server.deployment_id, it);
      } catch (error) {
        const lines = (await stateOf(it.sandbox))?.lastLines ?? [];
        unsupervise(server.deployment_id);
        await it.sandbox.stop(service).catch(() => undefined);
        signal.throwIfAborted();
        if (!(error instanceof RuntimeError)) throw error;
        throw new StepError("smoke", `The server does not start: ${error.message}`.slice(0, 2000), findErrorLocation(lines));
      }
    },
    /** After a restart of this process: adopts or starts the server without waiting for it. */
    resume: async (server: LocalServerSpec): Promise<void> => {
      const it = await supervise(server);
      await launch(it);
    },
    /** The port it listens on; undefined while it does not run. */
    portOf: async (deploymentId: string): Promise<SandboxPort | undefined> => {
      const it = supervised.get(deploymentId);
      const state = it && (await stateOf(it.sandbox));
      if (!it || !isUp(state)) return undefined;
      return sandboxPort(it.sandbox, state?.port ?? it.port);
    },
    has: (deploymentId: string): boolean => supervised.has(deploymentId),
    /** Counts an open request; call the returned function at its end. */
    visit: (deploymentId: string): (() => void) => {
      const visit = {};
      const all = visits.get(deploymentId) ?? new Set();
      visits.set(deploymentId, all.add(visit));
      return () => {
        if (!all.delete(visit) || all.size > 0) return;
        visits.delete(deploymentId);
        drained.get(deploymentId)?.();
      };
    },
    stop,
    /** Stops a replaced version after its open requests have ended. */
    drain: async (deploymentId: string): Promise<void> => {
      if (visits.has(deploymentId))
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, drainMs);
          drained.set(deploymentId, () => {
            clearTimeout(timer);
            resolve();
          });
        });
      drained.delete(deploymentId);
      await stop(deploymentId);
    },
    /** Stops supervision; running servers are left for the next process. */
    close: (): void => {
      isClosing = true;
      for (const id of supervised.keys()) unsupervise(id);
    },
  };
}
