import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FileSource, SourceFile } from "./types.ts";

const pieceBytes = 256 * 1024;
/** Two changes of a file within this time may have the same times. */
const clockStepMs = 2_000;

/**
 * A folder of this machine. Links, devices, pipes and sockets are left out. Every call reads it again; the id is cached until
 * a file changes, because each new project needs it.
 */
class FolderSource implements FileSource {
  readonly folder: string;
  readonly #stepMs: number;
  #known: { state: string; id: string } | undefined;
  constructor(folder: string, stepMs: number) {
    this.folder = folder;
    this.#stepMs = stepMs;
  }
  async id(): Promise<string> {
    const { state, changedAt } = await this.#state();
    if (this.#known?.state === state) return this.#known.id;
    const id = await this.#hash();
    if (Date.now() - changedAt > this.#stepMs) this.#known = { state, id };
    return id;
  }
  /** What changes with any of its files, and when that was last. */
  async #state(): Promise<{ state: string; changedAt: number }> {
    const hash = createHash("sha256");
    let changedAt = 0;
    const visit = async (under: string): Promise<void> => {
      const names = (await readdir(join(this.folder, under))).toSorted();
      const stats = await Promise.all(names.map((name) => lstat(join(this.folder, under, name), { bigint: true })));
      for (const [i, { mode, size, ino, mtimeNs, ctimeNs }] of stats.entries())
        hash.update(`${under}/${names[i]}\0${mode} ${size} ${ino} ${mtimeNs} ${ctimeNs}\0`);
      changedAt = Math.max(changedAt, ...stats.map(({ ctimeNs }) => Number(ctimeNs / 1_000_000n)));
      for (const [i, stat] of stats.entries())
        if (stat.isDirectory()) await visit(under === "" ? (names[i] ?? "") : `${under}/${names[i]}`);
    };
    await visit("");
    return { state: hash.digest("hex"), changedAt };
  }
  async #hash(): Promise<string> {
    const hash = createHash("sha256");
    for await (const file of this.files()) {
      if (file.isDirectory) {
        hash.update(`${file.path}/\0`);
        continue;
      }
      hash.update(`${file.path}\0${file.mode & 0o111}\0`);
      for await (const piece of file.data()) hash.update(piece);
      hash.update("\0");
    }
    return hash.digest("hex");
  }
  async *files(under = ""): AsyncGenerator<SourceFile> {
    const entries = await readdir(join(this.folder, under), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = under === "" ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) {
        yield { path, isDirectory: true };
        yield* this.files(path);
      } else if (entry.isFile()) {
        const file = await this.#open(path);
        try {
          const { mode, size } = await file.stat();
          yield { path, isDirectory: false, mode: mode & 0o777, size, data: () => this.#read(path) };
        } finally {
          await file.close();
        }
      }
    }
  }
  /** Never through a link, and without waiting for the other end of a pipe. */
  async #open(path: string) {
    const file = await open(join(this.folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Error(`${path} is not a regular file`);
  }
  async *#read(path: string): AsyncGenerator<Uint8Array> {
    await using file = await this.#open(path);
    for (;;) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(pieceBytes), position: null });
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

/** The files of a folder of this machine. `stepMs`: tests shorten it. */
export const folderSource = (folder: string, stepMs = clockStepMs): FileSource => new FolderSource(folder, stepMs);
/** The folder of a source that is one of this machine: it can be copied without reading it. */
export const folderOf = (source: FileSource): string | undefined => (source instanceof FolderSource ? source.folder : undefined);
