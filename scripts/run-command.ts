import { resolve } from "node:path";
import { ConfigError } from "../apps/server/src/config.ts";
import { readSettings } from "../apps/server/src/settings/read.ts";

/** Runs a command and sets the exit code: what `main` returns; 1 failed, 2 wrong usage, 78 invalid configuration. Errors are printed, with the usage if it was wrong. */
export async function runCommand(main: () => Promise<number>, usage: string): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${usage}` : ""}`);
    process.exitCode = error instanceof ConfigError ? 78 : isUsage ? 2 : 1;
  }
}

/** The absolute data folder of a command that needs no other setting: it also works while others are invalid. */
export const commandDataDir = (environment: NodeJS.ProcessEnv, given: string | undefined): string =>
  resolve(given ?? readSettings(environment).values.storage.dataDir);
