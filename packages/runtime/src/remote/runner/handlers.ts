import type { RuntimeDriver } from "../../types.ts";
import type { Clients } from "./clients.ts";
import { createDriverHandlers, inputEnd } from "./driver-handlers.ts";
import { createHistoryHandlers } from "./history-handlers.ts";
import type { KeptTerminals } from "./kept-terminals.ts";
import { createOwners } from "./owners.ts";
import { createSandboxHandlers } from "./sandbox-handlers.ts";
import type { Handlers } from "./serve-call.ts";
import type { ReadStatus } from "./status.ts";
import { createTreeHandlers } from "./tree-handlers.ts";
import type { Usage } from "./usage.ts";

interface Parts {
  driver: RuntimeDriver;
  clients: Clients;
  terminals: KeptTerminals;
  usage: Usage;
  status: ReadStatus;
  undecidedMs: number;
}

/** What the runner does for each call, by method. */
export function createHandlers({ driver, clients, terminals, usage, status, undecidedMs }: Parts): Handlers {
  const owners = createOwners(driver);
  return {
    ...createDriverHandlers(driver, owners, clients),
    "driver.status": () => status(),
    async "driver.suspend"({ idleMs }, call) {
      const hasServices = (await driver.list()).some(({ services }) =>
        services.some(({ state }) => state !== "stopped" && state !== "failed"),
      );
      const release = hasServices ? idleMs : usage.suspend(call.client, idleMs);
      if (typeof release === "number") return call.event({ waitMs: release, servers: [...clients.all()].length });
      await call.event({ isIdle: true });
      await inputEnd(call).then(
        () => release(),
        () => release(undecidedMs),
      );
    },
    ...createSandboxHandlers(owners.use, terminals),
    ...createTreeHandlers(owners.use),
    ...createHistoryHandlers(owners.use),
  };
}
