import type { Container } from "@tesslate/contract";

/** What containers know of the connections between them; the connections themselves are another feature. */
export interface Wiring {
  /** For every container that is a target: the ids of its sources. */
  sourcesOf(projectId: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** What its sources give a container now. Of several that give the same name the latest connection wins. */
  variablesOf(projectId: string, targetId: string): Promise<Record<string, string>>;
  /** The same by name and source, without opening anything. */
  namesOf(projectId: string, targetId: string): Promise<NonNullable<Container["injected_env_vars"]>>;
  /** Those that get something from this container. */
  targetsOf(projectId: string, sourceId: string): Promise<string[]>;
}
