import { hash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { BackupError } from "./backup-error.ts";
import { idOf, splitChunks, type ChunkId } from "./chunks.ts";
import type { BackupManifest } from "./manifest.ts";
import type { BackupTarget } from "./target.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const format = 1;
const packBytes = 16 * 2 ** 20;
/** Chunks are compressed together in frames of about this size: a compressor per small file would take most of the time. */
const frameBytes = 2 ** 20;
/** Uncompressed: what waits to be written stays in memory. */
const waitingBytes = 64 * 2 ** 20;
/** An index is written after this many packs, so that a killed backup costs little. */
const packsPerIndex = 16;
const lockRefreshMs = 60_000;
/** A lock older than this belongs to a process that was killed. */
const staleLockMs = 10 * 60_000;
/** Packs and frames that were read last stay in memory, because neighbors are read together. */
const packsInMemory = 4;
const framesInMemory = 16;

interface Place {
  pack: string;
  frame: number;
  offset: number;
  size: number;
}
interface PackEntry {
  id: string;
  bytes: number;
  frames: [start: number, length: number][];
  chunks: [id: string, frame: number, offset: number, size: number][];
}
interface IndexFile {
  packs: PackEntry[];
}
interface Lock {
  kind: "backup" | "prune";
  host: string;
  pid: number;
  at: string;
}

export interface PruneRules {
  keepDaily: number;
  keepWeekly: number;
  /** Also keeps all that were made by hand; the rules apply to scheduled ones alone. */
  keepsManual?: boolean;
}

export type BackupRepository = Awaited<ReturnType<typeof openRepository>>;

/**
 * Backups in a target: content-addressed chunks in packs, an index per group of packs, and a manifest per backup, which is written last. So
 * a backup exists completely or not at all, and every chunk is stored once, whatever backup it belongs to.
 */
export async function openRepository(target: BackupTarget, { isCreated = false }: { isCreated?: boolean } = {}) {
  const config = await target.get("config.json");
  if (!config && !isCreated) throw new BackupError(`There are no backups in ${target.address}.`);
  if (!config && (await target.list("packs/")).length > 0)
    throw new BackupError(`${target.address} has packs, but no config.json: it is not a complete folder of backups.`);
  const known = config ? (JSON.parse(config.toString("utf8")) as { format: number; id: string }) : undefined;
  if (known && known.format !== format)
    throw new BackupError(
      `${target.address} has format ${known.format}, and this version reads format ${format}. Use the version that wrote it, or a newer one.`,
    );
  const id = known?.id ?? randomBytes(16).toString("hex");
  if (!known) await target.put("config.json", Buffer.from(`${JSON.stringify({ format, id, created_at: new Date().toISOString() })}\n`));

  const places = new Map<ChunkId, Place>();
  const entries = new Map<string, PackEntry>();
  const learn = (entry: PackEntry) => {
    entries.set(entry.id, entry);
    for (const [chunk, frame, offset, size] of entry.chunks) places.set(chunk, { pack: entry.id, frame, offset, size });
  };
  const indexNames: string[] = [];
  for (const { name } of await target.list("indexes/")) {
    const data = await target.get(name);
    if (!data) continue;
    const { packs } = JSON.parse((await decompress(data)).toString("utf8")) as IndexFile;
    indexNames.push(name);
    packs.forEach(learn);
  }

  // --- writing ---
  let frame: { id: ChunkId; data: Buffer }[] = [];
  let frameSize = 0;
  let frames: { data: Buffer; chunks: { id: ChunkId; offset: number; size: number }[] }[] = [];
  let packSize = 0;
  const waiting = new Map<ChunkId, Buffer>();
  let waitingSize = 0;
  let unindexed: PackEntry[] = [];
  let added = 0;

  const closeFrame = async () => {
    if (frame.length === 0) return;
    const members = frame;
    frame = [];
    frameSize = 0;
    const data = await compress(Buffer.concat(members.map((chunk) => chunk.data)));
    let offset = 0;
    const chunks = members.map(({ id: chunk, data: { length: size } }) => ({ id: chunk, offset: (offset += size) - size, size }));
    frames.push({ data, chunks });
    packSize += data.length;
  };
  const writePack = async () => {
    await closeFrame();
    if (frames.length === 0) return;
    const data = Buffer.concat(frames.map((one) => one.data));
    const entry: PackEntry = { id: hash("sha256", data, "hex"), bytes: data.length, frames: [], chunks: [] };
    await target.put(`packs/${entry.id}`, data);
    added += data.length;
    let start = 0;
    for (const [i, one] of frames.entries()) {
      entry.frames.push([start, one.data.length]);
      start += one.data.length;
      for (const chunk of one.chunks) entry.chunks.push([chunk.id, i, chunk.offset, chunk.size]);
    }
    learn(entry);
    unindexed.push(entry);
    frames = [];
    packSize = 0;
    waiting.clear();
    waitingSize = 0;
    if (unindexed.length >= packsPerIndex) await writeIndex();
  };
  const putIndex = async (packs: PackEntry[]) => {
    const data = await compress(Buffer.from(JSON.stringify({ packs } satisfies IndexFile)));
    const name = `indexes/${hash("sha256", data, "hex")}`;
    await target.put(name, data);
    indexNames.push(name);
  };
  const writeIndex = async () => {
    if (unindexed.length === 0) return;
    await putIndex(unindexed);
    unindexed = [];
  };
  const put = async (data: Uint8Array): Promise<ChunkId> => {
    const chunk = idOf(data);
    if (places.has(chunk) || waiting.has(chunk)) return chunk;
    const kept = Buffer.from(data);
    waiting.set(chunk, kept);
    waitingSize += kept.length;
    frame.push({ id: chunk, data: kept });
    frameSize += kept.length;
    if (frameSize >= frameBytes) await closeFrame();
    if (packSize >= packBytes || waitingSize >= waitingBytes) await writePack();
    return chunk;
  };

  // --- reading ---
  const recentPacks = new Map<string, Promise<Buffer>>();
  const recentFrames = new Map<string, Promise<Buffer | undefined>>();
  const remember = <T>(recent: Map<string, T>, key: string, limit: number, make: () => T): T => {
    const found = recent.get(key) ?? make();
    recent.delete(key);
    recent.set(key, found);
    for (const [oldest] of recent) {
      if (recent.size <= limit) break;
      recent.delete(oldest);
    }
    return found;
  };
  const readPack = (pack: string) =>
    remember(recentPacks, pack, packsInMemory, async () => {
      const data = await target.get(`packs/${pack}`);
      if (!data) throw new BackupError(`${target.address} is damaged: the pack ${pack} is missing.`);
      return data;
    });
  const readFrame = (pack: string, at: number) =>
    remember(recentFrames, `${pack} ${at}`, framesInMemory, async () => {
      const [start = 0, length = 0] = entries.get(pack)?.frames[at] ?? [];
      const data = await readPack(pack);
      return decompress(data.subarray(start, start + length)).catch(() => undefined);
    });
  const get = async (chunk: ChunkId): Promise<Buffer> => {
    const unwritten = waiting.get(chunk);
    if (unwritten) return unwritten;
    const place = places.get(chunk);
    if (!place) throw new BackupError(`${target.address} is damaged: the chunk ${chunk} is missing.`);
    const data = (await readFrame(place.pack, place.frame))?.subarray(place.offset, place.offset + place.size);
    if (data === undefined || idOf(data) !== chunk)
      throw new BackupError(`${target.address} is damaged: the chunk ${chunk} in the pack ${place.pack} has another content.`);
    return data;
  };

  // --- backups ---
  const nameOf = (backup: string) => `backups/${backup}.json`;
  const list = async (): Promise<BackupManifest[]> => {
    const found: BackupManifest[] = [];
    for (const { name } of await target.list("backups/")) {
      const data = await target.get(name);
      if (data) found.push(JSON.parse(data.toString("utf8")) as BackupManifest);
    }
    return found.sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
  };

  return {
    id,
    address: target.address,
    has: (chunk: ChunkId) => places.has(chunk) || waiting.has(chunk),
    put,
    /** Stores a stream and returns its chunks. */
    async putStream(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<{ chunks: ChunkId[]; bytes: number }> {
      const chunks: ChunkId[] = [];
      let bytes = 0;
      for await (const chunk of splitChunks(source)) {
        chunks.push(await put(chunk));
        bytes += chunk.length;
      }
      return { chunks, bytes };
    },
    get,
    async *read(chunks: readonly ChunkId[]): AsyncGenerator<Buffer, void> {
      for (const chunk of chunks) yield await get(chunk);
    },
    /** Writes what was put. Returns how many bytes were written since it was opened. */
    async flush(): Promise<number> {
      await writePack();
      await writeIndex();
      return added;
    },
    list,
    /** Makes a backup visible, after everything it refers to is stored. */
    async save(manifest: BackupManifest): Promise<void> {
      await writePack();
      await writeIndex();
      await target.put(nameOf(manifest.id), Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
    },
    /** Holds off other writers. Throws when one is active. */
    async lock(kind: Lock["kind"]): Promise<() => Promise<void>> {
      const name = `locks/${randomBytes(8).toString("hex")}.json`;
      const write = () =>
        target.put(
          name,
          Buffer.from(JSON.stringify({ kind, host: hostname(), pid: process.pid, at: new Date().toISOString() } satisfies Lock)),
        );
      await write();
      for (const other of await target.list("locks/")) {
        if (other.name === name) continue;
        const data = await target.get(other.name);
        if (!data) continue;
        const held = JSON.parse(data.toString("utf8")) as Lock;
        if (Date.now() - Date.parse(held.at) > staleLockMs || isEnded(held)) {
          await target.remove(other.name);
          continue;
        }
        await target.remove(name);
        throw new BackupError(
          `Another ${held.kind} of ${target.address} is running (process ${held.pid} on ${held.host}). Wait until it has ended.`,
        );
      }
      const timer = setInterval(() => void write().catch(() => undefined), lockRefreshMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await target.remove(name);
      };
    },
    /**
     * Deletes backups that no rule keeps, then the packs that no backup needs; packs that are needed in part are written again. The newest
     * backup is always kept. Hold the lock. `chunksOf` lists the chunks of a backup.
     */
    async prune(rules: PruneRules, chunksOf: (manifest: BackupManifest) => AsyncIterable<ChunkId>) {
      const all = await list();
      const kept = selectKept(all, rules);
      const removed = all.filter((manifest) => !kept.has(manifest.id));
      const needed = new Set<ChunkId>();
      for (const manifest of all) if (kept.has(manifest.id)) for await (const chunk of chunksOf(manifest)) needed.add(chunk);
      for (const manifest of removed) await target.remove(nameOf(manifest.id));

      const packs = await target.list("packs/");
      const former = [...indexNames];
      const stay: PackEntry[] = [];
      const drop: string[] = [];
      let freed = 0;
      for (const { name, bytes } of packs) {
        const entry = entries.get(name.slice("packs/".length));
        const used = (entry?.chunks ?? []).filter(([chunk]) => needed.has(chunk) && places.get(chunk)?.pack === entry?.id);
        const sizeOf = (chunks: PackEntry["chunks"]) => chunks.reduce((sum, [, , , size]) => sum + size, 0);
        // A pack that is mostly needed stays as it is.
        if (entry && used.length > 0 && sizeOf(used) >= sizeOf(entry.chunks) * 0.8) {
          stay.push(entry);
          continue;
        }
        for (const [chunk] of used) {
          const data = await get(chunk);
          places.delete(chunk);
          await put(data);
        }
        for (const [chunk] of entry?.chunks ?? []) if (!needed.has(chunk)) places.delete(chunk);
        drop.push(name);
        freed += bytes;
      }
      const before = added;
      await writePack();
      // The new index first: a kill leaves chunks that are found twice, never none.
      indexNames.length = 0;
      const packsLeft = [...stay, ...unindexed];
      unindexed = [];
      if (packsLeft.length > 0) await putIndex(packsLeft);
      for (const name of former) if (!indexNames.includes(name)) await target.remove(name);
      for (const name of drop) await target.remove(name);
      return { kept: kept.size, removed: removed.map((manifest) => manifest.id), freedBytes: Math.max(0, freed - (added - before)) };
    },
    /** Reads every pack and compares it with its name. Returns those that are damaged or missing. */
    async checkPacks(onProgress: (done: number, total: number) => void = () => undefined): Promise<string[]> {
      const all = [...new Set([...places.values()].map(({ pack }) => pack))];
      const bad: string[] = [];
      for (const [i, pack] of all.entries()) {
        const data = await target.get(`packs/${pack}`);
        if (!data || hash("sha256", data, "hex") !== pack) bad.push(pack);
        onProgress(i + 1, all.length);
      }
      return bad;
    },
  };
}

function isEnded({ host, pid }: Lock): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return pid === process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** The newest backup of each of the last days and weeks that have one, and the newest of all. */
export function selectKept(
  all: readonly Pick<BackupManifest, "id" | "started_at" | "is_scheduled">[],
  { keepDaily, keepWeekly, keepsManual = false }: PruneRules,
): Set<string> {
  // Older versions did not record who made a backup.
  const isKept = ({ is_scheduled = true }: Pick<BackupManifest, "is_scheduled">) => keepsManual && !is_scheduled;
  const newestFirst = all.filter((one) => !isKept(one)).sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
  const kept = new Set([...all.filter(isKept), ...newestFirst.slice(0, 1)].map(({ id }) => id));
  const keep = (limit: number, periodOf: (at: Date) => string) => {
    const periods = new Set<string>();
    for (const { id, started_at } of newestFirst) {
      const period = periodOf(new Date(started_at));
      if (periods.has(period)) continue;
      if (periods.size >= limit) return;
      periods.add(period);
      kept.add(id);
    }
  };
  keep(keepDaily, (at) => at.toISOString().slice(0, 10));
  // Weeks begin on Monday.
  keep(keepWeekly, (at) => String(Math.floor((at.getTime() / 86_400_000 + 3) / 7)));
  return kept;
}
