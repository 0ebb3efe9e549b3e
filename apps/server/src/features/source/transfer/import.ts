import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { maxArchiveBytes } from "@tesslate/contract";
import type { UploadedFile } from "../../../http/uploads.ts";
import { AppError, badRequest, conflict, invalid } from "../../../platform/errors.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import type { CreatedProject, Provisioning } from "../../projects/projects/index.ts";
import { openArchive } from "./zip-archive.ts";

const collection = "arrivals/";
/** Of an archive that waits for its project's setup. */
export const archiveKey = (file: string): string => `${collection}${file}`;

export type Import = (userId: string, parts: AsyncIterable<UploadedFile>, given: { name?: string }) => Promise<CreatedProject>;

/** A project from a ZIP file: checked on this machine, stored, then unpacked by the setup. */
export function createImport({
  objects,
  provisioning,
  diskBytesOf,
  maxBytes = maxArchiveBytes,
}: {
  objects: ObjectStore;
  provisioning: Pick<Provisioning, "createFrom" | "requireFreeSlot">;
  diskBytesOf: (userId: string) => Promise<number>;
  maxBytes?: number;
}): Import {
  const busy = new Set<string>();
  const take: Import = async (userId, parts, given) => {
    await provisioning.requireFreeSlot(userId);
    const file = `${randomUUID()}.zip`;
    const path = await objects.scratchFile();
    let isTaken = false;
    try {
      let called: string | undefined;
      let bytes = 0;
      for await (const part of parts) {
        if (called !== undefined) throw badRequest("Send one archive at a time.");
        called = part.path;
        bytes = await keep(part, path, maxBytes);
      }
      if (called === undefined) throw invalid(["body", "file"], "Field required", "missing");
      // Reject here, while the client waits, instead of failing a task later.
      const archive = await openArchive(path, bytes, { totalBytes: await diskBytesOf(userId) });
      await archive[Symbol.asyncDispose]();
      await objects.putFile(archiveKey(file), path);
      const name = (given.name ?? basename(called.replaceAll("\\", "/")).replace(/\.zip$/i, "")).trim().slice(0, 100);
      const created = await provisioning.createFrom(userId, {
        name: name || "Imported project",
        source_type: "import",
        source: { kind: "archive", file },
      });
      isTaken = true;
      return created;
    } finally {
      await rm(path, { force: true });
      if (!isTaken) await objects.delete(archiveKey(file)).catch(() => undefined);
    }
  };
  return async (userId, parts, given) => {
    // Uploads count toward no quota until they are unpacked, so one per user at a time.
    if (busy.has(userId)) throw conflict("conflict", "Another upload of yours is still in progress. Wait until it is done.");
    busy.add(userId);
    try {
      return await take(userId, parts, given);
    } finally {
      busy.delete(userId);
    }
  };
}

/** Keep this much disk space free, because the database uses the same disk. */
const hostReserveBytes = 512 * 2 ** 20;

async function keep(part: UploadedFile, path: string, maxBytes: number): Promise<number> {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes)
        done(
          new AppError("payload_too_large", `The archive exceeds the limit of ${Math.floor(maxBytes / 2 ** 20)} MiB. Nothing was stored.`),
        );
      else done(null, chunk);
    },
  });
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < maxBytes + hostReserveBytes) throw new AppError("storage_full", "This server's disk is almost full.");
  await pipeline(part.data, counted, createWriteStream(path, { flags: "wx", mode: 0o600 })).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC")
      throw new AppError("storage_full", "This server's disk is almost full.", { cause: error });
    throw error;
  });
  if (part.isCut()) throw badRequest("The upload was interrupted. Try again.");
  return bytes;
}

const forgottenAfterMs = 24 * 3_600_000;

/** At boot: removes archives that a crash left. */
export async function sweepArchives(objects: ObjectStore): Promise<void> {
  for await (const { key, modifiedAt } of objects.list(collection))
    if (Date.now() - modifiedAt.getTime() > forgottenAfterMs) await objects.delete(key);
}
