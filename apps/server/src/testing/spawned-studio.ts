import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { inject } from "vitest";
import { testConnection } from "./postgres.ts";

export interface SpawnedStudio {
  child: ChildProcess;
  /** SIGKILL, like the OOM killer. No-op when it has exited. */
  kill(): Promise<void>;
}

/**
 * The server in a separate process, so that it can be killed, on the data of a closed app. Without `database` and a runtime folder it uses
 * its own, in its data folder. Resolves when it listens.
 */
export async function spawnStudio(where: {
  port: number;
  dataDir: string;
  database?: string;
  runtimeDir?: string;
  templatesDir?: string;
  env?: Record<string, string>;
}): Promise<SpawnedStudio> {
  const { port, dataDir, database, runtimeDir, templatesDir, env } = where;
  const compiled = process.env["NODE_COMPILE_CACHE"];
  const child = fork(join(import.meta.dirname, "studio-process.ts"), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // The compile cache halves the start-up time.
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...(compiled && { NODE_COMPILE_CACHE: compiled }) },
  });
  child.send({
    env: {
      PORT: String(port),
      DATA_DIR: dataDir,
      SECRET_KEY: "a secret key of the tests, 32+ characters",
      RATE_LIMIT_FACTOR: "0",
      LOG_LEVEL: "error",
      PROJECT_GIT: "0",
      TEMPLATE_PREPARATION: "0",
      BROWSER_DOWNLOAD: "0",
      ...env,
    },
    database: database === undefined ? undefined : testConnection(inject("postgres").server, database),
    runtimeDir,
    templatesDir,
  });
  await once(child, "message");
  return {
    child,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}
