import { pipeline, Readable } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack as createPack } from "tar-stream";
import type { ZipFile } from "yazl";
import type { DownloadFormat } from "@tesslate/contract";
import { RuntimeError, type Entry, type Sandbox, type Tree } from "@tesslate/runtime";
import { createZip, tieSource, zipName } from "../../../platform/zip.ts";
import { isSkipped, skippedDirectories } from "../../projects/files/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

export type Download = ReturnType<typeof createDownload>;

/**
 * Streams the tree as an archive: the files in the file list, so neither installed packages nor `.git`. Values of secrets and variables
 * are not part of the tree. Destroying the stream stops the work.
 */
export function createDownload({ projects }: { projects: Pick<Projects, "require" | "sandboxOf"> }) {
  return async (userId: string, ref: string, format: DownloadFormat): Promise<{ project: ProjectRow; open: () => Promise<Readable> }> => {
    const project = await projects.require(userId, ref);
    const { files } = await projects.sandboxOf(project);
    const open = async () => {
      const entries = await archivable(files);
      return format === "zip" ? zipOf(files, entries) : tarGzOf(files, entries);
    };
    return { project, open };
  };
}

/** A link to a file of the project is stored as that file; other links are omitted. */
async function archivable(tree: Tree): Promise<Entry[]> {
  const entries = (await tree.walk({ skip: skippedDirectories })).filter((e) => !isSkipped(e.path));
  const kept = await Promise.all(entries.map((entry) => (entry.isLink ? followed(tree, entry.path) : entry)));
  return kept.filter((entry) => entry !== undefined);
}
async function followed(tree: Tree, path: string): Promise<Entry | undefined> {
  try {
    const { data, entry } = await tree.stream(path);
    data.destroy();
    return { ...entry, path };
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}

const modeOf = ({ isDirectory, mode }: Entry) => (isDirectory ? 0o755 : (mode ?? 0o644) & 0o111 ? 0o755 : 0o644);
const mtimeOf = ({ mtimeMs }: Entry) => new Date(Math.max(mtimeMs, Date.UTC(1980, 0, 2)));

function zipOf(tree: Sandbox["files"], entries: readonly Entry[]): Readable {
  const { zip, out } = createZip();
  addEntries(zip, tree, entries, "");
  zip.end();
  return out;
}

/** Adds the content of a download to a ZIP file, below a folder. A source error destroys the ZIP stream. */
export async function addTree(zip: ZipFile, tree: Sandbox["files"], folder: string): Promise<void> {
  addEntries(zip, tree, await archivable(tree), `${folder}/`);
}

function addEntries(zip: ZipFile, tree: Tree, entries: readonly Entry[], prefix: string): void {
  const out = zip.outputStream as Readable;
  const taken = new Set(entries.map(({ path }) => path));
  const nameOf = (path: string) => {
    let name = zipName(path);
    if (name === path) return prefix + name;
    while (taken.has(name)) name += "_";
    taken.add(name);
    return prefix + name;
  };
  for (const entry of entries) {
    const options = { mtime: mtimeOf(entry), mode: (entry.isDirectory ? 0o040000 : 0o100000) | modeOf(entry) };
    if (entry.isDirectory) zip.addEmptyDirectory(nameOf(entry.path), options);
    else
      zip.addReadStreamLazy(nameOf(entry.path), options, (give) => {
        if (out.destroyed) return;
        openFile(tree, entry.path).then(
          ({ data }) => {
            if (!tieSource(out, data).destroyed) give(null, data);
          },
          (error: Error) => out.destroy(error),
        );
      });
  }
}

function tarGzOf(tree: Tree, entries: readonly Entry[]): Readable {
  const pack = createPack();
  const write = async () => {
    for (const entry of entries) {
      const head = { name: entry.path, mode: modeOf(entry), mtime: mtimeOf(entry) };
      if (entry.isDirectory) pack.entry({ ...head, type: "directory" });
      else {
        const { data, size } = await openFile(tree, entry.path);
        await piped(data, pack.entry({ ...head, size }));
      }
      if (pack.destroyed) return;
    }
    pack.finalize();
  };
  write().catch((error: unknown) => pack.destroy(error as Error));
  // A source error reaches the reader at the end of the pipe.
  return pipeline(pack, createGzip(), () => {});
}

/** A file deleted since it was listed is empty; one that grows is truncated to its listed size. */
async function openFile(tree: Tree, path: string): Promise<{ data: Readable; size: number }> {
  try {
    const { data, entry } = await tree.stream(path);
    return { data, size: entry.size };
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "not_found") return { data: Readable.from([]), size: 0 };
    throw error;
  }
}
