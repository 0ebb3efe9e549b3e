import type { RemoveContainer } from "./container-removal.ts";
import type { ContainerUpdates } from "./container-updates.ts";
import type { ContainerReads } from "./containers.read.ts";

/** Containers of a project: rows, names, ports, variables and credentials. */
export interface Containers extends ContainerReads, ContainerUpdates {
  remove: RemoveContainer;
}
