import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import { createZip } from "../../../platform/zip.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactor } from "../../projects/secrets/index.ts";
import { addTree, archiveKey, openArchive } from "../../source/transfer/index.ts";
import { inspectArchive } from "./bases.inspect.ts";

/** Created within a request, so the size is limited. */
const maxArchiveBytes = 50 * 2 ** 20;
const maxUnpackedBytes = 200 * 2 ** 20;
const maxFiles = 5000;
const collection = "bases/";
const keyOf = (file: string) => `${collection}${file}`;
const leftoverAfterMs = 3_600_000;

export interface MadeArchive {
  file: string;
  bytes: number;
  project_id: string;
}

export type BaseArchives = ReturnType<typeof createBaseArchives>;
/** Archives of projects published as a base (`source_type: "archive"`). */
export function createBaseArchives({
  objects,
  projects,
  redactorOf,
}: {
  objects: ObjectStore;
  projects: Pick<Projects, "require" | "sandboxOf">;
  redactorOf: (projectId: string) => Promise<Redactor>;
}) {
  const busy = new Set<string>();
  const make = async (userId: string, ref: string): Promise<MadeArchive> => {
    const project = await projects.require(userId, ref);
    const { files } = await projects.sandboxOf(project);
    const file = `${randomUUID()}.zip`;
    const path = await objects.scratchFile();
    try {
      const { zip, out } = createZip();
      // One top-level folder, which unpacking strips.
      await addTree(zip, files, "base");
      zip.end();
      await pipeline(out, limited(), createWriteStream(path, { flags: "wx", mode: 0o600 }));
      const { size: bytes } = await stat(path);
      const archive = await openArchive(path, bytes, { totalBytes: maxUnpackedBytes, entries: maxFiles });
      const findings = await inspectArchive(archive.files, await redactorOf(project.id)).finally(() => archive[Symbol.asyncDispose]());
      const [first] = findings;
      if (first)
        throw badRequest(
          `${first.path} cannot be published because it is or contains ${first.why}.${findings.length > 1 ? ` ${findings.length - 1} more findings.` : ""}`,
          "base_rejected",
          { findings },
        );
      await objects.putFile(keyOf(file), path);
      return { file, bytes, project_id: project.id };
    } finally {
      await rm(path, { force: true });
    }
  };
  return {
    /** Throws 404, `project_busy`, `payload_too_large`, `storage_full`, and `base_rejected` with `details.findings` when files must not be published. */
    make: async (userId: string, ref: string): Promise<MadeArchive> => {
      if (busy.has(userId))
        throw conflict("conflict", "Another project of yours is being published as a base. Try again when that has finished.");
      busy.add(userId);
      try {
        return await make(userId, ref);
      } finally {
        busy.delete(userId);
      }
    },
    /** Stages a copy for the setup of a project, which deletes it afterwards. */
    stage: async (file: string): Promise<string> => {
      const copy = `${randomUUID()}.zip`;
      if (!(await objects.copy(keyOf(file), archiveKey(copy)))) throw new Error(`the archive ${file} is missing`);
      return copy;
    },
    unstage: (copy: string): Promise<void> => objects.delete(archiveKey(copy)),
    remove: (file: string): Promise<void> => objects.delete(keyOf(file)),
    /** Deletes archives that no base references, left by a crash. */
    sweep: async (isNamed: (file: string) => Promise<boolean>): Promise<void> => {
      for await (const { key, modifiedAt } of objects.list(collection))
        if (Date.now() - modifiedAt.getTime() > leftoverAfterMs && !(await isNamed(key.slice(collection.length))))
          await objects.delete(key);
    },
  };
}

function limited(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      if (bytes > maxArchiveBytes)
        done(new AppError("payload_too_large", `Bases are limited to ${maxArchiveBytes / 2 ** 20} MiB compressed.`));
      else done(null, chunk);
    },
  });
}
