import { sharedView, testApp, type TestApp } from "./app.ts";
import { oncePerWorker } from "./worker.ts";

/** The worker's server with rate limits, with reset counters. */
export async function limitedApp(): Promise<TestApp> {
  const app = await oncePerWorker("app with rate limits", () => testApp({ env: { RATE_LIMIT_FACTOR: "1" } }));
  await app.studio.database.pool.query("delete from rate_limits");
  return sharedView(app);
}
