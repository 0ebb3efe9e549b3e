import { maxAssetBytes, type Asset, type AssetDirectory, type AssetFileType, type List } from "@tesslate/contract";
import { RuntimeError, type StagedFile } from "@tesslate/runtime";
import type { UploadedField, UploadedFile } from "../../../http/uploads.ts";
import { AppError, badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { isSkipped, skippedDirectories, type Announce, type CheckpointBefore } from "../files/index.ts";
import type { Projects } from "../projects/index.ts";
import type { ProjectRow, AssetRow } from "../../../db/schema/projects.ts";
import { declaredType, headBytes, inspect } from "./assets.inspect.ts";
import { assetName, directoryOf, numbered, assetPath } from "./assets.names.ts";
import { reconcileAssets } from "./assets.reconcile.ts";
import type { AssetsStore } from "./assets.store.ts";

export type Assets = ReturnType<typeof createAssets>;

/** Images, fonts, audio, video and PDFs of a project. The file tree is the source of truth; the rows are reconciled with it. */
export function createAssets({
  store,
  projects,
  announce,
  checkpointBefore,
}: {
  store: AssetsStore;
  projects: Pick<Projects, "require" | "sandboxOf" | "sandboxForChange">;
  announce: Announce;
  checkpointBefore: CheckpointBefore;
}) {
  const openForChange = async (userId: string, ref: string) => {
    const project = await projects.require(userId, ref);
    return { project, tree: (await projects.sandboxForChange(project)).files };
  };
  const open = async (userId: string, ref: string) => {
    const project = await projects.require(userId, ref);
    return { project, tree: (await projects.sandboxOf(project)).files };
  };
  const requireRow = async (project: ProjectRow, id: string): Promise<AssetRow> => {
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Asset");
    return row;
  };
  const rowIn = async (userId: string, ref: string, id: string, opening = open) => {
    const opened = await opening(userId, ref);
    let row = await requireRow(opened.project, id);
    // The file may have been moved or removed in the sandbox since the row was written.
    if (!(await opened.tree.stat(assetPath(row)))) {
      await reconcileAssets(opened.project.id, opened.tree, store);
      row = await requireRow(opened.project, id);
    }
    return { ...opened, row };
  };

  return {
    list: async (
      userId: string,
      ref: string,
      { directory, file_type, q, ...query }: PageQuery & { directory?: string; file_type?: AssetFileType; q?: string },
    ): Promise<List<Asset>> => {
      const { project, tree } = await open(userId, ref);
      const page = pageOf(query);
      const filter = {
        ...(directory !== undefined && { directory: directoryOf(directory) }),
        ...(file_type !== undefined && { file_type }),
        ...(q !== undefined && { q }),
      };
      await reconcileAssets(project.id, tree, store);
      const { rows, total } = await store.list(project.id, filter, page);
      return page.envelope(rows.map(presentAsset), total);
    },

    /** Multipart body with one file; the `directory` field may come before or after it. */
    upload: async (userId: string, ref: string, parts: AsyncIterable<UploadedFile | UploadedField>): Promise<Asset> => {
      const { project, tree } = await openForChange(userId, ref);
      let directory = directoryOf("public");
      let taken: { path: string; declared: string; staged: StagedFile; head: () => Uint8Array } | undefined;
      try {
        for await (const part of parts) {
          if ("value" in part) {
            if (part.field === "directory") directory = directoryOf(part.value);
            continue;
          }
          if (part.field !== "file") throw invalid(["body", "file"], "Field required", "missing");
          if (taken) throw badRequest("Send one file at a time.");
          const declared = declaredType(part.mimeType, part.path);
          if (declared === undefined) throw typeNotAllowed(part);
          const { data, head } = captureHead(part.data);
          const staged = await tree.stage(data, { maxBytes: maxAssetBytes }).catch((error: unknown) => {
            if (!(error instanceof RuntimeError) || error.code !== "too_large") throw error;
            throw new AppError("payload_too_large", "Assets are limited to 20 MiB.", {
              cause: error,
              details: { limit: maxAssetBytes },
            });
          });
          taken = { path: part.path, declared, staged, head };
          if (part.isCut()) throw badRequest("The upload was interrupted. Upload the file again.");
        }
        if (!taken) throw invalid(["body", "file"], "Field required", "missing");
        const facts = await inspect(taken.head(), taken.declared);
        if (!facts) throw typeNotAllowed({ mimeType: taken.declared, path: taken.path });

        for (const filename of numbered(assetName(taken.path, facts.mime_type))) {
          const location = { directory, filename };
          const entry = await moveIfFree(taken.staged, assetPath(location));
          if (!entry) continue;
          const row = await store
            .insert({ project_id: project.id, ...location, ...facts, file_size: entry.size, etag: entry.etag })
            .catch(async (error: unknown) => {
              await tree.remove(assetPath(location)).catch(() => undefined);
              throw error;
            });
          if (!row) throw notFound("Project");
          await announce(project, [{ path: assetPath(location), op: "add", etag: entry.etag, size: entry.size }]);
          return presentAsset(row);
        }
        throw conflict("conflict", "No free file name found. Rename the file and upload it again.");
      } finally {
        await taken?.staged.discard();
      }
    },

    /** Every folder of the tree except generated ones (`node_modules`, `dist` …), the root first. */
    directories: async (userId: string, ref: string, query: PageQuery): Promise<List<AssetDirectory>> => {
      const { project, tree } = await open(userId, ref);
      const page = pageOf(query);
      await reconcileAssets(project.id, tree, store);
      const counts = await store.countByDirectory(project.id);
      const found = (await tree.walk({ skip: skippedDirectories }))
        .filter((e) => e.isDirectory && !isSkipped(e.path))
        .map((e) => `/${e.path}`);
      const all = [...new Set(["/", ...found, ...counts.keys()])].sort();
      const items = all
        .slice(page.offset, page.offset + page.limit)
        .map((directory) => ({ directory, asset_count: counts.get(directory) ?? 0 }));
      return page.envelope(items, all.length);
    },
    createDirectory: async (userId: string, ref: string, given: string): Promise<{ made: AssetDirectory; isNew: boolean }> => {
      const { project, tree } = await openForChange(userId, ref);
      const directory = directoryOf(given);
      const path = directory.slice(1);
      const { entry, created } = await tree.mkdir(path);
      if (created) await announce(project, [{ path, op: "add", is_directory: true, etag: entry.etag }]);
      return { made: { directory, asset_count: (await store.countByDirectory(project.id)).get(directory) ?? 0 }, isNew: created };
    },

    update: async (userId: string, ref: string, id: string, change: { filename?: string; directory?: string }): Promise<Asset> => {
      const { project, tree, row } = await rowIn(userId, ref, id, openForChange);
      const to = {
        directory: change.directory === undefined ? row.directory : directoryOf(change.directory),
        filename: change.filename === undefined ? row.filename : assetName(change.filename, row.mime_type),
      };
      const [from, path] = [assetPath(row), assetPath(to)];
      if (from === path) return presentAsset(row);
      await tree.rename(from, path).catch((error: unknown) => {
        if (!(error instanceof RuntimeError)) throw error;
        if (error.code === "not_found") throw notFound("Asset");
        if (error.code === "exists") throw conflict("conflict", `${path} already exists.`, { path });
        throw error;
      });
      const moved = await store.move(row, to);
      if (!moved) throw notFound("Asset");
      await announce(project, [{ path: from, op: "move", new_path: path, etag: row.etag, size: row.file_size }]);
      return presentAsset(moved);
    },

    /** The bytes, or the given range of them. Throws `not_found` when the file is gone. */
    file: async (userId: string, ref: string, id: string, range: (size: number) => { start: number; end: number } | undefined) => {
      const { tree, row } = await rowIn(userId, ref, id);
      const path = assetPath(row);
      const wanted = range((await tree.stat(path))?.size ?? 0);
      return { ...(await tree.stream(path, wanted)), range: wanted, filename: row.filename, mimeType: row.mime_type };
    },

    /** Returns the checkpoint that contains the deleted file. */
    remove: async (userId: string, ref: string, id: string): Promise<{ checkpoint_id: string | null }> => {
      const { project, tree } = await openForChange(userId, ref);
      const row = await requireRow(project, id);
      const path = assetPath(row);
      const entry = await tree.stat(path);
      const isThere = entry !== undefined && !entry.isDirectory;
      const checkpoint_id = isThere ? await checkpointBefore(project, `Before deleting ${path}`) : null;
      if (isThere)
        await tree.remove(path).catch((error: unknown) => {
          if (!(error instanceof RuntimeError) || error.code !== "not_found") throw error;
        });
      await store.hide(row.id);
      if (isThere) await announce(project, [{ path, op: "delete" }]);
      return { checkpoint_id };
    },
  };
}

const typeNotAllowed = ({ mimeType, path }: { mimeType: string; path: string }) =>
  badRequest(
    "File type not allowed. Upload an image (JPEG, PNG, GIF, SVG, WebP, BMP, ICO), video, audio, font or PDF whose content matches its type.",
    "asset_type_not_allowed",
    { filename: path, mime_type: mimeType },
  );

/** `undefined`: the path is taken. */
const moveIfFree = (staged: StagedFile, path: string) =>
  staged.place(path).then(
    ({ entry }) => entry,
    (error: unknown) => {
      if (error instanceof RuntimeError && (error.code === "exists" || error.code === "is_directory")) return undefined;
      throw error;
    },
  );

/** Passes the bytes through and keeps the first `headBytes`. */
function captureHead(data: AsyncIterable<Uint8Array>) {
  const kept: Uint8Array[] = [];
  let size = 0;
  const pass = async function* () {
    for await (const chunk of data) {
      if (size < headBytes) {
        kept.push(chunk.subarray(0, headBytes - size));
        size += Math.min(chunk.byteLength, headBytes - size);
      }
      yield chunk;
    }
  };
  return { data: pass(), head: () => Buffer.concat(kept) };
}

const presentAsset = (row: AssetRow): Asset => ({
  id: row.id,
  project_id: row.project_id,
  filename: row.filename,
  directory: row.directory,
  path: assetPath(row),
  file_type: row.file_type,
  file_size: row.file_size,
  mime_type: row.mime_type,
  width: row.width,
  height: row.height,
  created_at: row.created_at,
  url: `/api/projects/${row.project_id}/assets/${row.id}/file`,
});
