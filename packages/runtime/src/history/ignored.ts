import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { codeOf } from "../tree/pin.ts";
import { openBlobs, openFeed } from "./feed.ts";
import type { Git } from "./git.ts";
import { emptyMark, ofBytes, quote, spell, toBytes, unspell, type BytePath } from "./names.ts";
import { baseName, parentOf } from "./walker.ts";

const none = "000000";
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/** Patterns that take longer to match ignore nothing. */
const matchMs = 5_000;
const maxRuleBytes = 512 * 1024;
const maxRuleFiles = 2_000;
const maxIndexBytes = 64 * 2 ** 20;
/** Temporary, for one comparison. */
const compareRef = "refs/compare";

interface Change {
  path: BytePath;
  oldMode: string;
  oldBlob: string;
  newMode: string;
}
/** Blobs by the path of the file. */
type Files = Map<BytePath, string>;
interface Rules {
  ignore: Files;
  exclude: string | undefined;
  indexes: Files;
}

/**
 * Returns the tree `to` with changes of ignored files reverted, so that a comparison with `from` omits them. A file counts when it was or
 * is tracked, or when it was not ignored before: ignoring a file does not hide changes to it. Works without a repository. `folder` is
 * private; only `.gitignore` files of the project are written to it.
 */
export async function undoIgnored(
  git: Git,
  from: string,
  to: string,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<string> {
  const changes = parseChanges(
    await git.run(["diff-tree", "-r", "-z", "--raw", "--no-renames", from, to, "--", ".", ":(exclude,glob)**/.git%/**"], { signal }),
  );
  if (changes.length === 0) return to;
  const folders = new Set<BytePath>([""]);
  for (const { path } of changes) for (let at = parentOf(path); !folders.has(at); at = parentOf(at)) folders.add(at);
  const [before, after] = [await findRules(git, from, folders, signal), await findRules(git, to, folders, signal)];
  if (before.ignore.size + after.ignore.size === 0 && before.exclude === undefined && after.exclude === undefined) return to;

  const ignoredAfter = await findIgnored(git, after, changes, { folder, signal });
  const ignoredBefore = isSame(before, after) ? ignoredAfter : await findIgnored(git, before, changes, { folder, signal });
  const ignored = changes.filter(
    ({ path, oldMode, newMode }) => (newMode === none || ignoredAfter.has(path)) && (oldMode === none || ignoredBefore.has(path)),
  );
  if (ignored.length === 0) return to;
  const tracked = await findTracked(git, [before, after]);
  const undone = ignored.filter(({ path }) => !tracked.has(path));
  return undone.length === 0 ? to : writeTree(git, to, undone, signal);
}

function parseChanges(text: string): Change[] {
  const fields = text.split("\0");
  const changes: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [oldMode = "", newMode = "", oldBlob = ""] = (fields[i] ?? "").slice(1).split(" ");
    const spelled = fields[i + 1] ?? "";
    if (baseName(spelled) !== emptyMark) changes.push({ path: unspell(spelled), oldMode, newMode, oldBlob });
  }
  return changes;
}

/** What of a tree decides about files in these folders. */
async function findRules(git: Git, tree: string, folders: ReadonlySet<BytePath>, signal: AbortSignal): Promise<Rules> {
  const rules: Rules = { ignore: new Map(), exclude: undefined, indexes: new Map() };
  for (const line of (await git.run(["ls-tree", "-r", "-z", "--full-tree", tree], { signal })).split("\0")) {
    const tab = line.indexOf("\t");
    // git ignores a `.gitignore` that is a link.
    if (tab < 0 || !line.startsWith("100")) continue;
    const path = unspell(line.slice(tab + 1));
    const name = baseName(path);
    const blob = line.slice(0, tab).split(" ")[2] ?? "";
    if (path === ".git/info/exclude") rules.exclude = blob;
    else if (name === ".gitignore" && folders.has(parentOf(path)) && rules.ignore.size < maxRuleFiles) rules.ignore.set(path, blob);
    else if (name === "index" && baseName(parentOf(path)) === ".git" && folders.has(parentOf(parentOf(path))))
      rules.indexes.set(path, blob);
  }
  return rules;
}
const isSame = (a: Rules, b: Rules) =>
  a.exclude === b.exclude && a.ignore.size === b.ignore.size && [...a.ignore].every(([path, blob]) => b.ignore.get(path) === blob);

