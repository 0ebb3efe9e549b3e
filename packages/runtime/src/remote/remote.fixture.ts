import type { RuntimeLog } from "../log.ts";
import type { RuntimeDriver } from "../types.ts";
import { createRemoteDriver, type RemoteOptions } from "./client/driver.ts";
import { createFaultyProxy, type FaultyProxy } from "./faulty-proxy.fixture.ts";
import type { Timing } from "./protocol.ts";
import { createRunner, type Runner } from "./runner/runner.ts";

export const token = "0123456789abcdef0123456789abcdef";

/** Short times, so that faults are noticed soon. */
export const quick: Partial<Timing> = {
  pingMs: 150,
  pingTimeoutMs: 150,
  connectTimeoutMs: 1_000,
  backoffMs: { first: 10, max: 50, refused: 100 },
  patienceMs: 3_000,
  graceMs: 1_000,
  undecidedMs: 500,
  drainMs: 2_000,
};

/** A runner around a driver, behind a proxy that can fail, and what connects to it. */
export interface RemoteFixture extends AsyncDisposable {
  runner: Runner;
  proxy: FaultyProxy;
  /** Through the proxy. */
  connect(options?: Partial<RemoteOptions>): Promise<RuntimeDriver>;
  /** Replaces the runner, as a restart does. */
  restart(driver?: RuntimeDriver): Promise<void>;
}

export async function startRemote(
  driver: RuntimeDriver,
  { timing = quick, ...more }: { timing?: Partial<Timing>; log?: RuntimeLog; orphanGraceMs?: number } = {},
): Promise<RemoteFixture> {
  const start = (local: RuntimeDriver) =>
    createRunner({ driver: local, token, listen: { host: "127.0.0.1", port: 0 }, version: "0.0.0-test", timing, ...more });
  const clients: RuntimeDriver[] = [];
  const proxy = await createFaultyProxy("http://127.0.0.1:1");
  const fixture: RemoteFixture = {
    runner: await start(driver),
    proxy,
    async connect(options = {}) {
      const client = await createRemoteDriver({ url: proxy.url, token, timing, ...options });
      clients.push(client);
      return client;
    },
    async restart(next = driver) {
      proxy.refuse();
      proxy.cut();
      await fixture.runner.close();
      fixture.runner = await start(next);
      proxy.lead(fixture.runner.url);
      proxy.accept();
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close({ leaveRunning: true });
      await fixture.runner.close();
      await proxy.close();
    },
  };
  proxy.lead(fixture.runner.url);
  return fixture;
}
