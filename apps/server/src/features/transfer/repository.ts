import { spawn } from "node:child_process";
import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { openPassage, type Passage } from "../../platform/outbound-passage.ts";
import type { Outbound } from "../../platform/outbound.ts";

export interface RepositoryLimits {
  /** Received from the host. */
  packBytes: number;
  /** Of the files of the branch, checked out. */
  treeBytes: number;
  entries: number;
  reachMs: number;
  cloneMs: number;
  /** Commits of history that come along. */
  depth: number;
}
/** What a repository may be (accounts-projects 4.1: 15 s to answer, 300 s to come). */
export const repositoryLimits: Omit<RepositoryLimits, "packBytes" | "treeBytes"> = {
  entries: 100_000,
  reachMs: 15_000,
  cloneMs: 300_000,
  depth: 50,
};

/** One branch of a repository as a pack on our disk; nothing of it was checked out or run. */
export interface FetchedRepository extends AsyncDisposable {
  /** `…/objects/pack`. */
  packDir: string;
  /** The content of `.git/shallow`'s file, if the history was cut. */
  shallowFile: string | undefined;
  branch: string;
  commit: string;
  files: number;
  hasSubmodules: boolean;
}
export interface FetchOptions {
  url: string;
  branch: string | null;
  limits: RepositoryLimits;
  signal: AbortSignal;
  /** What a stored account says to that host; stays out of command lines, logs and the repository. */
  authorization?: string;
  onPhase?: (phase: "reached" | "fetched") => Promise<void>;
}
export type FetchRepository = (options: FetchOptions) => Promise<FetchedRepository>;

const settings: Record<string, string> = {
  "protocol.allow": "never",
  "protocol.https.allow": "always",
  "credential.helper": "",
  "core.askPass": "",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.protectNTFS": "true",
  "core.protectHFS": "true",
  "submodule.recurse": "false",
  "fetch.recurseSubmodules": "false",
  "fetch.unpackLimit": "1",
  "fetch.writeCommitGraph": "false",
  "transfer.fsckObjects": "true",
  // Harmless slips of old programs that real histories are full of.
  ...Object.fromEntries(
    ["zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "missingNameBeforeEmail", "missingEmail"].map((name) => [
      `fetch.fsck.${name}`,
      "ignore",
    ]),
  ),
  "gc.auto": "0",
  "maintenance.auto": "false",
  "pack.threads": "1",
  // Larger files are taken as they come instead of being held in memory.
  "core.bigFileThreshold": "16m",
  "http.lowSpeedLimit": "500",
  "http.lowSpeedTime": "30",
  "http.sslVerify": "true",
};
const tooLargeFor = (bytes: number) => `This repository is larger than the ${Math.floor(bytes / 2 ** 20)} MiB that can be imported.`;

/**
 * Fetches a branch with git's own transport, through a passage that leads to that host alone. Throws `AppError`s with sentences for
 * people: `outbound_refused`, `import_failed`, `payload_too_large`, `gateway_timeout`. git reads no configuration but ours and runs no hook.
 */
export function createFetchRepository({
  dir,
  outbound,
  ca,
  log,
}: {
  /** Where repositories wait while they are taken over. */
  dir: string;
  outbound: Outbound;
  /** Certificates (PEM) to trust beside the well-known authorities. */
  ca?: string;
  log: Logger;
}): FetchRepository {
  return async ({ url, branch: wanted, limits, signal, authorization, onPhase }) => {
    await outbound.check(url);
    const { hostname, port } = new URL(url);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(dir, "clone-"));
    const remove = () => rm(scratch, { recursive: true, force: true, maxRetries: 3 });
    try {
      await using passage = await openPassage(outbound, {
        hostname,
        port: Number(port || 443),
        maxBytes: limits.packBytes,
        tooLarge: tooLargeFor(limits.packBytes),
      });
      const caFile = join(scratch, "ca.pem");
      if (ca) await writeFile(caFile, [...rootCertificates, ca].join("\n"));
      const config = {
        ...settings,
        "http.proxy": passage.proxyUrl,
        "http.proxyAuthMethod": "basic",
        ...(ca && { "http.sslCAInfo": caFile }),
        ...(authorization && { [`http.${new URL(url).origin}/.extraHeader`]: `Authorization: ${authorization}` }),
      };
      const repo = join(scratch, "repo.git");
      const git = (argv: string[], timeoutMs: number, onOutput?: (chunk: string) => boolean) =>
        runGit(argv, { cwd: scratch, config, timeoutMs, signal, ...(onOutput && { onOutput }) }).catch((error: unknown) => {
          throw explained(error, { passage, signal, log });
        });

      const refs = await git(["ls-remote", "--symref", "--", url, wanted === null ? "HEAD" : `refs/heads/${wanted}`], limits.reachMs);
      const branch = wanted ?? /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(refs)?.[1];
      if (!/^[0-9a-f]{40,64}\t/m.test(refs) || branch === undefined)
        throw new AppError(
          "import_failed",
          wanted === null ? "This repository is empty: it has no default branch." : `This repository has no branch ${wanted}.`,
        );
      await onPhase?.("reached");
      await git(["init", "--quiet", "--bare", "--template=", repo], limits.reachMs);
      const ref = `refs/remotes/origin/${branch}`;
      await git(
        ["-C", repo, "fetch", "--quiet", `--depth=${limits.depth}`, "--no-tags", "--", url, `+refs/heads/${branch}:${ref}`],
        limits.cloneMs,
      );
      const commit = (await git(["-C", repo, "rev-parse", "--verify", `${ref}^{commit}`], limits.reachMs)).trim();
      await onPhase?.("fetched");
      const contents = createCount(limits);
      await git(["-C", repo, "ls-tree", "-r", "-l", "-z", "--full-tree", commit], limits.reachMs * 4, contents.push);
      const { files, hasSubmodules } = contents.result();
      const packDir = join(repo, "objects/pack");
      if ((await readdir(packDir)).length === 0) throw new AppError("import_failed", "This repository is empty.");
      const shallow = join(repo, "shallow");
      return {
        packDir,
        shallowFile: existsSync(shallow) ? shallow : undefined,
        branch,
        commit,
        files,
        hasSubmodules,
        [Symbol.asyncDispose]: remove,
      };
    } catch (error) {
      await remove();
      throw error;
    }
  };
}

