/** The servers that simulated people use. */
import { fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reachable, releaseReachable, stopRuntimesBelow } from "@tesslate/runtime";
import { freePort, startS3Server } from "@tesslate/testkit";
import { createLogger } from "../../apps/server/src/platform/logger.ts";
import { startEmbeddedPostgres } from "../../apps/server/src/platform/postgres/embedded.ts";
import { startStudio, type RunningStudio } from "../../e2e/studio.ts";
import type { Load } from "../model-process.ts";
import type { Roots } from "./usage.ts";

export interface Fleet {
  /** One per server. */
  urls: string[];
  roots(): Roots;
  /** Sets how long an answer of the scripted model is, and how fast. */
  setModel(load: Load): Promise<void>;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, "../..");

/**
 * One server is the default installation: it has its own database and runs the projects itself. Several share a PostgreSQL, an S3 store and
 * one runner.
 */
export async function startFleet(servers: number): Promise<Fleet> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const model = fork(join(import.meta.dirname, "../model-process.ts"));
    closers.push(() => model.disconnect());
    const [{ url }] = (await once(model, "message")) as [{ url: string }];
    const env = {
      OPENAI_API_KEY: "sk-scale",
      OPENAI_BASE_URL: url,
      DEFAULT_MODELS: "openai/scripted",
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
      LOG_LEVEL: "warn",
      ACCESS_TOKEN_EXPIRE_MINUTES: "600",
      IDLE_FREEZE_MINUTES: "0",
      IDLE_STOP_MINUTES: "0",
    };
    const shared = servers === 1 ? undefined : await startShared(closers);
    const studios: RunningStudio[] = [];
    // One after the other: the first migrates the database.
    for (let i = 0; i < servers; i++) {
      const port = await freePort();
      const studio = await startStudio({ ...env, ...shared?.env, ...(shared && { SERVER_ADDRESS: `http://127.0.0.1:${port}` }) }, { port });
      closers.push(() => studio.close());
      studios.push(studio);
    }
    return {
      urls: studios.map((studio) => studio.url),
      roots: () => ({
        servers: studios.map((studio) => studio.process.pid ?? 0),
        runners: shared ? [shared.runnerPid] : [],
        databases: shared ? [shared.databasePid] : [],
      }),
      setModel: async (load) => {
        model.send(load);
        await once(model, "message");
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What several servers share. */
async function startShared(closers: (() => unknown)[]) {
  const folder = await mkdtemp(join(tmpdir(), "scale-"));
  await chmod(folder, 0o755);
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({
    dataDir: folder,
    reach: reachable,
    release: releaseReachable,
    log: createLogger("error"),
    settings: { max_connections: "500" },
  });
  closers.push(() => postgres.stop());
  const keys = { bucket: "scale", accessKeyId: "key", secretAccessKey: "secret" };
  const objects = await startS3Server(keys);
  closers.push(() => objects[Symbol.asyncDispose]());

  const token = randomBytes(32).toString("hex");
  const port = await freePort();
  const runner = spawn(process.execPath, [join(root, "scripts/runner.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, DATA_DIR: join(folder, "runner"), RUNNER_LISTEN: `127.0.0.1:${port}`, RUNNER_TOKEN: token, LOG_LEVEL: "error" },
  });
  closers.push(async () => {
    if (runner.exitCode === null) {
      const exited = once(runner, "exit");
      runner.kill("SIGTERM");
      await exited;
    }
    await stopRuntimesBelow(folder);
  });
  // It prints where it is when it answers.
  await Promise.race([
    once(runner.stdout, "data"),
    once(runner, "exit").then(([code]) => Promise.reject(new Error(`the runner ended with exit code ${code}`))),
  ]);
  const pidFile = join(folder, "postgres/data/postmaster.pid");
  if (!existsSync(pidFile)) throw new Error(`${pidFile} is missing`);
  return {
    databasePid: Number(readFileSync(pidFile, "utf8").split("\n", 1)[0]),
    runnerPid: runner.pid ?? 0,
    env: {
      DATABASE_URL: `postgres://tesslate@localhost/tesslate?host=${encodeURIComponent(postgres.socketDir)}`,
      SECRET_KEY: randomBytes(32).toString("hex"),
      APP_BASE_URL: `http://localhost:${await freePort()}`,
      RUNTIME_DRIVER: "remote",
      RUNNER_URL: `http://127.0.0.1:${port}`,
      RUNNER_TOKEN: token,
      OBJECTS_S3_ENDPOINT: objects.endpoint,
      OBJECTS_S3_BUCKET: keys.bucket,
      OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
      OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
  };
}
