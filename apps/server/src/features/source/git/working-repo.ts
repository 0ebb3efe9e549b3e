import type { ExecResult, Sandbox } from "@tesslate/runtime";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import { isBranchName } from "../../projects/projects/index.ts";
import { exactBytes, exactText, isPlain } from "./lossless-text.ts";
import type { Identity } from "./identity.ts";

/** Seconds of agent-git-deploy 5.0, in ms. */
export const gitTimes = { usual: 120_000, network: 300_000, short: 30_000, diff: 60_000 };
const maxOutputBytes = 8 * 2 ** 20;

export interface CallOptions {
  /** Files to act on, after everything else: `exactPath`s. */
  paths?: readonly string[];
  /** Not with `paths`. */
  input?: string | Uint8Array;
  timeoutMs?: number;
  /** Exit codes that are no failure; 0 always is none. */
  allow?: readonly number[];
  signal?: AbortSignal;
}

/**
 * git over a project's working tree: the real program, as the project's uid inside its sandbox, argv alone (agent-git-deploy 5.0). It carries
 * no credential: what needs the network goes by `RemoteSync`. What it prints comes as `exactText`.
 */
export interface WorkingRepo {
  readonly sandbox: Sandbox;
  /** Looks only: takes no lock that a person's own git in the terminal would meet. */
  read(argv: readonly string[], options?: CallOptions): Promise<string>;
  write(argv: readonly string[], options?: CallOptions): Promise<string>;
  /** As `write`, for those who tell failures apart themselves. */
  attempt(argv: readonly string[], options?: CallOptions): Promise<ExecResult>;
  isRepository(): Promise<boolean>;
  /** Writes who acts into the repository, for commits that are not made by us. */
  identify(): Promise<void>;
  /** Throws `not_a_repository`. */
  require(): Promise<void>;
  /** The full id of a commit. Throws `bad_ref`. */
  commitOf(revision: string): Promise<string>;
  /** `HEAD`'s commit; undefined before the first one. */
  head(): Promise<string | undefined>;
  /** The branch that is checked out; undefined when `HEAD` is detached. */
  currentBranch(): Promise<string | undefined>;
  /** Paths that a merge could not decide. */
  unmerged(): Promise<string[]>;
}

/** What the project's own settings may not change about our calls; nothing of it reaches the shell of its people. */
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
  // What is read by us must look as we know it, and be in the language that the wire speaks.
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
  "log.showSignature=false",
  "diff.orderFile=/dev/null",
  "diff.suppressBlankEmpty=false",
  "status.aheadBehind=true",
  "status.renames=true",
  // A commit, a merge or a rebase does what was asked, and nothing before or after it.
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
  // Commits travel as one pack.
  "pack.packSizeLimit=0",
];
/** Whoever acts is author and committer, whatever names the repository holds for either. */
const personal = ({ name, email }: Identity) =>
  ["user", "author", "committer"].flatMap((role) => [`${role}.name=${name}`, `${role}.email=${email}`]);

