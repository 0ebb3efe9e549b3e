import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { maxFileBytes, maxListedFiles, type ElementEditRecord, type File, type List, type TreeEntry } from "@tesslate/contract";
import { RuntimeError, type Entry, type Sandbox } from "@tesslate/runtime";
import { fromRuntime } from "../../../http/errors.ts";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../projects/index.ts";
import { isSkipped, normalisePath, skippedDirectories, writablePath } from "./files.paths.ts";
import type { FilesWatch } from "./files.watch.ts";

/** What files need of projects. */
export type ProjectAccess = Pick<Projects, "require" | "sandboxOf" | "sandboxForChange" | "touch">;
interface Preconditions {
  /** `*`: any version, but the file must exist. */
  ifMatch?: string;
  ifNoneMatch?: "*";
}

export interface ProjectFileChange {
  path: string;
  op: "add" | "update" | "delete" | "move";
  new_path?: string;
  etag?: string;
  size?: number;
  is_directory?: boolean;
  /** The visual edit that changed it. */
  edit?: ElementEditRecord;
}
/** Emits `file_changed` events for changes made through the API. */
export type Announce = (project: Pick<ProjectRow, "id">, changes: ProjectFileChange[]) => Promise<void>;

const maxListedContentBytes = 100_000;
/** Total content of one `file-batch` response. */
const maxBatchBytes = 32 * 1024 * 1024;

/** Called for every change through the API, before its event is emitted. */
export type OnFilesChanged = (projectId: string, changes: readonly ProjectFileChange[]) => Promise<void>;

export const createAnnounce =
  ({
    projects,
    events,
    watch,
    onChanged = [],
  }: {
    projects: Pick<ProjectAccess, "touch">;
    events: EventLog;
    watch: FilesWatch;
    onChanged?: readonly OnFilesChanged[];
  }): Announce =>
  async (project, changes) => {
    for (const { path, op, new_path, etag } of changes) {
      watch.expect(project.id, path, op === "move" || op === "delete" ? undefined : etag);
      if (new_path !== undefined) watch.expect(project.id, new_path, etag);
    }
    for (const notify of onChanged) await notify(project.id, changes);
    await Promise.all([
      projects.touch(project.id),
      events.append(
        project.id,
        changes.map((change) => ({ type: "file_changed" as const, data: { ...change, by: "user" as const } })),
      ),
    ]);
  };

/** Creates a checkpoint before files are removed or replaced. Its id; null when it failed. */
export type CheckpointBefore = (project: ProjectRow, label: string) => Promise<string | null>;

export type Files = ReturnType<typeof createFiles>;

