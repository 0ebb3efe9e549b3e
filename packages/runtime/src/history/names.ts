/**
 * Paths are kept byte for byte: on Linux a name need not be valid UTF-8. In here a path is a string with one character per
 * byte ("latin1"), which loses nothing and is quick to compare.
 */
export type BytePath = string;

export const toBytes = (path: BytePath): Buffer => Buffer.from(path, "latin1");
export const ofBytes = (bytes: Uint8Array): BytePath => Buffer.from(bytes).toString("latin1");
/** For people; what is not UTF-8 shows as replacement characters. */
export const shown = (path: BytePath): string => toBytes(path).toString("utf8");
export const ofShown = (path: string): BytePath => Buffer.from(path, "utf8").toString("latin1");

/** Stands in an empty folder, which git cannot keep. No name of a file is spelled like this: see `spell`. */
export const emptyMark = ".git%:empty";

/**
 * Git refuses files inside a `.git` folder. Names that are `.git`, or begin with `.git%`, get a `%` more: `.git` is kept as `.git%`.
 * The reverse takes one away; `emptyMark` is nobody's spelling, as `.git:empty` has no need of one.
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

/** As `git fast-import` reads a path. */
export const quote = (path: BytePath): BytePath => `"${path.replace(/["\\\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`;
