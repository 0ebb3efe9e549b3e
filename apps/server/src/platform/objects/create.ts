import { join } from "node:path";
import type { Config } from "../../config.ts";
import { readCaFile } from "../ca-file.ts";
import { createOutbound, hostEntry, type Outbound } from "../outbound.ts";
import { createFolderStore } from "./folder-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { createS3Store } from "./s3-store.ts";

/** Temporary files of the server, in its data folder. The server empties it when it starts. */
export const scratchFolder = (dataDir: string): string => join(dataDir, "scratch");

/** The objects of a data folder, whether or not they are used. */
export const openFolderObjects = (dataDir: string): ObjectStore => createFolderStore({ dir: dataDir, scratchDir: scratchFolder(dataDir) });

export interface OpenedObjects {
  objects: ObjectStore;
  close(): Promise<void>;
}

/** The configured store: a bucket if one is set, else the data folder. */
export async function openObjects(
  { objects: { s3 }, outbound }: Pick<Config, "objects" | "outbound">,
  dataDir: string,
): Promise<OpenedObjects> {
  if (s3.bucket === "") return { objects: openFolderObjects(dataDir), close: async () => undefined };
  const storage = await createStorageOutbound(outbound, s3);
  return {
    objects: createS3Store({
      ...s3,
      secretAccessKey: s3.secretAccessKey?.reveal() ?? "",
      fetch: storage.fetch,
      scratchDir: scratchFolder(dataDir),
    }),
    close: storage.close,
  };
}

/** Requests to a storage that the operator configured: it may be on a private host, and uses the server's proxy and certificates. */
export async function createStorageOutbound(
  { allowHosts, caFile, proxy }: Config["outbound"],
  { bucket, endpoint }: { bucket: string; endpoint?: string | undefined },
): Promise<Outbound> {
  const ca = await readCaFile(caFile);
  // With and without the bucket in the name of the host.
  const host = endpoint === undefined ? undefined : hostEntry(endpoint);
  return createOutbound({
    allowHosts: [...allowHosts, ...(host === undefined ? [] : [host, `${bucket}.${host}`])],
    ...(ca && { ca }),
    proxy: { ...proxy, http: proxy.http?.reveal(), https: proxy.https?.reveal() },
  });
}
