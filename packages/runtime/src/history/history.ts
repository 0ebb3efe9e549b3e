import { existsSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import { readJsonFile, writeJson } from "../host/files/json-file.ts";
import type { RuntimeLog } from "../log.ts";
import { createThrottle } from "../tree/throttle.ts";
import { planOf, stage, sweepStage } from "./apply.ts";
import { readBundle, writeBundle } from "./bundle.ts";
import { compareTrees } from "./compare.ts";
import { contentOf, openBlobs, openFeed, type Content, type Feed } from "./feed.ts";
import { openGit } from "./git.ts";
import { loadKnown, saveKnown, unchanged, type Known, type KnownEntry } from "./known.ts";
import { emptyMark, ofShown, quote, shown, spell, unspell, type BytePath } from "./names.ts";
import { inFolder, scan, type Mode, type Seen } from "./scan.ts";
import type { History, KeptEntry, Point, RestoreOptions, Restored, CaptureOptions } from "./types.ts";
import { baseName, openWalker, parentOf, type RestoreTarget } from "./walker.ts";

/** Reserved because the database uses the same disk. */
const hostReserveBytes = 512 * 2 ** 20;
const namePattern = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/;
const points = "refs/points/";
/** The last scan of the tree and the start of a restore, protected from garbage collection. */
const lastRef = "refs/last";
const fromRef = "refs/restore/from";
const toRef = "refs/restore/to";

/** Of a point without files. */
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Stored with each point. */
interface Facts extends Point {
  maxFileBytes?: number;
}
type ContentNow = (path: BytePath, seen: Seen) => Promise<Content | undefined>;
/** A restore in progress. Older versions stored no `keep`. */
interface RestoreMarker {
  since: string;
  keep?: readonly string[];
}
interface Target {
  entries: Map<BytePath, Pick<KnownEntry, "mode" | "blob">>;
  facts: Facts;
}

export interface HistoryOptions {
  /** Private to this history and inaccessible to projects. Created with the first point. */
  dir: string;
  tree: RestoreTarget;
  log: RuntimeLog;
  /** Space to keep free on the host. */
  reserveBytes?: number;
}

/** A history that can complete an interrupted restore. */
export interface OpenHistory extends History {
  /** Call before anything of the project runs. Never throws. */
  recover(): Promise<void>;
}

export function openHistory({ dir, tree, log, reserveBytes = hostReserveBytes }: HistoryOptions): OpenHistory {
  const git = openGit(join(dir, "git"));
  const scratch = join(dir, "scratch");
  const knownFile = join(dir, "known.json");
  const restoreMarker = join(dir, "restore.json");
  const hasAny = () => existsSync(join(dir, "git"));
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const refOf = (name: string) => {
    if (!namePattern.test(name)) throw new RuntimeError("not_supported", `${name} is not a valid point name`);
    return points + name;
  };

  // --- capturing ---

  function prepare() {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { mode: 0o700 });
  }
  function checkFreeSpace(adding: number) {
    const { bavail, bsize } = statfsSync(dir);
    if (bavail * bsize - adding < reserveBytes) throw new RuntimeError("storage_full", "This server's disk is almost full.");
  }

  /** Writes the point and returns the tree's current content. */
  async function captureTo(ref: string, options: CaptureOptions): Promise<{ known: Known; facts: Facts }> {
    prepare();
    const { maxFileBytes, signal } = options;
    const seen = await scan(tree.host, { ...(maxFileBytes !== undefined && { maxFileBytes }), ...(signal && { signal }) });
    const known = loadKnown(knownFile);
    try {
      return await write(ref, seen, known, options);
    } catch (error) {
      // If the base commit is missing, store everything again.
      if (known.tree === undefined || !(error instanceof RuntimeError) || error.code !== "unavailable") throw error;
      log.warn({ err: error }, "history is being rebuilt");
      return write(ref, seen, { tree: undefined, entries: new Map() }, options);
    }
  }

  async function write(ref: string, seen: Map<BytePath, Seen>, known: Known, { attachments = {}, maxFileBytes, signal }: CaptureOptions) {
    let bytes = Object.values(attachments).reduce((sum, { size }) => sum + size, 0);
    let adding = bytes;
    let files = 0;
    for (const [path, now] of seen) {
      bytes += now.size;
      if (now.mode !== "folder") files++;
      if (!unchanged(known.entries.get(path), now)) adding += now.size;
    }
    checkFreeSpace(adding);
    const facts: Facts = { files, bytes, attachments: Object.keys(attachments), ...(maxFileBytes !== undefined && { maxFileBytes }) };
    const feed = openFeed(git, signal);
    try {
      const text = JSON.stringify(facts);
      await feed.write(`feature done\ncommit ${ref}\nmark :1\ncommitter point <point> ${Math.floor(Date.now() / 1000)} +0000\n`);
      await feed.write(`data ${Buffer.byteLength(text, "latin1")}\n${text}\n`);
      if (known.tree !== undefined) await feed.write(`M 040000 ${known.tree} "files"\n`);
      const entries = await reading((contentNow) => feedChanges(feed, seen, known, contentNow));
      for (const [path, { size, data }] of Object.entries(attachments))
        await feed.put("100644", `attachments/${spell(ofShown(path))}`, { size, bytes: () => ofSize(size, path, data()) });
      await feed.write(ref === lastRef ? "\n" : `\nreset ${lastRef}\nfrom ${ref}\n\n`);
      const next: Known = { tree: await feed.done("files"), entries };
      saveKnown(knownFile, next);
      return { known: next, facts };
    } catch (error) {
      feed.cancel();
      throw error;
    }
  }

  /** Reads scanned entries, never through a link. */
  async function reading<T>(work: (contentNow: ContentNow) => Promise<T>): Promise<T> {
    const walker = openWalker(tree);
    try {
      return await work(async (path, { mode, size }) => {
        const folder = walker.find(parentOf(path));
        return folder === undefined ? undefined : contentOf(inFolder(folder, baseName(path)), mode === "120000", size, scratch);
      });
    } finally {
      walker.close();
    }
  }

  /** Sends new content. Removals first: a folder may have been a file. */
  async function feedChanges(
    feed: Feed,
    seen: Map<BytePath, Seen>,
    known: Known,
    contentNow: ContentNow,
  ): Promise<Map<BytePath, KnownEntry>> {
    const entries = new Map<BytePath, KnownEntry>();
    const pace = createThrottle();
    for (const [path, { mode }] of known.entries)
      if (!seen.has(path)) await feed.write(`D ${quoted(mode === "folder" ? `${spell(path)}/${emptyMark}` : spell(path))}\n`);
    for (const [path, now] of seen) {
      const before = known.entries.get(path);
      const same = unchanged(before, now);
      if (same) {
        entries.set(path, same);
        continue;
      }
      if (now.mode === "folder") {
        if (before?.mode !== "folder") await feed.put("100644", `files/${spell(path)}/${emptyMark}`, { size: 0, bytes: () => [] });
        entries.set(path, { ...now, blob: "" });
        continue;
      }
      await pace();
      const content = await contentNow(path, now);
      if (!content) {
        // Deleted since the scan.
        if (before) await feed.write(`D ${quoted(spell(path))}\n`);
        continue;
      }
      try {
        if (before?.blob !== content.blob || before.mode !== now.mode) await feed.put(now.mode, `files/${spell(path)}`, content);
      } finally {
        content.dispose();
      }
      entries.set(path, { mode: now.mode, size: content.size, stamp: now.stamp, blob: content.blob });
    }
    return entries;
  }

  // --- reading ---

  const findCommit = async (ref: string): Promise<string | undefined> =>
    (hasAny() && (await git.run(["rev-parse", "--verify", "-q", `${ref}^{commit}`], { allowFailure: true })).trim()) || undefined;
  async function requireCommit(ref: string): Promise<string> {
    const commit = await findCommit(ref);
    if (commit === undefined) throw new RuntimeError("not_found", "This snapshot no longer exists.");
    return commit;
  }
  const factsOf = async (commit: string): Promise<Facts> => {
    const text = await git.run(["cat-file", "commit", commit]);
    return JSON.parse(text.slice(text.indexOf("\n\n") + 2)) as Facts;
  };
  const treeOf = async (commit: string): Promise<string> =>
    (await git.run(["rev-parse", "--verify", "-q", `${commit}:files`], { allowFailure: true })).trim() ||
    (await git.run(["hash-object", "-t", "tree", "-w", "--stdin"])).trim();
  async function targetOf(commit: string): Promise<Target> {
    const list = await git.run(["ls-tree", "-r", "-z", "--full-tree", await treeOf(commit)]);
    const entries: Target["entries"] = new Map();
    for (const line of list.split("\0")) {
      const tab = line.indexOf("\t");
      if (tab < 0) continue;
      const [mode = "", , blob = ""] = line.slice(0, tab).split(" ");
      const path = line.slice(tab + 1);
      if (path.endsWith(`/${emptyMark}`)) entries.set(unspell(path.slice(0, -emptyMark.length - 1)), { mode: "folder", blob: "" });
      else entries.set(unspell(path), { mode: mode as Mode, blob });
    }
    return { entries, facts: await factsOf(commit) };
  }

  // --- restoring ---

  /** Applies a commit to the current tree. */
  async function apply(commit: string, current: Known["entries"], options: RestoreOptions): Promise<Restored> {
    const target = await targetOf(commit);
    const maxFileBytes = target.facts.maxFileBytes ?? Number.POSITIVE_INFINITY;
    const plan = planOf(without(options.keep, current), without(options.keep, target.entries), maxFileBytes);
    const blobs = openBlobs(git);
    try {
      const staged = await stage(tree, plan, blobs, options);
      try {
        options.signal?.throwIfAborted();
        await staged.swap();
      } finally {
        staged.discard();
      }
    } finally {
      blobs.close();
    }
    return { written: plan.write.length, removed: plan.remove.length };
  }
  /** Scans the tree without storing it, so that it works on a full disk. */
  async function scanTree(): Promise<Known["entries"]> {
    prepare();
    const known = loadKnown(knownFile);
    const seen = await scan(tree.host);
    return reading(async (contentNow) => {
      const entries: Known["entries"] = new Map();
      const pace = createThrottle();
      for (const [path, now] of seen) {
        await pace();
        const same = unchanged(known.entries.get(path), now);
        const content = same || now.mode === "folder" ? undefined : await contentNow(path, now);
        content?.dispose();
        if (same) entries.set(path, same);
        else if (content || now.mode === "folder") entries.set(path, { ...now, blob: content?.blob ?? "" });
      }
      return entries;
    });
  }

  async function restore(name: string, options: RestoreOptions): Promise<Restored> {
    const to = await requireCommit(refOf(name));
    const { known } = await captureTo(fromRef, options.signal ? { signal: options.signal } : {});
    await git.run(["update-ref", toRef, to]);
    writeJson(restoreMarker, { since: new Date().toISOString(), keep: options.keep ?? [] } satisfies RestoreMarker);
    try {
      const done = await apply(to, known.entries, options);
      rmSync(restoreMarker);
      return done;
    } catch (error) {
      const reason = toRuntimeError(error);
      if (await revert()) throw reason;
      const { code, message } = reason instanceof RuntimeError ? reason : new RuntimeError("unavailable", "The restore failed.");
      throw new RuntimeError(
        code,
        `${message} Reverting failed too, so some files may be restored and others not. Restore again once this is solved.`,
        { cause: error, details: { isReverted: false } },
      );
    }
  }
  /** Reverts to the tree at the start of the restore; whether that worked. Keeps the marker when it fails. */
  async function revert(): Promise<boolean> {
    try {
      await apply(await requireCommit(fromRef), await scanTree(), {});
      rmSync(restoreMarker, { force: true });
      return true;
    } catch (err) {
      log.error({ err }, "an unfinished restore could not be reverted; it is retried when the project is opened");
      return false;
    }
  }

  return {
    capture: (name, options = {}) =>
      inTurn(async () => {
        const { facts, known } = await captureTo(refOf(name), options).catch((error: unknown) => Promise.reject(toRuntimeError(error)));
        return { ...pointOf(facts), tree: known.tree ?? emptyTree };
      }),
    find: (name) =>
      inTurn(async () => {
        try {
          return pointOf(await factsOf(await requireCommit(refOf(name))));
        } catch (error) {
          if (error instanceof RuntimeError && error.code === "not_found") return undefined;
          throw error;
        }
      }),
    names: (prefix = "") =>
      inTurn(async () => {
        if (!hasAny()) return [];
        const found = (await git.run(["for-each-ref", "--format=%(refname)", points])).split("\n").filter(Boolean);
        return found.map((ref) => ref.slice(points.length)).filter((name) => name.startsWith(prefix));
      }),
    remove: (names) =>
      inTurn(async () => {
        if (!hasAny() || names.length === 0) return;
        await git.run(["update-ref", "--stdin"], { input: names.map((name) => `delete ${refOf(name)}\n`).join("") });
      }),
    restore: (name, options = {}) => inTurn(() => restore(name, options)),
    compare: (from, to, options = {}) =>
      inTurn(async () => {
        const a = await requireCommit(refOf(from));
        if (to === "now") {
          const { maxFileBytes } = await factsOf(a);
          await captureTo(lastRef, {
            ...(maxFileBytes !== undefined && { maxFileBytes }),
            ...(options.signal && { signal: options.signal }),
          });
        }
        const b = await requireCommit(to === "now" ? lastRef : refOf(to));
        return compareTrees(git, await treeOf(a), await treeOf(b), { ...options, scratch: join(dir, "compare") });
      }),
    async *read(name, { signal } = {}) {
      const commit = await requireCommit(refOf(name));
      const list = await git.run(["ls-tree", "-r", "-z", "-l", "--full-tree", await treeOf(commit)]);
      const blobs = openBlobs(git);
      try {
        for (const line of list.split("\0")) {
          const tab = line.indexOf("\t");
          if (tab < 0) continue;
          signal?.throwIfAborted();
          const [mode = "", , blob = "", size = "0"] = line.slice(0, tab).split(/ +/);
          yield keptEntry(line.slice(tab + 1), mode, Number(size), async function* () {
            blobs.request(blob);
            yield* blobs.next();
          });
        }
      } finally {
        blobs.close();
      }
    },
    async attachment(name, path) {
      const commit = await requireCommit(refOf(name));
      const blob = (
        await git.run(["rev-parse", "--verify", "-q", `${commit}:attachments/${shown(spell(ofShown(path)))}`], { allowFailure: true })
      ).trim();
      if (blob === "") return undefined;
      const size = Number(await git.run(["cat-file", "-s", blob]));
      const data = Readable.from(
        (async function* () {
          const blobs = openBlobs(git);
          try {
            blobs.request(blob);
            yield* blobs.next();
          } finally {
            blobs.close();
          }
        })(),
      );
      return { size, data };
    },
    async exportPoint(name, { base, signal } = {}) {
      const commit = await requireCommit(refOf(name));
      const from = base === undefined ? undefined : await findCommit(refOf(base));
      const data = writeBundle(git, { ref: refOf(name), commit, ...(from !== undefined && { base: from }) }, signal);
      return { commit, isFull: from === undefined, data };
    },
    importPoint: (name, { commit, bytes, data, signal }) =>
      inTurn(async () => {
        try {
          const ref = refOf(name);
          prepare();
          checkFreeSpace(bytes);
          await readBundle(git, data, { commit, bytes, signal });
          const facts = await factsOf(commit);
          await git.run(["update-ref", ref, commit]);
          return pointOf(facts);
        } catch (error) {
          throw toRuntimeError(error);
        }
      }),
    tidy: () =>
      inTurn(async () => {
        if (!hasAny()) return;
        await git.run(["pack-refs", "--all"]);
        await git.run(["repack", "-a", "-d", "-q"]);
        await git.run(["prune", "--expire=now"]);
      }),
    recover: () =>
      inTurn(async () => {
        sweepStage(tree.tmp);
        const marker = readJsonFile<RestoreMarker>(restoreMarker);
        if (marker === undefined) return;
        try {
          const done = await apply(await requireCommit(toRef), await scanTree(), { keep: marker.keep ?? [] });
          rmSync(restoreMarker, { force: true });
          log.warn({ ...done }, "completed an interrupted restore");
        } catch (err) {
          log.error({ err }, "an interrupted restore could not be completed");
          await revert();
        }
      }),
  };
}