/** Adds up a tree listing as it comes; a tree of trees that would never end is left at the limit. */
function createCount({ treeBytes, entries }: RepositoryLimits) {
  let rest = "";
  let files = 0;
  let bytes = 0;
  let hasSubmodules = false;
  const isOver = () => files > entries || bytes > treeBytes;
  return {
    /** False when enough was seen. */
    push(chunk: string): boolean {
      const lines = (rest + chunk).split("\0");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, mode, size] = /^(\d+) \w+ \w+\s+(\d+|-)\t/.exec(line) ?? [];
        files += 1;
        bytes += Number(size) || 0;
        if (mode === "160000") hasSubmodules = true;
      }
      return !isOver();
    },
    result() {
      if (files > entries) throw new AppError("payload_too_large", `This repository has more than ${entries} files.`);
      if (bytes > treeBytes)
        throw new AppError(
          "payload_too_large",
          `The files of this repository have more than the ${Math.floor(treeBytes / 2 ** 20)} MiB a project may use.`,
        );
      return { files, hasSubmodules };
    },
  };
}

class GitFailure extends Error {
  readonly stderr: string;
  readonly isTimeout: boolean;
  constructor(stderr: string, isTimeout: boolean) {
    super("git failed");
    this.stderr = stderr;
    this.isTimeout = isTimeout;
  }
}

function runGit(
  argv: string[],
  options: {
    cwd: string;
    config: Record<string, string>;
    timeoutMs: number;
    signal: AbortSignal;
    onOutput?: (chunk: string) => boolean;
  },
): Promise<string> {
  const { cwd, config, timeoutMs, signal, onOutput } = options;
  const names = Object.entries(config);
  const child = spawn("git", argv, {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    // Settings in the environment: command lines are there for everybody to read.
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: cwd,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_COUNT: String(names.length),
      ...Object.fromEntries(
        names.flatMap(([key, value], i) => [
          [`GIT_CONFIG_KEY_${i}`, key],
          [`GIT_CONFIG_VALUE_${i}`, value],
        ]),
      ),
    },
  });
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let isTimeout = false;
    let isEnough = false;
    // The whole group: git's helpers hold the connection.
    const kill = () => {
      try {
        if (child.pid) process.kill(-child.pid, "SIGKILL");
      } catch {
        // ended by itself
      }
    };
    const timer = setTimeout(() => {
      isTimeout = true;
      kill();
    }, timeoutMs);
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (!onOutput) stdout = (stdout + chunk).slice(0, 1_000_000);
      else if (!isEnough && !onOutput(chunk)) {
        isEnough = true;
        kill();
      }
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr = (stderr + chunk).slice(-8000)));
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      if (code === 0 || isEnough) resolve(stdout);
      else reject(new GitFailure(stderr, isTimeout));
    });
  });
}

/** Whatever went wrong, as a sentence for a person. git's own words go into the log, without credentials. */
function explained(error: unknown, { passage, signal, log }: { passage: Passage; signal: AbortSignal; log: Logger }): unknown {
  if (signal.aborted) return signal.reason;
  const refused = passage.failure();
  if (refused) return refused;
  if (!(error instanceof GitFailure)) return error;
  const { stderr, isTimeout } = error;
  if (isTimeout) return new AppError("gateway_timeout", "The host of this repository took too long.");
  const said = stderr.replace(/\/\/[^/@\s]*@/g, "//").slice(-1000);
  log.info({ git: said }, "repository not fetched");
  const sentence = /could not read (Username|Password)|Authentication failed|HTTP 40[13]|error: 40[13]/i.test(said)
    ? "This repository is private, or it does not exist."
    : /not found|error: 404/i.test(said)
      ? "There is no repository at this address, or it is private."
      : /SSL|certificate/i.test(said)
        ? "The host's certificate is not trusted."
        : /fsck error|bad object|index-pack failed|invalid index-pack/i.test(said)
          ? "This repository holds objects that git refuses."
          : /not valid: is this a git repository/i.test(said)
            ? "There is no git repository at this address."
            : "The host of this repository did not answer as a git server does.";
  return new AppError("import_failed", sentence);
}
