import type { RuntimeDriver, Sandbox } from "../../types.ts";
import type { Clients } from "./clients.ts";
import { createDriverHandlers } from "./driver-handlers.ts";
import { createHistoryHandlers } from "./history-handlers.ts";
import { createOwners } from "./owners.ts";
import { createSandboxHandlers } from "./sandbox-handlers.ts";
import type { Handlers } from "./serve-call.ts";
import { createTreeHandlers } from "./tree-handlers.ts";

/** Finds the sandbox of a call. Throws `not_found`, and `unavailable` when another server took it over. */
export type UseSandbox = (target: { id: string; epoch?: number | undefined }) => Promise<Sandbox>;

/** What the runner does for each call, by method. */
export function createHandlers(driver: RuntimeDriver, clients: Clients): Handlers {
  const owners = createOwners(driver);
  return {
    ...createDriverHandlers(driver, owners, clients),
    ...createSandboxHandlers(owners.use),
    ...createTreeHandlers(owners.use),
    ...createHistoryHandlers(owners.use),
  };
}
