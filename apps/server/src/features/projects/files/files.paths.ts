import { AppError } from "../../../platform/errors.ts";

/** Folders that can be made again; not listed, not searched, not watched (accounts-projects 4.3). */
export const skippedDirectories: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  "__pycache__",
  ".next",
  "dist",
  "build",
  ".venv",
  "venv",
  ".cache",
  ".turbo",
  "coverage",
  ".nyc_output",
  "lost+found",
]);
export const skippedFiles: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", ".env.local", ".ash_history"]);
export const isSkipped = (path: string) =>
  path
    .split("/")
    .some((segment, i, all) =>
      i < all.length - 1 ? skippedDirectories.has(segment) : skippedDirectories.has(segment) || skippedFiles.has(segment),
    );

const maxPathBytes = 1024;
const maxSegmentBytes = 255;

/**
 * The path rule of accounts-projects 4.3 for a path that was URL-decoded once: trimmed, `\` is `/`, no NUL, no `..` segment,
 * leading slashes and `.` segments dropped. Throws `bad_path` or `path_traversal`. What symlinks do is the tree's business.
 */
export function normalisePath(given: string): string {
  const text = given.trim().replaceAll("\\", "/");
  if (text === "") throw new AppError("bad_path", "The path is empty.");
  if (text.includes("\0")) throw new AppError("bad_path", "The path contains a NUL character.");
  const segments = text.split("/").filter((s) => s !== "" && s !== ".");
  if (segments.includes("..")) throw new AppError("path_traversal", "The path leaves the project.");
  const path = segments.join("/");
  if (Buffer.byteLength(path) > maxPathBytes) throw new AppError("bad_path", `The path is longer than ${maxPathBytes} bytes.`);
  if (segments.some((s) => Buffer.byteLength(s) > maxSegmentBytes))
    throw new AppError("bad_path", `A name in the path is longer than ${maxSegmentBytes} bytes.`);
  return path;
}

/** A path that may be changed: not the project itself, nothing under `.git`. */
export function writablePath(given: string): string {
  const path = normalisePath(given);
  if (path === "") throw new AppError("bad_path", "The path names the project itself.");
  if (path.split("/").includes(".git")) throw new AppError("git_directory", "Files under .git are changed through git only.");
  return path;
}

/** A tree may hold longer paths than the files' API makes. */
const maxExactPathBytes = 4096;

/**
 * A path of the tree, "" for all of it, as git names it: unlike the rule of the files' API nothing is trimmed and a backslash is a
 * character, for another file must not be acted on. Throws `bad_path`, `path_traversal`, and `git_directory` for what is git's own.
 */
export function exactPath(given: string): string {
  if (given === "" || given.includes("\0")) throw new AppError("bad_path", "This is not the path of a file.");
  const segments = given.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw new AppError("path_traversal", "The path leaves the project.");
  if (segments.includes(".git")) throw new AppError("git_directory", "Files under .git are changed through git only.");
  const path = segments.join("/");
  if (Buffer.byteLength(path) > maxExactPathBytes) throw new AppError("bad_path", `The path is longer than ${maxExactPathBytes} bytes.`);
  return path;
}