/** The files of a project over the API. The tree is the source of truth; nothing of it is in the database. */
export function createFiles({
  projects,
  announce: announceAll,
  checkpointBefore,
}: {
  projects: ProjectAccess;
  announce: Announce;
  checkpointBefore: CheckpointBefore;
}) {
  const open = async (userId: string, ref: string) => {
    const project = await projects.require(userId, ref);
    return { project, tree: (await projects.sandboxOf(project)).files };
  };
  const openForChange = async (userId: string, ref: string) => {
    const project = await projects.require(userId, ref);
    return { project, tree: (await projects.sandboxForChange(project)).files };
  };
  const announce = (project: ProjectRow, change: ProjectFileChange) => announceAll(project, [change]);
  const listed = async (tree: Sandbox["files"], under?: string) =>
    (await tree.walk({ skip: skippedDirectories, ...(under !== undefined && { under }) })).filter((e) => !isSkipped(e.path));

  return {
    list: async (userId: string, ref: string, query: PageQuery & { container_dir?: string; content?: boolean }): Promise<List<File>> => {
      const { project, tree } = await open(userId, ref);
      const { content = false, limit = content ? 50 : maxListedFiles } = query;
      const page = pageOf({ ...query, limit });
      const under = query.container_dir === undefined ? "" : normalisePath(query.container_dir === "" ? "." : query.container_dir);
      if (under !== "" && !(await tree.stat(under))?.isDirectory) return page.envelope<File>([], 0);
      const all = await listed(tree, under === "" ? undefined : under);
      const items = await Promise.all(
        all.slice(page.offset, page.offset + page.limit).map(async (entry) => {
          const isWanted = content && !entry.isDirectory && entry.size <= maxListedContentBytes;
          // A file can be deleted between listing and reading; it is then listed without content.
          const data = isWanted
            ? await tree.read(entry.path, { maxBytes: maxListedContentBytes }).then(
                (r) => r.data,
                () => undefined,
              )
            : undefined;
          const shown = under === "" ? entry : { ...entry, path: entry.path.slice(under.length + 1) };
          return presentFile(project.id, shown, data, "text only");
        }),
      );
      return page.envelope(items, all.length);
    },
    tree: async (userId: string, ref: string): Promise<{ entries: TreeEntry[] }> => {
      const { tree } = await open(userId, ref);
      return {
        entries: (await listed(tree)).map((e) => ({
          path: e.isDirectory ? `${e.path}/` : e.path,
          is_directory: e.isDirectory,
          size: e.size,
          etag: e.etag,
          mtime: new Date(e.mtimeMs).toISOString(),
        })),
      };
    },
    /** Throws `payload_too_large` over 10 MiB. */
    read: async (userId: string, ref: string, given: string): Promise<File> => {
      const { project, tree } = await open(userId, ref);
      const { data, entry } = await tree.read(await readable(tree, given), { maxBytes: maxFileBytes });
      return presentFile(project.id, entry, data, "any");
    },
    /** Streams a file of any size. */
    stream: async (userId: string, ref: string, given: string, range: (size: number) => { start: number; end: number } | undefined) => {
      const { tree } = await open(userId, ref);
      const path = await readable(tree, given);
      const wanted = range((await tree.stat(path))?.size ?? 0);
      return { ...(await tree.stream(path, wanted)), range: wanted };
    },
    /** A file that cannot be read is returned with its error code; the others succeed. */
    batch: async (userId: string, ref: string, paths: string[]): Promise<{ files: File[]; errors: { path: string; code: string }[] }> => {
      const { project, tree } = await open(userId, ref);
      const files: File[] = [];
      const errors: { path: string; code: string }[] = [];
      let budget = maxBatchBytes;
      for (const given of paths)
        try {
          const { data, entry } = await tree.read(await readable(tree, given), { maxBytes: Math.min(maxFileBytes, budget) });
          budget -= data.byteLength;
          files.push(presentFile(project.id, entry, data, "any"));
        } catch (error) {
          const appError = error instanceof RuntimeError ? fromRuntime(error) : error;
          if (!(appError instanceof AppError) || appError.status >= 500) throw error;
          errors.push({ path: given, code: appError.code });
        }
      return { files, errors };
    },
    write: async (
      userId: string,
      ref: string,
      given: string,
      body: { content: string; encoding?: "utf-8" | "base64" },
      when: Preconditions,
    ): Promise<{ file: File; created: boolean }> => {
      const { project, tree } = await openForChange(userId, ref);
      const path = writablePath(given);
      const data = decode(body);
      if (data.byteLength > maxFileBytes) throw new AppError("payload_too_large", "Files are limited to 10 MiB.");
      const there = await tree.stat(path);
      if (there?.isDirectory) throw new AppError("conflict", "A directory with this name exists.");
      if (when.ifMatch === "*" && !there) throw new AppError("precondition_failed", "This file does not exist.");
      const { entry, created } = await tree.write(path, data, when.ifMatch === "*" ? {} : when).catch((error: unknown) => {
        // `If-None-Match: *` on an existing file is a failed precondition, not a conflict.
        throw error instanceof RuntimeError && error.code === "exists"
          ? new AppError("precondition_failed", "This file already exists.", { cause: error })
          : error;
      });
      await announce(project, { path, op: created ? "add" : "update", etag: entry.etag, size: entry.size });
      return { file: presentFile(project.id, entry, data, "none"), created };
    },
    /** Returns the checkpoint that contains the deleted files. */
    remove: async (
      userId: string,
      ref: string,
      given: string,
      options: { recursive: boolean; ifMatch?: string },
    ): Promise<{ checkpoint_id: string | null }> => {
      const { project, tree } = await openForChange(userId, ref);
      const path = writablePath(given);
      const entry = await tree.stat(path);
      if (!entry) throw notFound("File");
      if (entry.isDirectory && !options.recursive)
        throw new AppError("is_directory", "This is a directory. Add ?recursive=true to delete it with its contents.");
      const checkpoint_id = await checkpointBefore(project, `Before deleting ${path}`);
      await tree.remove(path, { recursive: options.recursive, ...(options.ifMatch !== undefined && { ifMatch: options.ifMatch }) });
      await announce(project, { path, op: "delete", is_directory: entry.isDirectory });
      return { checkpoint_id };
    },
    rename: async (
      userId: string,
      ref: string,
      body: { old_path: string; new_path: string; overwrite?: boolean },
    ): Promise<{ old_path: string; new_path: string; checkpoint_id: string | null }> => {
      const { project, tree } = await openForChange(userId, ref);
      const [from, to] = [writablePath(body.old_path), writablePath(body.new_path)];
      if (from === to) throw new AppError("bad_path", "Both paths are the same.");
      if (to.startsWith(`${from}/`)) throw new AppError("bad_path", "A directory cannot be moved into itself.");
      const entry = await tree.stat(from);
      if (!entry) throw notFound("File");
      const isReplacing = body.overwrite === true && (await tree.stat(to)) !== undefined;
      const checkpoint_id = isReplacing ? await checkpointBefore(project, `Before replacing ${to}`) : null;
      await tree.rename(from, to, { overwrite: body.overwrite ?? false });
      const moved = await tree.stat(to);
      await announce(project, {
        path: from,
        op: "move",
        new_path: to,
        is_directory: entry.isDirectory,
        ...(moved && { etag: moved.etag, size: moved.size }),
      });
      return { old_path: from, new_path: to, checkpoint_id };
    },
    mkdir: async (userId: string, ref: string, given: string): Promise<{ file: File; created: boolean }> => {
      const { project, tree } = await openForChange(userId, ref);
      const path = writablePath(given);
      const { entry, created } = await tree.mkdir(path);
      if (created) await announce(project, { path, op: "add", is_directory: true, etag: entry.etag });
      return { file: presentFile(project.id, entry, undefined, "none"), created };
    },
  };
}