/** Git evaluates the patterns, in a folder with nothing else. */
async function findIgnored(
  git: Git,
  rules: Rules,
  changes: readonly Change[],
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<Set<BytePath>> {
  const files = await readBlobs(git, [...rules.ignore.values(), ...(rules.exclude === undefined ? [] : [rules.exclude])], maxRuleBytes);
  rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(`${folder}/tree`, { recursive: true, mode: 0o700 });
    for (const [path, blob] of rules.ignore) {
      const data = files.get(blob);
      if (data) writeBelow(`${folder}/tree`, path, data);
    }
    const exclude = rules.exclude === undefined ? undefined : files.get(rules.exclude);
    if (exclude) writeFileSync(`${folder}/exclude`, exclude);
    const found = await git.run(
      [
        `--work-tree=${folder}/tree`,
        ...(exclude ? ["-c", `core.excludesFile=${folder}/exclude`] : []),
        "check-ignore",
        "--no-index",
        "-z",
        "--stdin",
      ],
      // Exit code 1 means that nothing is ignored. `./` prevents a leading `:` from being parsed as a pathspec.
      {
        input: changes.map(({ path }) => `./${path}\0`).join(""),
        allowFailure: true,
        signal: AbortSignal.any([signal, AbortSignal.timeout(matchMs)]),
      },
    );
    if (signal.aborted) throw new RuntimeError("aborted", "Comparing took too long.");
    return new Set(
      found
        .split("\0")
        .filter(Boolean)
        .map((path) => path.slice(2)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
function writeBelow(root: string, path: BytePath, data: Buffer) {
  const below = (at: BytePath) => Buffer.concat([Buffer.from(`${root}/`), toBytes(at)]);
  try {
    mkdirSync(below(parentOf(path)), { recursive: true, mode: 0o700 });
    writeFileSync(below(path), data);
  } catch (error) {
    // The path is too long to check.
    if (codeOf(error) !== "ENAMETOOLONG") throw error;
  }
}

/** By blob id; larger ones are omitted. */
async function readBlobs(git: Git, wanted: readonly string[], maxBytes: number): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (wanted.length === 0) return found;
  const sizes = await git.run(["cat-file", "--batch-check"], { input: [...new Set(wanted)].map((blob) => `${blob}\n`).join("") });
  const small = [...sizes.matchAll(/^([0-9a-f]+) blob (\d+)$/gm)].flatMap(([, blob = "", size]) =>
    Number(size) <= maxBytes ? [blob] : [],
  );
  const blobs = openBlobs(git);
  try {
    for (const blob of small) {
      blobs.request(blob);
      const chunks: Buffer[] = [];
      for await (const chunk of blobs.next()) chunks.push(Buffer.from(chunk));
      found.set(blob, Buffer.concat(chunks));
    }
  } finally {
    blobs.close();
  }
  return found;
}

async function findTracked(git: Git, all: readonly Rules[]): Promise<Set<BytePath>> {
  const indexes = all.flatMap((rules) => [...rules.indexes]);
  const files = await readBlobs(
    git,
    indexes.map(([, blob]) => blob),
    maxIndexBytes,
  );
  const tracked = new Set<BytePath>();
  for (const [path, blob] of indexes) {
    const root = parentOf(parentOf(path));
    for (const name of indexedPaths(files.get(blob) ?? Buffer.alloc(0))) tracked.add(root === "" ? name : `${root}/${name}`);
  }
  return tracked;
}

/** Names in a git index of version 2, 3 or 4 (gitformat-index). Untrusted: written by the project. */
export function* indexedPaths(index: Buffer): Generator<BytePath> {
  const fixed = 62;
  if (index.length < 12 || index.toString("latin1", 0, 4) !== "DIRC") return;
  const version = index.readUInt32BE(4);
  const count = index.readUInt32BE(8);
  let at = 12;
  let last = "";
  for (let i = 0; i < count && at + fixed < index.length; i++) {
    const start = at;
    const isExtended = version >= 3 && (index.readUInt16BE(start + 60) & 0x4000) !== 0;
    at += fixed + (isExtended ? 2 : 0);
    let kept = "";
    if (version === 4) {
      // How much of the previous name to drop: seven bits per byte, each further byte counts from one.
      let byte = index[at++] ?? 0;
      let dropped = byte & 127;
      while ((byte & 128) !== 0 && at < index.length) {
        byte = index[at++] ?? 0;
        dropped = (dropped + 1) * 128 + (byte & 127);
      }
      kept = last.slice(0, Math.max(0, last.length - dropped));
    }
    const end = index.indexOf(0, at);
    if (end < 0) return;
    last = kept + ofBytes(index.subarray(at, end));
    yield last;
    at = version === 4 ? end + 1 : start + ((end - start + 8) & ~7);
  }
}

async function writeTree(git: Git, to: string, undone: readonly Change[], signal: AbortSignal): Promise<string> {
  const feed = openFeed(git, signal);
  try {
    await feed.write(`feature done\ncommit ${compareRef}\nmark :1\ncommitter compare <compare> 0 +0000\ndata 0\n`);
    if (to !== emptyTree) await feed.write(`M 040000 ${to} "files"\n`);
    const quoted = (path: BytePath) => quote(`files/${spell(path)}`);
    // Removals first: a file may have been a folder.
    for (const { path, newMode } of undone) if (newMode !== none) await feed.write(`D ${quoted(path)}\n`);
    for (const { path, oldMode, oldBlob } of undone) if (oldMode !== none) await feed.write(`M ${oldMode} ${oldBlob} ${quoted(path)}\n`);
    await feed.write(`\nreset ${compareRef}\nfrom ${"0".repeat(40)}\n\n`);
    return (await feed.done("files")) ?? emptyTree;
  } catch (error) {
    feed.cancel();
    throw error;
  }
}