/** Entries that are neither one of these names nor below one. */
function without<T>(names: readonly string[] = [], entries: ReadonlyMap<BytePath, T>): ReadonlyMap<BytePath, T> {
  if (names.length === 0) return entries;
  const kept = new Set(names.map(ofShown));
  return new Map([...entries].filter(([path]) => !kept.has(path.split("/", 1)[0] as BytePath)));
}

const quoted = (path: BytePath) => quote(`files/${path}`);
/** The repository is told the size first. */
async function* ofSize(size: number, path: string, data: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const wrong = () => new RuntimeError("not_supported", `${path} does not have the ${size} bytes that were announced`);
  let left = size;
  for await (const piece of data) {
    left -= piece.byteLength;
    if (left < 0) throw wrong();
    yield piece;
  }
  if (left > 0) throw wrong();
}
const pointOf = ({ files, bytes, attachments }: Facts): Point => ({ files, bytes, attachments });

function keptEntry(path: BytePath, mode: string, size: number, content: () => AsyncIterable<Uint8Array>): KeptEntry {
  const isFolder = path.endsWith(`/${emptyMark}`);
  return {
    path: shown(unspell(isFolder ? path.slice(0, -emptyMark.length - 1) : path)),
    kind: isFolder ? "folder" : mode === "120000" ? "link" : "file",
    isExecutable: mode === "100755",
    size: isFolder ? 0 : size,
    content,
  };
}

/** Maps a system error to a `RuntimeError`. */
function toRuntimeError(error: unknown): unknown {
  if (error instanceof RuntimeError || !(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new RuntimeError("storage_full", "There is no space left on this server.", { cause: error });
  if (error.name === "AbortError") return new RuntimeError("aborted", "The operation was aborted.", { cause: error });
  return new RuntimeError("unavailable", "The history of this project cannot be used.", { cause: error });
}
