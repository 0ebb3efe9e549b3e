import type { ExecResult, Sandbox } from "@tesslate/runtime";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import { isBranchName } from "../../projects/projects/index.ts";
import { encodeLossless, decodeLossless, isUtf8Text } from "./lossless-text.ts";
import type { Identity } from "./identity.ts";

/** Time limits in ms. */
export const gitTimes = { usual: 120_000, network: 300_000, short: 30_000, diff: 60_000 };
const maxOutputBytes = 8 * 2 ** 20;

export interface GitCallOptions {
  /** Files to act on, appended to the arguments (`exactPath`). */
  paths?: readonly string[];
  /** Not with `paths`. */
  input?: string | Uint8Array;
  timeoutMs?: number;
  /** Another index than the repository's, as a path in the project. */
  indexFile?: string;
  /** Exit codes that are not failures, besides 0. */
  allow?: readonly number[];
  signal?: AbortSignal;
}

/**
 * git in a project's working tree: the real program, as the project's uid inside its sandbox, without a shell. It has no credentials:
 * network operations use `OpenMirror`. Output is decoded with `decodeLossless`.
 */
export interface WorkingRepo {
  readonly sandbox: Sandbox;
  /** Read-only: takes no lock that could block a user's git in a terminal. */
  read(argv: readonly string[], options?: GitCallOptions): Promise<string>;
  write(argv: readonly string[], options?: GitCallOptions): Promise<string>;
  /** Like `write`, for callers that handle failures. */
  attempt(argv: readonly string[], options?: GitCallOptions): Promise<ExecResult>;
  isRepository(): Promise<boolean>;
  /** Writes the committer into the repository, for commits that git makes outside of our calls. */
  identify(): Promise<void>;
  /** Throws `not_a_repository`. */
  require(): Promise<void>;
  /** The full id of a commit. Throws `bad_ref`. */
  commitOf(revision: string): Promise<string>;
  /** Commit of `HEAD`; undefined before the first commit. */
  head(): Promise<string | undefined>;
  /** The checked-out branch; undefined when `HEAD` is detached. */
  currentBranch(): Promise<string | undefined>;
  /** Paths with merge conflicts. */
  unmerged(): Promise<string[]>;
}

/** Settings that the project cannot override for our calls; they do not apply in users' terminals. */
const always = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.quotePath=false",
  "core.editor=true",
  "submodule.recurse=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "color.ui=false",
  "color.advice=false",
  // Output must have the format and language that we parse.
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
  "log.showSignature=false",
  "diff.orderFile=/dev/null",
  "diff.suppressBlankEmpty=false",
  "status.aheadBehind=true",
  "status.renames=true",
  // Commits, merges and rebases have no side effects.
  "commit.gpgSign=false",
  "commit.verbose=false",
  "merge.autoStash=false",
  "merge.verifySignatures=false",
  "merge.log=false",
  "merge.stat=false",
  "rebase.autoStash=false",
  "rebase.autoSquash=false",
  "rebase.backend=merge",
  "rebase.rebaseMerges=false",
  "rebase.updateRefs=false",
  "rebase.stat=false",
  "rebase.missingCommitsCheck=ignore",
  "apply.ignoreWhitespace=no",
  "add.ignoreErrors=false",
  // Commits are transferred as one pack.
  "pack.packSizeLimit=0",
];
/** The user is author and committer, regardless of the repository's settings. */
const personal = ({ name, email }: Identity) =>
  ["user", "author", "committer"].flatMap((role) => [`${role}.name=${name}`, `${role}.email=${email}`]);

