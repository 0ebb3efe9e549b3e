/** Runs the projects of a server on another machine; see `usage`. Exit codes: 0 ended, 1 failed, 2 wrong usage, 78 invalid configuration. */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { createRuntime } from "@tesslate/runtime";
import { createRunner, hasHashIn } from "@tesslate/runtime/runner";
import { ConfigError, readConfig } from "../apps/server/src/config.ts";
import { readHostLoad } from "../apps/server/src/platform/host-load.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { findPostgresPrograms } from "../apps/server/src/platform/postgres/programs.ts";
import { recordRunner } from "../apps/server/src/platform/running-server.ts";
import { createRunnerTracing } from "../apps/server/src/platform/runner-tracing.ts";
import { startTraces } from "../apps/server/src/platform/traces.ts";
import { createWorkContext } from "../apps/server/src/platform/work-context.ts";
import { readRunnerCertificates, readRunnerToken } from "../apps/server/src/runner-options.ts";
import { readRevision } from "../apps/server/src/revision.ts";
import { version } from "../apps/server/src/version.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio runner

Runs projects for a server with RUNTIME_DRIVER=remote and RUNNER_URL. Settings (docs/operations/runner.md):

  RUNNER_TOKEN_FILE, RUNNER_TOKEN   the secret that the server has too, at least 32 bytes
  RUNNER_LISTEN                     host:port or unix:///path; default: 127.0.0.1:7070
  RUNNER_CERT_FILE, RUNNER_KEY_FILE certificate and private key for TLS
  RUNTIME_DRIVER, DATA_DIR          how and where this machine runs projects

SIGTERM: waits for running calls up to 10 s; projects keep running until the next start.
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** `host:port` or `unix:///path`. */
function parseListen(value: string): { host: string; port: number } | { path: string } {
  if (value.startsWith("unix://")) return { path: value.slice("unix://".length) };
  const at = value.lastIndexOf(":");
  return { host: value.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(value.slice(at + 1)) };
}

/** The default is the server's. */
const serviceNameOf = (name: string): string => (name === "tesslate-studio" ? "tesslate-studio-runner" : name);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { help: { type: "boolean", default: false } } });
  if (values.help) {
    process.stderr.write(usage);
    return 0;
  }
  const config = readConfig(process.env);
  const { runner: settings, driver: driverName, docker, orphanGraceMs } = config.runtime;
  if (driverName === "remote")
    throw new ConfigError(["RUNTIME_DRIVER=remote is for the server. A runner runs projects itself. Example: RUNTIME_DRIVER=auto"]);
  const token = settings.tokenHashFile === undefined ? await readRunnerToken(settings) : hasHashIn(settings.tokenHashFile);
  const { ca, cert, key } = await readRunnerCertificates(settings);
  const dataDir = resolve(config.dataDir);
  await mkdir(dataDir, { recursive: true });
  const work = createWorkContext();
  const log = createLogger(config.log.level, undefined, work);
  const traces = await startTraces(config.traces && { ...config.traces, serviceName: serviceNameOf(config.traces.serviceName) }, version);
  const postgres = await findPostgresPrograms();
  const driver = await createRuntime({
    driver: driverName,
    dataDir,
    docker,
    ...(orphanGraceMs !== undefined && { orphanGraceMs }),
    ...(postgres !== undefined && { programs: { postgres } }),
    log,
  });
  const listen = parseListen(settings.listen);
  const runner = await createRunner({
    driver,
    token,
    listen,
    ...(cert !== undefined && key !== undefined && { tls: { cert, key, ...(ca !== undefined && { ca }) } }),
    ...(orphanGraceMs !== undefined && { orphanGraceMs }),
    version,
    revision: await readRevision(),
    readMachine: async () => {
      const load = await readHostLoad(dataDir);
      return {
        memoryUsedBytes: load.memory_used_bytes,
        memoryTotalBytes: load.memory_total_bytes,
        diskFreeBytes: load.disk_total_bytes - load.disk_used_bytes,
        diskTotalBytes: load.disk_total_bytes,
      };
    },
    tracing: createRunnerTracing(traces, work),
    log,
  }).catch(async (error: NodeJS.ErrnoException) => {
    await driver.close({ leaveRunning: true });
    if (error.code === "EADDRINUSE")
      throw new Error(`${settings.listen} is in use. Set RUNNER_LISTEN to another address.`, { cause: error });
    throw error;
  });
  print("");
  print(`  Tesslate Studio runner ${version} is running at ${runner.url}`);
  print(`  Project code runs in: ${driver.name}, isolation ${driver.isolation}`);
  for (const warning of driver.warnings) print(`    ! ${warning}`);
  if (cert === undefined && "host" in listen && !["127.0.0.1", "::1", "localhost"].includes(listen.host))
    print("    ! Connections are not encrypted: set RUNNER_CERT_FILE and RUNNER_KEY_FILE unless the network is private to both machines.");
  if (ca !== undefined)
    print(
      "    ! RUNNER_CA_FILE is set: servers must show a certificate that it signed (RUNNER_CERT_FILE and RUNNER_KEY_FILE on the server).",
    );
  await recordRunner(dataDir, {
    address: runner.url,
    version,
    orphaned_stop_minutes: orphanGraceMs === undefined ? null : orphanGraceMs / 60_000,
  }).catch((err: unknown) => log.warn({ err }, "runner.json not written"));
  print("");
  const signal = await new Promise<string>((end) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => end(name));
  });
  print(`  ${signal}: shutting down; projects keep running`);
  await runner.close();
  await driver.close({ leaveRunning: true });
  await traces?.close();
  return 0;
}

await runCommand(main, usage);
process.exit();
