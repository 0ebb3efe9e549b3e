import { compose } from "./compose.ts";
import { ConfigError, readConfig } from "./config.ts";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isContainerImage } from "./platform/container-image.ts";
import { recordServer, shutdownLimitMs } from "./platform/running-server.ts";
import { notifySystemd } from "./platform/systemd.ts";
import { projectsAfterEnd } from "./shutdown-message.ts";
import { version } from "./version.ts";

/** The first existing path. Source and bundle are at different depths of the checkout. */
const locate = (...candidates: string[]) => candidates.map((p) => fileURLToPath(new URL(p, import.meta.url))).find((p) => existsSync(p));
const webDir = locate("../../web/dist", "../web");
const demoModel = locate("./demo-model.js", "../../../packages/testkit/src/demo/server.ts");
const backupProgram = locate("./backup.js", "../../../scripts/backup.ts");

/** Reads the configuration, composes, listens, shuts down gracefully: nothing else. Exit codes: 78 invalid configuration, 1 start failed. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  // Another server has claimed the database, so this one exits.
  const onDatabaseLost = (message: string) => {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  };
  const studio = await compose(config, {
    onDatabaseLost,
    ...(webDir !== undefined && { webDir }),
    ...(demoModel !== undefined && { demoModel }),
    ...(backupProgram !== undefined && { backupProgram }),
  });
  const { port } = await studio.http.listen();
  const { facts } = studio;
  const { orphanGraceMs } = config.runtime;
  const orphanMinutes = orphanGraceMs === undefined ? undefined : orphanGraceMs / 60_000;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  say(`  Tesslate Studio is running at ${config.http.appBaseUrl}${config.http.port === port ? "" : ` (port ${port})`}`);
  say(
    facts.driver === "remote"
      ? "  ! The runner cannot be reached, so projects do not work. The server keeps trying to connect; the log has the reason."
      : `  Project code runs in: ${facts.driver}, isolation ${facts.isolation}`,
  );
  for (const warning of facts.warnings) say(`    ! ${warning}`);
  say(`  Models: ${facts.models.length > 0 ? facts.models.join(", ") : "none connected yet; connect one in the app"}`);
  if (facts.setupToken) say(`  Setup token (required to register the first account, which becomes administrator): ${facts.setupToken}`);
  say("");

  const notify = (state: "ready" | "stopping") =>
    notifySystemd(process.env["NOTIFY_SOCKET"], state).catch((error: Error) => {
      process.stderr.write(`systemd could not be notified: ${error.message}\n`);
    });

  const { address, drainMs, patienceMs } = config.servers;
  const isOneOfSeveral = address !== undefined;
  const limitMs = shutdownLimitMs + (isOneOfSeveral ? drainMs + 2 * patienceMs : 0);
  let isEnding = false;
  const end = (signal: string) => {
    if (isEnding) return;
    isEnding = true;
    const projects = projectsAfterEnd({ driver: facts.driver, isOneOfSeveral, isContainerImage: isContainerImage(), orphanMinutes });
    say(`  ${signal}: shutting down; ${projects}`);
    void notify("stopping");
    const deadline = setTimeout(() => process.exit(1), limitMs);
    deadline.unref();
    void studio
      .drain()
      .catch((error: Error) => say(`  The projects could not be handed over: ${error.message}`))
      .then(() => studio.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.once("SIGINT", () => end("SIGINT"));
  // A second one does not interrupt the shutdown.
  process.on("SIGTERM", () => end("SIGTERM"));

  // Once it can end in order. Without the record the server works, but `./studio stop` does not find it.
  const record = {
    address: config.http.appBaseUrl,
    version,
    orphaned_stop_minutes: orphanMinutes ?? null,
    is_one_of_several: isOneOfSeveral,
    shutdown_limit_ms: limitMs,
  };
  await recordServer(resolve(config.dataDir), record).catch((error: Error) => {
    process.stderr.write(
      `server.json could not be written, so ./studio status and ./studio stop do not find this server: ${error.message}\n`,
    );
  });
  await notify("ready");
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : error instanceof Error ? (process.env["LOG_LEVEL"] === "debug" ? error.stack : error.message) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 78 : 1);
});
