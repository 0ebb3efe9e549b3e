import { compose } from "./compose.ts";
import { ConfigError, readConfig } from "./config.ts";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";

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
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say("");
  say(`  Tesslate Studio is running at ${config.http.appBaseUrl}${config.http.port === port ? "" : ` (port ${port})`}`);
  say(`  Project code runs in: ${facts.driver}, isolation ${facts.isolation}`);
  for (const warning of facts.warnings) say(`    ! ${warning}`);
  say(`  Models: ${facts.models.length > 0 ? facts.models.join(", ") : "none connected yet; connect one in the app"}`);
  if (facts.setupToken) say(`  Setup token (required to register the first account, which becomes administrator): ${facts.setupToken}`);
  say("");

  let isEnding = false;
  const end = (signal: string) => {
    if (isEnding) return;
    isEnding = true;
    const { orphanGraceMs } = config.runtime;
    const until = orphanGraceMs === undefined ? "until the next start" : `for ${orphanGraceMs / 60_000} minutes, or until the next start`;
    say(`  ${signal}: shutting down; projects keep running ${until}`);
    const deadline = setTimeout(() => process.exit(1), 20_000);
    deadline.unref();
    void studio.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGINT", () => end("SIGINT"));
  process.once("SIGTERM", () => end("SIGTERM"));
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : error instanceof Error ? (process.env["LOG_LEVEL"] === "debug" ? error.stack : error.message) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 78 : 1);
});
