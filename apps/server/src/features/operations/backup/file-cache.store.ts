import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BigIntStats } from "node:fs";
import type { ChunkId } from "./chunks.ts";

/** A file changed this recently may change again without a new timestamp. */
const tickMs = 50n;

/** The chunks of files as they were read last, so that unchanged files are not read again. A cache: it may be deleted. */
export interface FileCache {
  find(stat: BigIntStats): { chunks: ChunkId[]; bytes: number } | undefined;
  /** `readFrom`: when reading began. */
  set(stat: BigIntStats, content: { chunks: ChunkId[]; bytes: number }, readFrom: number): void;
  /** Forgets files that this backup did not have. */
  close(options: { isComplete: boolean }): void;
}

/** The cache is bound to one target: another one may not have the chunks. */
export function openFileCache(file: string, repository: string): FileCache {
  const db = open(file, repository);
  const get = db.prepare("select stamp, chunks, bytes from files where id = ?");
  const put = db.prepare("insert or replace into files (id, stamp, chunks, bytes, seen) values (?, ?, ?, ?, ?)");
  const see = db.prepare("update files set seen = ? where id = ?");
  const run = Date.now();
  let pending = 0;
  db.exec("begin");
  const step = () => {
    if (++pending % 5000 === 0) db.exec("commit; begin");
  };
  const idOf = ({ dev, ino }: BigIntStats) => `${dev}:${ino}`;
  // The change time: a project cannot set it, unlike the modification time.
  const stampOf = ({ ctimeNs, size }: BigIntStats) => `${ctimeNs}:${size}`;
  return {
    find(stat) {
      const row = get.get(idOf(stat)) as { stamp: string; chunks: string; bytes: number } | undefined;
      if (row?.stamp !== stampOf(stat)) return undefined;
      see.run(run, idOf(stat));
      step();
      return { chunks: row.chunks === "" ? [] : row.chunks.split(" "), bytes: row.bytes };
    },
    set(stat, { chunks, bytes }, readFrom) {
      if (stat.ctimeMs + tickMs > BigInt(readFrom)) return;
      put.run(idOf(stat), stampOf(stat), chunks.join(" "), bytes, run);
      step();
    },
    close({ isComplete }) {
      if (isComplete) db.prepare("delete from files where seen <> ?").run(run);
      db.exec("commit");
      db.close();
    },
  };
}

function open(file: string, repository: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    return prepare(new DatabaseSync(file), repository);
  } catch {
    // Damaged: everything is read again.
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    return prepare(new DatabaseSync(file), repository);
  }
}

function prepare(db: DatabaseSync, repository: string): DatabaseSync {
  db.exec("pragma journal_mode = wal; pragma synchronous = off; create table if not exists target (id text primary key)");
  db.exec(
    "create table if not exists files (id text primary key, stamp text not null, chunks text not null, bytes integer not null, seen integer not null) without rowid",
  );
  if (!db.prepare("select id from target where id = ?").get(repository)) {
    db.exec("delete from files; delete from target");
    db.prepare("insert into target (id) values (?)").run(repository);
  }
  return db;
}
