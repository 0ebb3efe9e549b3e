import type { ServerSettings } from "../server-settings.ts";
import { collections, type ObjectStore } from "./object-store.ts";

const settingKey = "object_store";
/** Where the objects of an installation are. The data folder may be moved. */
interface Location {
  kind: "folder" | "s3";
  address: string | null;
}
const locationOf = ({ kind, address }: ObjectStore): Location => ({ kind, address: kind === "folder" ? null : address });
const nameOf = ({ kind, address }: Location) => (kind === "folder" ? "DATA_DIR" : (address ?? "S3"));

/** Of all objects that rows refer to, for a store that is used for the first time. */
export async function hasObjects(store: ObjectStore): Promise<boolean> {
  for (const collection of collections) for await (const _ of store.list(`${collection}/`)) return true;
  return false;
}

/**
 * Refuses a store that does not have the objects of this installation, because the setting was changed without `./studio objects copy`. The
 * first store is recorded.
 */
export async function refuseOtherObjects(
  settings: Pick<ServerSettings, "get" | "setOnce">,
  configured: ObjectStore,
  folder: ObjectStore,
): Promise<void> {
  const known = await settings.get<Location>(settingKey);
  const isUnrecorded = known === undefined && configured.kind === "s3" && (await hasObjects(folder));
  const recorded = isUnrecorded ? locationOf(folder) : (known ?? (await settings.setOnce<Location>(settingKey, locationOf(configured))));
  if (nameOf(recorded) === nameOf(locationOf(configured))) return;
  throw new Error(
    `The files of this installation are in ${nameOf(recorded)}, but the settings say ${nameOf(locationOf(configured))}. Copy them with ./studio objects copy, or restore the settings OBJECTS_S3_*.`,
  );
}

/** After everything was copied to that store. */
export const recordLocation = (settings: Pick<ServerSettings, "set">, store: ObjectStore): Promise<void> =>
  settings.set(settingKey, locationOf(store));
