import { AppError } from "../../../platform/errors.ts";
import { RuntimeError, type Tree } from "@tesslate/runtime";
import type { InsertFirst, ProjectSource, Projects, SourceInput } from "../../projects/projects/index.ts";
import { forEachConcurrently } from "../../../platform/concurrency.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import { archiveKey } from "./import.ts";
import { guessService } from "./detect-services.ts";
import { openArchive, type ArchivedFile } from "./zip-archive.ts";

/** Files unpacked at the same time. */
const concurrency = 4;
const everyFiles = 200;

/** A project from an uploaded ZIP file, which is stored until setup. */
export function createArchiveSource({
  objects,
  projects,
  insertFirst,
  diskBytesOf,
}: {
  objects: ObjectStore;
  projects: Projects;
  insertFirst: InsertFirst;
  diskBytesOf: (userId: string) => Promise<number>;
}): ProjectSource<Extract<SourceInput, { kind: "archive" }>> {
  return {
    async fill({ project, input, attempt, signal, progress, note }) {
      await progress(10, "Reading the archive");
      await using local = await objects.localFile(archiveKey(input.file), signal);
      if (!local) throw new AppError("import_failed", "The uploaded archive no longer exists. Upload it again.");
      await using archive = await openArchive(local.path, local.bytes, { totalBytes: await diskBytesOf(project.owner_id) });
      const sandbox = await projects.createSandbox(project.id, undefined, { isRetry: attempt > 1 });
      const { files, folders } = archive;
      await progress(20, `Unpacking ${files.length} files`);
      let done = 0;
      await forEachConcurrently(files, concurrency, signal, async (one, stop) => {
        await unpack(sandbox.files, one, stop);
        if (++done % everyFiles === 0)
          await progress(20 + Math.floor((60 * done) / files.length), `Unpacked ${done} of ${files.length} files`);
      });
      for (const folder of folders) await sandbox.files.mkdir(folder);
      await note(`${files.length} files, ${archive.totalBytes} bytes`);
      await progress(85, "Detecting how to run it");
      const service = await guessService(sandbox.files);
      return { finish: (tx) => insertFirst(tx, project, { name: containerNameFrom(project.name), service }) };
    },
    release: ({ file }) => objects.delete(archiveKey(file)),
  };
}

async function unpack(tree: Tree, file: ArchivedFile, signal: AbortSignal): Promise<void> {
  const data = await file.open().catch(damaged(file.path));
  const stop = () => data.destroy(new Error("aborted"));
  // Also handles errors after reading has stopped.
  data.on("error", () => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    const staged = await tree.stage(data, { maxBytes: file.bytes, mode: file.isExecutable ? 0o755 : 0o644, isDurable: false });
    await staged.place(file.path);
  } catch (error) {
    if (signal.aborted || error instanceof RuntimeError) throw error;
    damaged(file.path)(error);
  } finally {
    signal.removeEventListener("abort", stop);
    data.destroy();
  }
}
const damaged =
  (path: string) =>
  (error: unknown): never => {
    throw new AppError("bad_archive", `${path} cannot be unpacked: the archive is damaged.`, { cause: error });
  };

/** A container's name needs a letter or a digit; a project's does not. */
export const containerNameFrom = (text: string): string => (/[a-z0-9]/i.test(text.normalize("NFKD")) ? text : "App");
