import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { Config } from "./config.ts";
import { createBus } from "./platform/bus.ts";
import { createCryptoBox, loadSecretKey } from "./platform/crypto.ts";
import { loadEncryptionKeys } from "./platform/encryption-keys.ts";
import type { Logger } from "./platform/logger.ts";
import {
  collections,
  openFolderObjects,
  openObjects,
  recordLocation,
  type ObjectFacts,
  type ObjectStore,
} from "./platform/objects/index.ts";
import { createServerSettings } from "./platform/server-settings.ts";
import { openInstallation } from "./open-installation.ts";

export interface CopyContext {
  config: Config;
  log: Logger;
  print: (line: string) => void;
  signal: AbortSignal;
}

export interface CopyResult {
  from: string;
  to: string;
  copied: number;
  copiedBytes: number;
  /** Were there already. */
  kept: number;
  /** The installation uses the target from now on. False while its server runs, which may store more meanwhile. */
  isRecorded: boolean;
}

/**
 * Copies all objects of an installation from the data folder to the configured bucket, or back, and compares checksums. Repeating it copies what
 * is new. Nothing is deleted.
 */
export async function copyAllObjects({ config, log, print, signal }: CopyContext, to: ObjectStore["kind"]): Promise<CopyResult> {
  if (config.objects.s3.bucket === "") throw new Error("Set OBJECTS_S3_BUCKET and its access key first: they name the bucket of the copy.");
  const installation = await openInstallation({ config, log });
  const { dataDir, database, isRunning, closers } = installation;
  try {
    const opened = await openObjects(config, dataDir);
    closers.push(opened.close);
    const folder = openFolderObjects(dataDir);
    const [source, target] = to === "s3" ? [folder, opened.objects] : [opened.objects, folder];
    await target.check();
    const result = await copyObjects(source, target, { print, signal });
    if (!isRunning) {
      const bus = await createBus(database.pool, database.connection, log);
      closers.push(() => bus.close());
      const box = createCryptoBox(await loadSecretKey(config.auth.secretKey?.reveal(), dataDir), await loadEncryptionKeys(config, dataDir));
      await recordLocation(createServerSettings({ db: database.db, bus, box }), target);
    }
    return { from: source.address, to: target.address, ...result, isRecorded: !isRunning };
  } finally {
    await installation.close();
  }
}

/** Copies what the target does not have yet. Throws when it returns another content than it was sent. */
export async function copyObjects(
  source: ObjectStore,
  target: ObjectStore,
  { print, signal }: Pick<CopyContext, "print" | "signal">,
): Promise<Pick<CopyResult, "copied" | "copiedBytes" | "kept">> {
  const result = { copied: 0, copiedBytes: 0, kept: 0 };
  for (const collection of collections) {
    const before = { ...result };
    for await (const { found, existing } of inBoth(source.list(`${collection}/`), target.list(`${collection}/`))) {
      signal.throwIfAborted();
      // Objects are not changed, but replaced: one that is newer is another.
      if (existing?.bytes === found.bytes && existing.modifiedAt >= found.modifiedAt) {
        result.kept++;
        continue;
      }
      if (!(await copyObject(source, target, found, signal))) continue;
      result.copied++;
      result.copiedBytes += found.bytes;
    }
    print(`${collection}: ${result.copied - before.copied} copied, ${result.kept - before.kept} were there already`);
  }
  return result;
}

/** False when it was deleted meanwhile. */
async function copyObject(source: ObjectStore, target: ObjectStore, { key }: ObjectFacts, signal: AbortSignal): Promise<boolean> {
  const found = await source.get(key);
  if (!found) return false;
  const sent = createHash("sha256");
  const { data } = found;
  const hashed = async function* () {
    for await (const piece of data as AsyncIterable<Buffer>) {
      sent.update(piece);
      yield piece;
    }
  };
  await target.put(key, hashed(), { signal });
  const stored = await target.get(key);
  const received = createHash("sha256");
  if (stored) await pipeline(stored.data, received, { signal });
  if (!stored || sent.digest("hex") !== received.digest("hex")) {
    await target.delete(key);
    throw new Error(`${target.address} returned another content of ${key} than it was sent. It was deleted there.`);
  }
  return true;
}

/** Each object of the first list, with that of the second with the same key. Both are in order. */
async function* inBoth(
  first: AsyncIterable<ObjectFacts>,
  second: AsyncIterable<ObjectFacts>,
): AsyncGenerator<{ found: ObjectFacts; existing: ObjectFacts | undefined }, void> {
  const others = second[Symbol.asyncIterator]();
  let other = await others.next();
  for await (const found of first) {
    while (!other.done && Buffer.compare(Buffer.from(other.value.key), Buffer.from(found.key)) < 0) other = await others.next();
    yield { found, existing: !other.done && other.value.key === found.key ? other.value : undefined };
  }
}
