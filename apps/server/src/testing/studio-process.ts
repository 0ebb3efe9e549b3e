import { flushCompileCache } from "node:module";
import { createRuntime } from "@tesslate/runtime";
import { compose, type Swap } from "../compose.ts";
import { readConfig } from "../config.ts";
import { createLogger } from "../platform/logger.ts";

/** Entry point of a server process for crash tests; the parent passes the folders and is notified when it listens. */
process.once("message", (given) => {
  const { env, database, runtimeDir, templatesDir } = given as {
    env: Record<string, string>;
    database?: { host?: string; database?: string; connectionString?: string };
    runtimeDir?: string;
    templatesDir?: string;
  };
  void (async () => {
    const swap: Swap = {};
    if (templatesDir !== undefined) swap.templatesDir = templatesDir;
    if (runtimeDir !== undefined) swap.runtime = await createRuntime({ driver: "auto", dataDir: runtimeDir, log: createLogger("silent") });
    if (database !== undefined)
      swap.database =
        database.connectionString === undefined
          ? { socketDir: database.host ?? "", database: database.database ?? "" }
          : { url: database.connectionString };
    swap.onDatabaseLost = (message) => {
      process.stderr.write(`${message}\n`);
      process.exit(1);
    };
    const studio = await compose(readConfig(env), swap);
    await studio.http.listen();
    process.send?.("listening");
    process.once(
      "SIGTERM",
      () =>
        void studio
          .drain()
          .then(studio.close)
          .then(() => process.exit(0)),
    );
    // The process is killed later, and would not write its compile cache then.
    flushCompileCache();
  })();
});
