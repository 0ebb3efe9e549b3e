import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ConnectionEnvironment } from "./environment.ts";

export type Dependents = ReturnType<typeof createDependents>;
/** Containers that get variables from another one. */
export function createDependents({
  store,
  connectionEnvironment,
  view,
}: {
  store: Pick<ContainersStore, "markStale">;
  connectionEnvironment: Pick<ConnectionEnvironment, "targetsOf">;
  view: Pick<ContainerView, "emitChange">;
}) {
  const self = {
    /** Their ids. */
    of: (row: ContainerRow): Promise<string[]> => connectionEnvironment.targetsOf(row.project_id, row.id),
    /** Marks those whose injected variables changed. `targets`: by default all. */
    markStale: async (row: ContainerRow, targets?: readonly string[]): Promise<void> => {
      const ids = targets ?? (await self.of(row));
      if (ids.length === 0) return;
      for (const stale of await store.markStale(row.project_id, [...ids])) await view.emitChange(stale, "update");
    },
  };
  return self;
}
