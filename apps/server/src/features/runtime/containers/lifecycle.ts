import type { ContainerOperations } from "./container-operations.ts";
import type { ProjectOperations } from "./project-operations.ts";
import type { ExchangeRestart, RestartFailed, ShutDown, StopUnattended } from "./unattended.ts";

/** Starts, stops and restarts one container or a whole project. */
export interface ContainerLifecycle extends ProjectOperations, ContainerOperations, ExchangeRestart {
  stopUnattended: StopUnattended;
  restartFailed: RestartFailed;
  shutDown: ShutDown;
}
