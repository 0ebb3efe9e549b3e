/**
 * Paths are byte strings: on Linux names need not be UTF-8. Represented as one character per byte ("latin1"), which is lossless and fast
 * to compare.
 */
export type BytePath = string;

export const toBytes = (path: BytePath): Buffer => Buffer.from(path, "latin1");
export const ofBytes = (bytes: Uint8Array): BytePath => Buffer.from(bytes).toString("latin1");
/** For display; invalid UTF-8 becomes replacement characters. */
export const shown = (path: BytePath): string => toBytes(path).toString("utf8");
export const ofShown = (path: string): BytePath => Buffer.from(path, "utf8").toString("latin1");

/** Placeholder in empty folders, which git cannot store. Cannot collide with a file name: see `spell`. */
export const emptyMark = ".git%:empty";

/**
 * Git rejects files inside a `.git` folder. Names that are `.git` or begin with `.git%` get an extra `%`: `.git` is stored as `.git%`.
 * Reversed when reading; `emptyMark` cannot be the spelling of a file name.
 */
export const spell = (path: BytePath): BytePath =>
  path.includes(".git")
    ? path
        .split("/")
        .map((name) => (needsSpelling(name) ? `.git%${name.slice(4)}` : name))
        .join("/")
    : path;
export const unspell = (path: BytePath): BytePath =>
  path.includes(".git%")
    ? path
        .split("/")
        .map((name) => (name.startsWith(".git%") ? `.git${name.slice(5)}` : name))
        .join("/")
    : path;
const needsSpelling = (name: string) => name === ".git" || name.startsWith(".git%");

/** Quotes a path for `git fast-import`. */
export const quote = (path: BytePath): BytePath => `"${path.replace(/["\\\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`;
