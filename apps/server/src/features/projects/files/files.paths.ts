import { generatedFolders } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";

/** Folders that are mostly generated: not listed, searched or watched. */
export const skippedDirectories: ReadonlySet<string> = new Set([...generatedFolders, ".git", "dist", "build", "coverage"]);
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
 * Normalizes a path that was URL-decoded once: trimmed, `\` becomes `/`, leading slashes and `.` segments dropped. Throws `bad_path`
 * (empty, NUL, too long) or `path_traversal` (a `..` segment). Symlinks are checked by the file tree.
 */
export function normalisePath(given: string): string {
  const text = given.trim().replaceAll("\\", "/");
  if (text === "") throw new AppError("bad_path", "The path is empty.");
  if (text.includes("\0")) throw new AppError("bad_path", "The path contains a NUL character.");
  const segments = text.split("/").filter((s) => s !== "" && s !== ".");
  if (segments.includes("..")) throw new AppError("path_traversal", "The path points outside the project.");
  const path = segments.join("/");
  if (Buffer.byteLength(path) > maxPathBytes) throw new AppError("bad_path", `The path is longer than ${maxPathBytes} bytes.`);
  if (segments.some((s) => Buffer.byteLength(s) > maxSegmentBytes))
    throw new AppError("bad_path", `A name in the path is longer than ${maxSegmentBytes} bytes.`);
  return path;
}

/** A path that may be written: not the project root, nothing under `.git`. */
export function writablePath(given: string): string {
  const path = normalisePath(given);
  if (path === "") throw new AppError("bad_path", "The path is the project root. Give the path of a file or folder in it.");
  if (path.split("/").includes(".git"))
    throw new AppError("git_directory", "Files under .git cannot be changed through this API. Use git.");
  return path;
}

/** The tree may hold longer paths than the files API accepts. */
const maxExactPathBytes = 4096;

/**
 * A path as git spells it, "" for the whole tree. Unlike `safePath` it trims nothing and keeps backslashes, because a changed path
 * would name another file. Throws `bad_path`, `path_traversal` or, under `.git`, `git_directory`.
 */
export function exactPath(given: string): string {
  if (given === "" || given.includes("\0"))
    throw new AppError("bad_path", "Not a valid file path: it is empty or contains a NUL character.");
  const segments = given.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw new AppError("path_traversal", "The path points outside the project.");
  if (segments.includes(".git")) throw new AppError("git_directory", "Files under .git cannot be changed through this API. Use git.");
  const path = segments.join("/");
  if (Buffer.byteLength(path) > maxExactPathBytes) throw new AppError("bad_path", `The path is longer than ${maxExactPathBytes} bytes.`);
  return path;
}
