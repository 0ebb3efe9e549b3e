import { Readable } from "node:stream";
import { AppError } from "../errors.ts";
import { readInstallation } from "../installation.ts";
import type { Logger } from "../logger.ts";
import type { ServerSettings } from "../server-settings.ts";
import type { ObjectStore } from "./object-store.ts";

/** How long a server relies on what it has read of the claim. */
const validMs = 10_000;

/** Whose bucket it is. Only that installation deletes and replaces objects in it. */
export interface BucketClaim {
  isHeld(): Promise<boolean>;
}

/**
 * Claims a bucket that no installation has, unless this one was restored: the original may still use the bucket, also with a version that did
 * not claim it. `./studio claim` confirms a restored installation.
 */
export function createBucketClaim(
  settings: Pick<ServerSettings, "setOnce">,
  { owner }: Pick<ObjectStore, "owner">,
  now: () => number = Date.now,
): BucketClaim {
  let known: { isHeld: boolean; until: number } | undefined;
  const read = async (): Promise<boolean> => {
    if (!owner) return true;
    const { id, restored_from } = await readInstallation(settings);
    if (restored_from !== null) return false;
    if ((await owner.read()) === undefined) await owner.set(id);
    // Of two installations that claimed it at once, the last one has it.
    return (await owner.read()) === id;
  };
  return {
    isHeld: async () => {
      if (known && now() < known.until) return known.isHeld;
      const isHeld = await read();
      known = { isHeld, until: now() + validMs };
      return isHeld;
    },
  };
}

/**
 * The store, of which only the installation that holds the claim deletes or replaces objects. Another one, such as a restored copy, reads
 * everything and adds objects; what it would delete stays.
 */
export function guardObjects(objects: ObjectStore, claim: BucketClaim, log: Logger): ObjectStore {
  if (!objects.owner) return objects;
  const mayDelete = async (prefix: string): Promise<boolean> => {
    if (await claim.isHeld()) return true;
    log.debug({ prefix, store: objects.address }, "objects are not deleted, because the bucket belongs to another installation");
    return false;
  };
  const refuseReplacing = async (key: string): Promise<void> => {
    if (!(await claim.isHeld()) && (await objects.head(key))) throw replacesOfOther(objects.address);
  };
  return {
    ...objects,
    put: async (key, data, options) => {
      await refuseReplacing(key).catch((error: unknown) => {
        if (data instanceof Readable) data.destroy();
        throw error;
      });
      return objects.put(key, data, options);
    },
    putFile: async (key, path) => {
      await refuseReplacing(key);
      await objects.putFile(key, path);
    },
    copy: async (from, to) => {
      await refuseReplacing(to);
      return objects.copy(from, to);
    },
    delete: async (...keys) => {
      if (await mayDelete(keys[0] ?? "")) await objects.delete(...keys);
    },
    deleteAll: async (prefix) => {
      if (await mayDelete(prefix)) await objects.deleteAll(prefix);
    },
    removeUnfinished: async (before) => ((await mayDelete("")) ? objects.removeUnfinished(before) : 0),
  };
}

const replacesOfOther = (address: string) =>
  new AppError("conflict", `${address} belongs to another installation, whose files this server does not replace.`);
