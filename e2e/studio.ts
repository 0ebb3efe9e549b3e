import { spawn, type ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@tesslate/testkit";
import { startDockerEngine, type DockerEngine } from "@tesslate/testkit/docker-engine";
import { trackFolder, untrackFolder } from "./tracked-folders.ts";
import type { Images } from "./images.ts";
import { removeLeftovers } from "./leftovers.ts";

const root = join(import.meta.dirname, "..");

/** The built server in its own process, on a free port and a fresh data folder. */
export interface RunningStudio {
  url: string;
  port: number;
  dataDir: string;
  process: ChildProcess;
  /** `DOCKER_HOST` of its engine, if we started it. */
  dockerHost: string | undefined;
  output(): string;
  /** kill -9, nothing else. */
  kill(): Promise<void>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  /** Stops the server orderly, kills what still runs of its data folder, and deletes it. The same happens if this process is killed. */
  close(): Promise<void>;
}

/** Starts a separate engine for `RUNTIME_DRIVER=docker` without `DOCKER_HOST`: the machine's engine is not touched. */
async function engineFor({ RUNTIME_DRIVER, DOCKER_HOST }: NodeJS.ProcessEnv): Promise<DockerEngine | undefined> {
  if (RUNTIME_DRIVER !== "docker" || DOCKER_HOST) return undefined;
  const engine = await startDockerEngine();
  if (engine.reason !== undefined) throw new Error(engine.reason);
  return engine;
}

export async function startStudio(
  env: Record<string, string> = {},
  options: { dataDir?: string; port?: number; images?: Images | undefined } = {},
): Promise<RunningStudio> {
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? realpathSync(await mkdtemp(join(tmpdir(), "studio-e2e-")));
  if (!options.dataDir) trackFolder(dataDir);
  await options.images?.provide(dataDir);
  const engine = await engineFor({ ...process.env, ...env });
  let output = "";
  const url = `http://localhost:${port}`;
  const spawnServer = async () => {
    const child = spawn(process.execPath, [join(root, "apps/server/dist/main.js")], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PORT: String(port),
        DATA_DIR: dataDir,
        RATE_LIMIT_FACTOR: "0",
        TIER_MAX_PROJECTS_FREE: "1000",
        LOG_LEVEL: "info",
        AGENT_CHAT_TITLES: "0",
        AGENT_COMMIT_MESSAGES: "0",
        // The journey about Git begins without a repository.
        PROJECT_GIT: "0",
        // Images are provided or built by the first project; a journey about preparation turns it on.
        TEMPLATE_PREPARATION: "0",
        BROWSER_DOWNLOAD: "0",
        ...(engine && { DOCKER_HOST: engine.host }),
        ...env,
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-400_000)));
    // A crash is detected immediately; otherwise the start time depends on the load of the machine.
    for (const until = Date.now() + 5 * 60_000; ; await sleep(50)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the server ended (${child.signalCode ?? child.exitCode}):\n${output.slice(-4000)}`);
      const isUp = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).then(
        (r) => r.ok,
        () => false,
      );
      if (isUp) return child;
      if (Date.now() < until) continue;
      child.kill("SIGKILL");
      throw new Error(`the server did not start:\n${output.slice(-4000)}`);
    }
  };
  const ended = (child: ChildProcess) =>
    new Promise<void>((resolve) =>
      child.exitCode !== null || child.signalCode !== null ? resolve() : child.once("exit", () => resolve()),
    );
  const studio: RunningStudio = {
    url,
    port,
    dataDir,
    dockerHost: engine?.host,
    process: await spawnServer().catch(async (error: unknown) => {
      await engine?.close();
      throw error;
    }),
    output: () => output,
    kill: async () => {
      studio.process.kill("SIGKILL");
      await ended(studio.process);
    },
    restart: async () => {
      studio.process = await spawnServer();
    },
    close: async () => {
      studio.process.kill("SIGTERM");
      await Promise.race([ended(studio.process), sleep(25_000).then(() => studio.process.kill("SIGKILL"))]);
      await ended(studio.process);
      await engine?.close();
      await options.images?.collect(dataDir);
      if (options.dataDir) return;
      await removeLeftovers(dataDir);
      untrackFolder(dataDir);
    },
  };
  return studio;
}
