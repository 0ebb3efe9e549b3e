import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../../platform/logger.ts";
import type { Artefacts } from "../build/artifacts.ts";
import { deploymentOfRoom, type CleanRooms } from "../build/build-sandbox.ts";
import type { DeploymentsStore } from "../deployments.store.ts";

/** At boot: sandboxes and files of versions that are gone, left by a server that died while it took them away. */
export async function sweepDeployments({
  store,
  artefacts,
  rooms,
  runtime,
  isShared,
  log,
}: {
  store: DeploymentsStore;
  artefacts: Artefacts;
  rooms: CleanRooms;
  runtime: Pick<RuntimeDriver, "list">;
  isShared: boolean;
  log: Logger;
}): Promise<void> {
  const inRooms = (await runtime.list()).flatMap(({ id }) => deploymentOfRoom(id) ?? []);
  const inFiles = await artefacts.list();
  const known = await store.known([...inRooms, ...inFiles.map(({ id }) => id)]);
  // Another server on this database may be about to write its row; and a wrong database knows nothing at all.
  if (isShared && known.size === 0) return;
  for (const id of inRooms)
    if (!known.has(id))
      await rooms.remove(id).catch((err: unknown) => log.warn({ err, deployment_id: id }, "sandbox of a deployment not removed"));
  for (const place of inFiles)
    if (!known.has(place.id))
      await artefacts
        .remove(place)
        .catch((err: unknown) => log.warn({ err, deployment_id: place.id }, "files of a deployment not removed"));
}
