import { flushCompileCache } from "node:module";
import { createRuntime } from "@tesslate/runtime";
import { compose, type Swap } from "../compose.ts";
import { readConfig } from "../config.ts";
import { createLogger } from "../platform/logger.ts";

/** Entry of a server process for tests that kill it; the parent says where it stands and hears when it listens. */
process.once("message", (given) => {
  const { env, database, runtimeDir, templatesDir } = given as {
    env: Record<string, string>;
    database: { host?: string; database?: string; connectionString?: string };
    runtimeDir: string;
    templatesDir?: string;
  };
  void (async () => {
    const runtime = await createRuntime({ driver: "auto", dataDir: runtimeDir, log: createLogger("silent") });
    const target: Swap["database"] =
      database.connectionString === undefined
        ? { socketDir: database.host ?? "", database: database.database ?? "" }
        : { url: database.connectionString };
    const studio = await compose(readConfig(env), { runtime, database: target, ...(templatesDir !== undefined && { templatesDir }) });
    await studio.http.listen();
    process.send?.("listening");
    // It is killed rather than ended, and then would keep nothing for the next one.
    flushCompileCache();
  })();
});