/** The path of a readable file, as the tree spells it. */
async function readable(tree: Sandbox["files"], given: string): Promise<string> {
  const path = normalisePath(given);
  if (path.split("/").includes(".git")) throw notFound("File");
  const entry = path === "" ? undefined : await tree.stat(path);
  if (path === "" || entry?.isDirectory) throw new AppError("is_directory", "This is a directory.");
  if (!entry) throw notFound("File");
  return path;
}

function decode({ content, encoding = "utf-8" }: { content: string; encoding?: "utf-8" | "base64" }): Uint8Array {
  if (encoding === "utf-8") return Buffer.from(content, "utf8");
  const compact = content.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 === 1)
    throw new AppError("bad_request", "The content is not valid base64.");
  return Buffer.from(compact, "base64");
}

const isText = (data: Uint8Array) => isUtf8(data) && !data.includes(0);

/** `contents`: which contents to include. Paths of directories end in `/`. */
export function presentFile(projectId: string, entry: Entry, data: Uint8Array | undefined, contents: "any" | "text only" | "none"): File {
  const isBinary = data !== undefined && !isText(data);
  const hasContent = data !== undefined && contents !== "none" && (contents === "any" || !isBinary);
  return {
    id: nameBasedId(projectId, entry.path),
    project_id: projectId,
    path: entry.isDirectory ? `${entry.path}/` : entry.path,
    is_directory: entry.isDirectory,
    size: entry.isDirectory ? 0 : entry.size,
    etag: entry.etag,
    is_binary: isBinary,
    encoding: isBinary ? "base64" : "utf-8",
    content: hasContent ? Buffer.from(data).toString(isBinary ? "base64" : "utf8") : null,
    updated_at: new Date(entry.mtimeMs).toISOString(),
  };
}

/** UUIDv5 of the path with the project id as namespace: stable across calls and servers. */
function nameBasedId(namespace: string, name: string): string {
  const bytes = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
