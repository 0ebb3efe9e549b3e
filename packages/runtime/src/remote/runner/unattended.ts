import type { RuntimeLog } from "../../log.ts";
import type { RuntimeDriver } from "../../types.ts";

/** Stops services that no server uses any more, since nobody would freeze or stop them: also those from before the runner's start. */
export function createUnattended(driver: RuntimeDriver, { afterMs, log }: { afterMs: number | undefined; log: RuntimeLog }) {
  let timer: NodeJS.Timeout | undefined;

  async function stopAll() {
    for (const { id, services } of await driver.list()) {
      if (services.every(({ state }) => state === "stopped" || state === "failed")) continue;
      // A server may come while others are stopped.
      if (timer === undefined) return;
      log.warn({ sandbox: id }, "services are stopped because no server is connected");
      await (await driver.find(id))?.stop();
    }
  }
  const wait = () => {
    if (afterMs === undefined || timer) return;
    timer = setTimeout(() => {
      stopAll().catch((error: unknown) => log.error({ err: error }, "services without a server could not be stopped"));
    }, afterMs);
    timer.unref();
  };
  const close = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  wait();
  return {
    setAttended(isAttended: boolean): void {
      if (isAttended) close();
      else wait();
    },
    close,
  };
}
