import type { RuntimeDriver } from "@tesslate/runtime";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { CredentialsStore } from "./credentials.store.ts";
import type { CredentialsVault } from "./credentials.vault.ts";
import type { ConnectionEnvironment, EnvironmentVault } from "./environment.ts";
import type { PreviewAddress } from "./present.ts";

/** Shared by the modules of this feature; each takes what it needs. */
export interface ContainerContext {
  store: ContainersStore;
  credentials: CredentialsStore;
  vault: EnvironmentVault;
  credentialsVault: CredentialsVault;
  connectionEnvironment: ConnectionEnvironment;
  projects: Projects;
  redactions: Redactions;
  events: EventLog;
  tasks: Tasks;
  runtime: RuntimeDriver;
  address: PreviewAddress;
  log: Logger;
}
