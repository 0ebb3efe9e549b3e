import type { Container } from "@tesslate/contract";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { EventLog } from "../../../platform/events.ts";
import { containerUrl, presentContainer, type PreviewAddress } from "./present.ts";

export type ContainerView = ReturnType<typeof createContainerView>;
/** Containers as clients see them, and the events about their changes. */
export const createContainerView = ({ address, events }: { address: PreviewAddress; events: EventLog }) => ({
  /** `injected` is set when a single container is read. */
  present: (row: ContainerRow, injected: Container["injected_env_vars"] = null): Container => presentContainer(row, address, injected),
  urlOf: (row: ContainerRow): string | null => containerUrl(row, address),
  /** Emits that a container was added, changed or deleted. */
  emitChange: async (row: ContainerRow, op: "add" | "update" | "delete"): Promise<void> =>
    void (await events.append(row.project_id, { type: "graph_changed", data: { part: "container", op, id: row.id } })),
});
