import { RuntimeError } from "./errors.ts";
import { isInContainer } from "./host/container.ts";
import type { KubernetesOptions } from "./kubernetes/options.ts";
import { withCaretaker } from "./lease.ts";
import type { RuntimeLog } from "./log.ts";
import type { MachineFacts } from "./machine-facts.ts";
import type { RemoteOptions } from "./remote/client/driver.ts";
import type { DriverName, RuntimeDriver } from "./types.ts";

export interface RuntimeOptions {
  /** `auto`: the first that works, never one without isolation. */
  driver: "auto" | DriverName | "remote";
  /** Not used by `remote`: it is the runner's. */
  dataDir: string;
  /** `host`, `host:port`, an address or a range: private addresses that sandboxes may reach. */
  outbound?: { allow: string[] };
  /** Names whose public addresses sandboxes may not reach. */
  hostnamesBlocked?: string[];
  /** Folders of this host that services see read-only at `/opt/<name>`, for programs that are not installed on it. */
  programs?: Readonly<Record<string, string>>;
  /**
   * For the docker driver: its engine (`unix:///path`, `tcp://host:port`), client certificates, and the image that project code runs in.
   */
  docker?: { host?: string | undefined; certPath?: string | undefined; image?: string | undefined };
  /** The cluster of the driver `kubernetes`. */
  kubernetes?: Omit<KubernetesOptions, "hostnamesBlocked" | "log"> | undefined;
  /** The runner of the driver `remote`. */
  remote?: RemoteOptions | undefined;
  /** How long services keep running after this process ends when no other process adopts them. Unset: forever. */
  orphanGraceMs?: number;
  /** The result of `inspectMachine`, to avoid inspecting the machine again at every start. */
  machine?: MachineFacts;
  log?: RuntimeLog;
}

type Create = (options: RuntimeOptions) => Promise<RuntimeDriver>;

/** Drivers are loaded on demand. */
const drivers: Record<DriverName, Create> = {
  sandbox: async (options) => (await import("./sandbox/driver.ts")).createSandboxDriver(options),
  docker: async ({ docker, ...options }) => (await import("./docker/driver.ts")).createDockerDriver({ ...docker, ...options }),
  kubernetes: async ({ kubernetes, hostnamesBlocked, log }) => {
    if (!kubernetes) throw new RuntimeError("unavailable", "RUNTIME_DRIVER=kubernetes requires its settings.");
    return (await import("./kubernetes/driver.ts")).createKubernetesDriver({ ...kubernetes, hostnamesBlocked, log });
  },
  process: async (options) => (await import("./process/driver.ts")).createProcessDriver(options),
  memory: async () => (await import("./memory/driver.ts")).createMemoryDriver(),
};
const automatic: readonly DriverName[] = ["sandbox", "docker"];

/** Opens the runtime. Throws `unavailable` with the reasons when the driver, or for `auto` every driver, cannot work here. */
export async function createRuntime({ orphanGraceMs, ...options }: RuntimeOptions): Promise<RuntimeDriver> {
  if (options.driver === "remote") return connectToRunner(options);
  const driver = await createDriver(options);
  // The runners in pods stop services that no server uses.
  if (orphanGraceMs === undefined || driver.name === "memory" || driver.name === "kubernetes") return driver;
  const { dataDir, docker, machine } = options;
  return withCaretaker(driver, { state: { driver: driver.name, dataDir, docker, machine }, graceMs: orphanGraceMs });
}

/** Its services are watched by the runner, which knows all of its servers. */
async function connectToRunner({ remote, log }: RuntimeOptions): Promise<RuntimeDriver> {
  if (!remote) throw new RuntimeError("unavailable", "RUNTIME_DRIVER=remote requires the address of a runner (RUNNER_URL).");
  return (await import("./remote/client/driver.ts")).createRemoteDriver({ log, ...remote });
}

async function createDriver(options: Omit<RuntimeOptions, "orphanGraceMs">): Promise<RuntimeDriver> {
  if (options.driver !== "auto") return drivers[options.driver as DriverName](options);
  const reasons: string[] = [];
  let missing: string[] | undefined;
  for (const name of automatic) {
    try {
      return await drivers[name](options);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      // The options of the container are what helps; what another driver lacks is no fault then.
      missing ??= error.details?.["missingOptions"] as string[] | undefined;
      const cause = error.cause instanceof Error && !error.message.startsWith(error.cause.message) ? `, ${error.cause.message}` : "";
      reasons.push(`${name}: ${error.message}${cause}`);
    }
  }
  if (missing)
    throw new RuntimeError(
      "unavailable",
      `Project code cannot be isolated: this container lacks ${missing.join(" ")}. Start it with ${missing.length > 1 ? "these options" : "this option"} (docs/operations/docker-image.md#start).`,
    );
  throw new RuntimeError(
    "unavailable",
    `project code cannot be isolated on this machine (${reasons.join("; ")}). ` +
      "RUNTIME_DRIVER=process would run it without isolation, with the rights of this user: use it only for code you trust. " +
      (isInContainer()
        ? "docs/operations/docker-image.md#how-well-projects-are-isolated says which options of the container isolate it."
        : "To isolate it, install bubblewrap (Debian and Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap) or start a Docker engine, then start again."),
  );
}

/** The Docker engine's version, for display. Throws `unavailable` with the reason when none responds. */
export async function findDockerEngine(options: NonNullable<RuntimeOptions["docker"]>): Promise<string> {
  return (await (await import("./docker/engine.ts")).connectEngine(options)).version;
}
