import type { RuntimeDriver } from "../../types.ts";
import type { Clients } from "./clients.ts";
import { createDriverHandlers } from "./driver-handlers.ts";
import { createHistoryHandlers } from "./history-handlers.ts";
import { createKeptTerminals } from "./kept-terminals.ts";
import { createOwners } from "./owners.ts";
import { createSandboxHandlers } from "./sandbox-handlers.ts";
import type { Handlers } from "./serve-call.ts";
import type { ReadStatus } from "./status.ts";
import { createTreeHandlers } from "./tree-handlers.ts";

/** What the runner does for each call, by method. */
export function createHandlers(driver: RuntimeDriver, clients: Clients, status: ReadStatus): Handlers {
  const owners = createOwners(driver);
  return {
    ...createDriverHandlers(driver, owners, clients),
    "driver.status": () => status(),
    ...createSandboxHandlers(owners.use, createKeptTerminals()),
    ...createTreeHandlers(owners.use),
    ...createHistoryHandlers(owners.use),
  };
}
