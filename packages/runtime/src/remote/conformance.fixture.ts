import type { RuntimeDriver } from "../types.ts";
import { createRemoteDriver } from "./client/driver.ts";
import { quick, token } from "./remote.fixture.ts";
import { createRunner } from "./runner/runner.ts";

/** A driver behind a runner and a connection, which are closed with it: for suites that open and close a driver. */
export async function overConnection(driver: RuntimeDriver): Promise<RuntimeDriver> {
  const timing = { ...quick, pingMs: 10_000, pingTimeoutMs: 5_000 };
  const runner = await createRunner({ driver, token, listen: { host: "127.0.0.1", port: 0 }, version: "0.0.0-test", timing });
  const remote = await createRemoteDriver({ url: runner.url, token, timing });
  return {
    ...remote,
    name: remote.name,
    isolation: remote.isolation,
    warnings: remote.warnings,
    can: remote.can,
    async close(options) {
      await remote.close(options);
      await runner.close();
      await driver.close(options);
    },
  };
}
