import { maxUploadBytes, maxUploadFiles, maxUploadTotalBytes, type File } from "@tesslate/contract";
import { RuntimeError, type StagedFile } from "@tesslate/runtime";
import type { UploadedFile } from "../../../http/uploads.ts";
import { AppError, badRequest, conflict, invalid } from "../../../platform/errors.ts";
import { normalisePath, writablePath } from "./files.paths.ts";
import { presentFile, type Announce, type CheckpointBefore, type ProjectAccess } from "./files.service.ts";

export type FileUpload = ReturnType<typeof createFileUpload>;

/** `file-upload`: files are staged outside the tree until all have arrived, then moved in together. */
export function createFileUpload({
  projects,
  announce,
  checkpointBefore,
  limits = { fileBytes: maxUploadBytes, totalBytes: maxUploadTotalBytes, files: maxUploadFiles },
}: {
  projects: ProjectAccess;
  announce: Announce;
  checkpointBefore: CheckpointBefore;
  limits?: { fileBytes: number; totalBytes: number; files: number };
}) {
  return async (
    userId: string,
    ref: string,
    parts: AsyncIterable<UploadedFile>,
    { directory, overwrite }: { directory: string; overwrite: boolean },
  ): Promise<{ files: File[]; checkpoint_id: string | null }> => {
    const project = await projects.require(userId, ref);
    const tree = (await projects.sandboxForChange(project)).files;
    const under = normalisePath(directory === "" ? "." : directory);
    const staged = new Map<string, StagedFile>();
    const written: { path: string; isNew: boolean }[] = [];
    let isDone = false;
    try {
      let total = 0;
      for await (const part of parts) {
        const path = writablePath(under === "" ? part.path : `${under}/${part.path}`);
        if (staged.has(path)) throw badRequest(`${path} appears twice in this upload.`);
        if (staged.size >= limits.files) throw new AppError("payload_too_large", `Uploads are limited to ${limits.files} files.`);
        const maxBytes = Math.min(limits.fileBytes, limits.totalBytes - total);
        const file = await tree.stage(part.data, { maxBytes }).catch((error: unknown) => {
          if (!(error instanceof RuntimeError) || error.code !== "too_large") throw error;
          const isWhole = maxBytes < limits.fileBytes;
          throw new AppError(
            "payload_too_large",
            isWhole
              ? `Uploads are limited to ${mebibytes(limits.totalBytes)} MiB. Nothing was stored.`
              : `${path} is larger than ${mebibytes(limits.fileBytes)} MiB. Nothing was stored.`,
            { cause: error, details: { path } },
          );
        });
        staged.set(path, file);
        if (part.isCut()) throw badRequest("The upload was interrupted. Upload the file again.");
        total += file.size;
      }
      if (staged.size === 0) throw invalid(["body", "file"], "Field required", "missing");

      const taken: string[] = [];
      const replaced: string[] = [];
      for (const path of staged.keys()) {
        const there = await tree.stat(path);
        if (there?.isDirectory) throw conflict("conflict", `A folder named ${path} exists.`, { paths: [path] });
        if (there) (overwrite ? replaced : taken).push(path);
      }
      if (taken.length > 0)
        throw conflict("conflict", taken.length === 1 ? `${taken[0]} already exists.` : `${taken.length} of these files already exist.`, {
          paths: taken,
        });
      const checkpoint_id =
        replaced.length === 0
          ? null
          : await checkpointBefore(
              project,
              `Before replacing ${replaced.length === 1 ? replaced[0] : `${replaced.length} files`} by an upload`,
            );
      const files: File[] = [];
      for (const [path, file] of staged) {
        const { entry, created } = await file.place(path, { overwrite });
        written.push({ path, isNew: created });
        files.push(presentFile(project.id, entry, undefined, "none"));
      }
      isDone = true;
      await announce(
        project,
        files.map((file, i) => ({
          path: file.path,
          op: written[i]?.isNew ? ("add" as const) : ("update" as const),
          etag: file.etag,
          size: file.size,
        })),
      );
      return { files, checkpoint_id };
    } finally {
      for (const file of staged.values()) await file.discard();
      if (!isDone) for (const { path, isNew } of written) if (isNew) await tree.remove(path).catch(() => undefined);
    }
  };
}

const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