export function openWorkingRepo(sandbox: Sandbox, identity: Identity): WorkingRepo {
  const settings = [...always, ...personal(identity)].flatMap((setting) => ["-c", setting]);
  const run = async (
    argv: readonly string[],
    { paths, input: given, timeoutMs = gitTimes.usual, signal }: CallOptions,
    isRead: boolean,
  ): Promise<ExecResult> => {
    const program = ["git", ...settings, ...argv];
    // Arguments are text: names that are none reach git as bytes, by way of a program that makes arguments of its input.
    const isSayable = paths?.every(isPlain) ?? true;
    if (paths) program.push("--", ...(isSayable ? paths : []));
    const input = isSayable ? given : exactBytes(paths?.join("\0") ?? "");
    const result = await sandbox.exec(isSayable ? program : ["xargs", "-0", ...program], {
      env: {
        LC_ALL: "C",
        // Only the project's own repository: what is above it is none of its business.
        GIT_DIR: ".git",
        GIT_WORK_TREE: ".",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_TERMINAL_PROMPT: "0",
        GIT_LITERAL_PATHSPECS: "1",
        GIT_EDITOR: "true",
        ...(isRead && { GIT_OPTIONAL_LOCKS: "0" }),
      },
      timeoutMs,
      maxOutputBytes,
      encoding: "latin1",
      ...(input !== undefined && { input }),
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    if (result.timedOut) throw new AppError("gateway_timeout", "git took too long.");
    if (result.exitCode === 127) throw badRequest("There is no git where projects run on this server.", "not_supported");
    return { ...result, stdout: exactText(result.stdout), stderr: exactText(result.stderr) };
  };
  const checked = async (argv: readonly string[], options: CallOptions, isRead: boolean): Promise<string> => {
    const result = await run(argv, options, isRead);
    if (result.exitCode !== 0 && !options.allow?.includes(result.exitCode ?? -1)) throw failureOf(result);
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
      if (!(await repo.isRepository())) throw badRequest("This project is not a git repository yet.", "not_a_repository");
    },
    commitOf: async (revision) => {
      if (!isRevision(revision)) throw badRequest("This is not the name of a commit or branch.", "bad_ref");
      const found = await run(
        ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`],
        { timeoutMs: gitTimes.short },
        true,
      );
      const sha = found.stdout.trim();
      if (!/^[0-9a-f]{40,64}$/.test(sha)) throw badRequest(`There is no commit or branch ${revision}.`, "bad_ref");
      return sha;
    },
    head: async () =>
      (await run(["rev-parse", "--verify", "--quiet", "HEAD"], { timeoutMs: gitTimes.short }, true)).stdout.trim() || undefined,
    // Not the short form: it is another one where a tag has the name too.
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

/** A name that git may take for a commit: never an option, a range, a path or a search. */
const isRevision = (text: string): boolean =>
  /^[^-\0-\x20\x7f:^~?*[\\][^\0-\x20\x7f:?*[\\]*$/.test(text) && !text.includes("..") && text.length <= 255;

/** Throws `bad_ref` for what git would not take as a branch's name. */
export function requireBranchName(name: string): void {
  if (!isBranchName(name)) throw badRequest("This is not a name that a branch can have.", "bad_ref");
}

/** What git said, as an error for a person. */
export function failureOf({ stderr, stdout }: Pick<ExecResult, "stderr" | "stdout">): AppError {
  const said = withoutCredentials(`${stderr}\n${stdout}`);
  if (/index\.lock|\.lock': File exists|Unable to create '.*\.lock'|could not lock config file/.test(said))
    return conflict("git_busy", "Another git command works in this project. Try again in a moment.");
  if (/not a git repository/i.test(said)) return badRequest("This project is not a git repository yet.", "not_a_repository");
  const overwritten = overwrittenFiles(said);
  if (overwritten)
    return conflict("local_changes", "Changes that are not committed would be overwritten. Commit or discard them first.", {
      files: overwritten,
    });
  const line = said.split("\n").find((text) => /^(fatal|error):/.test(text)) ?? said.trim().split("\n")[0] ?? "";
  return new AppError("git_failed", `git says: ${line.replace(/^(fatal|error): /, "").slice(0, 300) || "it failed"}`, {
    cause: new Error(said.slice(0, 2000)),
  });
}

function overwrittenFiles(said: string): string[] | undefined {
  if (
    !/would be overwritten by|local changes to the following files|cannot (pull|rebase).*unstaged|contains uncommitted changes/i.test(said)
  )
    return undefined;
  return said
    .split("\n")
    .filter((line) => line.startsWith("\t"))
    .map((line) => line.trim());
}

/** User information of addresses, and what stands in headers (agent-git-deploy 5.0). */
export const withoutCredentials = (text: string): string =>
  text.replace(/:\/\/[^@/\s]+@/g, "://").replace(/(authorization:\s*)\S+(\s+\S+)?/gi, "$1…");