export function openWorkingRepo(sandbox: Sandbox, identity: Identity): WorkingRepo {
  const settings = [...always, ...personal(identity)].flatMap((setting) => ["-c", setting]);
  const run = async (
    argv: readonly string[],
    { paths, input: given, timeoutMs = gitTimes.usual, indexFile, signal }: GitCallOptions,
    isRead: boolean,
  ): Promise<ExecResult> => {
    const program = ["git", ...settings, ...argv];
    // Arguments are text: names that are not UTF-8 are passed as bytes through xargs.
    const isSayable = paths?.every(isUtf8Text) ?? true;
    if (paths) program.push("--", ...(isSayable ? paths : []));
    const input = isSayable ? given : encodeLossless(paths?.join("\0") ?? "");
    const result = await sandbox.exec(isSayable ? program : ["xargs", "-0", ...program], {
      env: {
        LC_ALL: "C",
        // Only the project's own repository, not one in a parent folder.
        GIT_DIR: ".git",
        GIT_WORK_TREE: ".",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_TERMINAL_PROMPT: "0",
        GIT_LITERAL_PATHSPECS: "1",
        GIT_EDITOR: "true",
        ...(isRead && { GIT_OPTIONAL_LOCKS: "0" }),
        ...(indexFile !== undefined && { GIT_INDEX_FILE: indexFile }),
      },
      timeoutMs,
      maxOutputBytes,
      encoding: "latin1",
      ...(input !== undefined && { input }),
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    if (result.timedOut) throw new AppError("gateway_timeout", "git took too long. Try again.");
    if (result.exitCode === 127) throw badRequest("git is not installed in this server's sandboxes.", "not_supported");
    return { ...result, stdout: decodeLossless(result.stdout), stderr: decodeLossless(result.stderr) };
  };
  const checked = async (argv: readonly string[], options: GitCallOptions, isRead: boolean): Promise<string> => {
    const result = await run(argv, options, isRead);
    if (result.exitCode !== 0 && !options.allow?.includes(result.exitCode ?? -1)) throw gitError(result);
    return result.stdout;
  };
  const repo: WorkingRepo = {
    sandbox,
    read: (argv, options = {}) => checked(argv, options, true),
    write: (argv, options = {}) => checked(argv, options, false),
    attempt: (argv, options = {}) => run(argv, options, false),
    isRepository: async () => (await sandbox.files.stat(".git/HEAD").catch(() => undefined)) !== undefined,
    identify: async () => {
      await repo.write(["config", "--local", "user.name", identity.name]);
      await repo.write(["config", "--local", "user.email", identity.email]);
    },
    require: async () => {
      if (!(await repo.isRepository()))
        throw badRequest("This project is not a git repository yet. Initialize one first.", "not_a_repository");
    },
    commitOf: async (revision) => {
      if (!isRevision(revision)) throw badRequest("This is not a valid commit or branch name.", "bad_ref");
      const found = await run(
        ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`],
        { timeoutMs: gitTimes.short },
        true,
      );
      const sha = found.stdout.trim();
      if (!/^[0-9a-f]{40,64}$/.test(sha)) throw badRequest(`Commit or branch ${revision} not found.`, "bad_ref");
      return sha;
    },
    head: async () =>
      (await run(["rev-parse", "--verify", "--quiet", "HEAD"], { timeoutMs: gitTimes.short }, true)).stdout.trim() || undefined,
    // Not the short form, which differs when a tag has the same name.
    currentBranch: async () =>
      (await run(["symbolic-ref", "--quiet", "HEAD"], { timeoutMs: gitTimes.short }, true)).stdout.trim().replace(/^refs\/heads\//, "") ||
      undefined,
    unmerged: async () => {
      const listed = await repo.read(["diff", "--no-ext-diff", "--name-only", "--diff-filter=U", "-z"], { timeoutMs: gitTimes.diff });
      return [...new Set(listed.split("\0").filter(Boolean))];
    },
  };
  return repo;
}

/** A name that can only be a commit: not an option, range, path or search. */
const isRevision = (text: string): boolean =>
  /^[^-\0-\x20\x7f:^~?*[\\][^\0-\x20\x7f:?*[\\]*$/.test(text) && !text.includes("..") && text.length <= 255;

/** Throws `bad_ref` for an invalid branch name. */
export function requireBranchName(name: string): void {
  if (!isBranchName(name)) throw badRequest("This is not a valid branch name.", "bad_ref");
}

/** Maps git's output to an error for the user. */
export function gitError({ stderr, stdout }: Pick<ExecResult, "stderr" | "stdout">): AppError {
  const output = withoutCredentials(`${stderr}\n${stdout}`);
  if (/index\.lock|\.lock': File exists|Unable to create '.*\.lock'|could not lock config file/.test(output))
    return conflict("git_busy", "Another git command is running in this project. Try again in a moment.");
  if (/not a git repository/i.test(output))
    return badRequest("This project is not a git repository yet. Initialize one first.", "not_a_repository");
  const overwritten = overwrittenFiles(output);
  if (overwritten)
    return conflict("local_changes", "Uncommitted changes would be overwritten. Commit or discard them first.", {
      files: overwritten,
    });
  const line = output.split("\n").find((text) => /^(fatal|error):/.test(text)) ?? output.trim().split("\n")[0] ?? "";
  return new AppError("git_failed", `git: ${line.replace(/^(fatal|error): /, "").slice(0, 300) || "the command failed"}`, {
    cause: new Error(output.slice(0, 2000)),
  });
}

function overwrittenFiles(output: string): string[] | undefined {
  if (
    !/would be overwritten by|local changes to the following files|cannot (pull|rebase).*unstaged|contains uncommitted changes/i.test(
      output,
    )
  )
    return undefined;
  return output
    .split("\n")
    .filter((line) => line.startsWith("\t"))
    .map((line) => line.trim());
}

/** Removes credentials from URLs and headers. */
export const withoutCredentials = (text: string): string =>
  text.replace(/:\/\/[^@/\s]+@/g, "://").replace(/(authorization:\s*)\S+(\s+\S+)?/gi, "$1…");
