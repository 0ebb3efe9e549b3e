import { spawn, type ChildProcessByStdio } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import { systemPath } from "../run.ts";

/**
 * The object store: a bare repository without a working tree. The project's files reach git as bytes on a pipe, so that hooks, filters,
 * attributes, links and nested repositories are only content.
 */
export interface Git {
  /** Its whole output as latin1. Rejects when git fails. */
  run(args: readonly string[], options?: { input?: string; signal?: AbortSignal; allowFailure?: boolean }): Promise<string>;
  /** A git process with streams for the caller. `ended` rejects when git fails; the caller awaits it or kills the child. */
  start(args: readonly string[]): { child: ChildProcessByStdio<Writable, Readable, Readable>; ended: Promise<void> };
}

const config = `[core]
	repositoryformatversion = 0
	bare = true
	hooksPath = /dev/null
	attributesFile = /dev/null
	excludesFile = /dev/null
	logAllRefUpdates = false
	protectNTFS = false
	protectHFS = false
	fsync = all
	bigFileThreshold = 4m
[gc]
	auto = 0
[maintenance]
	auto = false
[fastimport]
	unpackLimit = 1
[pack]
	compression = 1
	threads = 1
	windowMemory = 64m
[diff]
	renameLimit = 400
`;

export function openGit(dir: string): Git {
  const env = {
    PATH: systemPath,
    LC_ALL: "C",
    HOME: "/nonexistent",
    GIT_DIR: dir,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
  const start: Git["start"] = (args) => {
    create(dir);
    // Runs in the repository, so that git finds no working tree.
    const child = spawn("git", args, { cwd: dir, env, stdio: ["pipe", "pipe", "pipe"] });
    let words = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (words = (words + chunk).slice(-2000)));
    // It may exit without reading everything; the exit code reports the failure.
    child.stdin.on("error", () => {});
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          new RuntimeError("unavailable", cause.code === "ENOENT" ? "git is not installed on this server" : "git cannot be started", {
            cause,
          }),
        ),
      );
      child.once("close", (code, signal) => {
        if (code === 0) return resolve();
        const cause = new Error(`git ${args[0]}: ${words.trim() || (signal ?? `exit code ${code}`)}`);
        reject(
          /No space left on device|Disk quota exceeded/i.test(words)
            ? new RuntimeError("storage_full", "There is no space left on this server.", { cause })
            : new RuntimeError("unavailable", "The history of this project cannot be used.", { cause }),
        );
      });
    });
    ended.catch(() => {});
    return { child, ended };
  };
  return {
    start,
    async run(args, { input = "", signal, allowFailure = false } = {}) {
      const { child, ended } = start(args);
      const stop = () => child.kill("SIGKILL");
      signal?.addEventListener("abort", stop, { once: true });
      try {
        child.stdin.end(input, "latin1");
        const chunks: Buffer[] = [];
        for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
        await (allowFailure ? ended.catch(() => undefined) : ended);
        return Buffer.concat(chunks).toString("latin1");
      } catch (error) {
        if (signal?.aborted) throw new RuntimeError("aborted", "The operation was aborted.", { cause: error });
        throw error;
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    },
  };
}

/**
 * Created under another name and renamed, so that a kill leaves no partial repository. Without `git init`, to avoid the host's templates.
 */
function create(dir: string) {
  if (existsSync(join(dir, "HEAD"))) return;
  const fresh = `${dir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) mkdirSync(join(fresh, folder), { recursive: true, mode: 0o700 });
  writeFileSync(join(fresh, "config"), config, { mode: 0o600 });
  writeFileSync(join(fresh, "HEAD"), "ref: refs/heads/none\n", { mode: 0o600, flush: true });
  renameSync(fresh, dir);
}
