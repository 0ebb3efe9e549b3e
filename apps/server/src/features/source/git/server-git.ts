import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { openEgressProxy } from "../../../platform/egress-proxy.ts";
import type { Outbound } from "../../../platform/outbound.ts";

/** Override machine, user and repository configuration. */
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
  "push.recurseSubmodules": "no",
  "fetch.unpackLimit": "1",
  "fetch.writeCommitGraph": "false",
  "transfer.fsckObjects": "true",
  // Allow harmless irregularities that old tools left in real histories.
  ...Object.fromEntries(
    ["zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "missingNameBeforeEmail", "missingEmail"].map((name) => [
      `fetch.fsck.${name}`,
      "ignore",
    ]),
  ),
  "gc.auto": "0",
  "maintenance.auto": "false",
  "pack.threads": "1",
  // Larger files are streamed instead of loaded into memory.
  "core.bigFileThreshold": "16m",
  "http.lowSpeedLimit": "500",
  "http.lowSpeedTime": "30",
  "http.sslVerify": "true",
};

export interface RemoteAddress {
  /** `https://…`, or `http://…` for an allowed host; without credentials. */
  url: string;
  /** Authorization header for that host, such as `Basic …`; never in command lines, files or logs. */
  authorization?: string | undefined;
}
export interface ServerGitOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  /** File used as standard input. */
  inputFile?: string;
  input?: string;
  /** Receives output as it arrives; return false to end the program. */
  onOutput?: (chunk: string) => boolean;
  /** Progress lines of git. */
  onProgress?: (line: string) => void;
}
/** git on this host, outside every sandbox, with network access to one host only. */
export interface ServerGit extends AsyncDisposable {
  /** A temporary folder, deleted with the session. */
  readonly scratch: string;
  /** Resolves with standard output. Throws `AppError`s with messages for users. */
  run(argv: readonly string[], options: ServerGitOptions): Promise<string>;
}
export type OpenServerGit = (remote: RemoteAddress, limits: { maxBytes: number; tooLarge: string }) => Promise<ServerGit>;

/**
 * Runs git's own transport through an egress proxy that only reaches the remote's host. git reads only our configuration and runs no
 * hooks. Errors: `outbound_refused`, `repo_auth_required`, `provider_token_expired`, `repo_not_found`, `bad_ref`, `push_rejected`,
 * `rate_limited`, `bad_gateway`, `gateway_timeout`, `git_failed`, `payload_too_large`; git's output is logged without credentials.
 */
export function createServerGit({
  dir,
  outbound,
  ca,
  log,
}: {
  /** Parent of temporary folders. */
  dir: string;
  outbound: Outbound;
  /** Certificates (PEM) to trust in addition to the well-known authorities. */
  ca?: string | undefined;
  log: Logger;
}): OpenServerGit {
  return async ({ url, authorization }, { maxBytes, tooLarge }) => {
    await outbound.check(url);
    const parsed = new URL(url);
    const { hostname, port, origin } = parsed;
    const isPlain = parsed.protocol === "http:";
    if (isPlain && !outbound.allowsPlain(parsed))
      throw new AppError("outbound_refused", `Use an https:// URL, or allow ${parsed.host} with OUTBOUND_ALLOW_HOSTS.`);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(dir, "git-"));
    const remove = () => rm(scratch, { recursive: true, force: true, maxRetries: 3 });
    try {
      const egress = await openEgressProxy(outbound, {
        hostname,
        port: Number(port || (isPlain ? 80 : 443)),
        maxBytes,
        tooLarge,
        isPlain,
      });
      const caFile = join(scratch, "ca.pem");
      if (ca) await writeFile(caFile, [...rootCertificates, ca].join("\n"));
      const config = {
        ...settings,
        ...(isPlain && { "protocol.http.allow": "always" }),
        "http.proxy": egress.proxyUrl,
        "http.proxyAuthMethod": "basic",
        ...(ca && { "http.sslCAInfo": caFile }),
        ...(authorization && { [`http.${origin}/.extraHeader`]: `Authorization: ${authorization}` }),
      };
      const hide = hiding(authorization);
      return {
        scratch,
        run: (argv, options) =>
          runGit(argv, { cwd: scratch, config, ...options, hide }).catch((error: unknown) => {
            if (options.signal?.aborted) throw options.signal.reason;
            throw egress.failure() ?? explained(error, { hasAuthorization: authorization !== undefined, hide, log });
          }),
        [Symbol.asyncDispose]: async () => {
          await egress[Symbol.asyncDispose]();
          await remove();
        },
      };
    } catch (error) {
      await remove();
      throw error;
    }
  };
}

/** Removes the credential from git's output, because a host may echo it. */
function hiding(authorization: string | undefined): (text: string) => string {
  const coded = authorization?.split(" ").at(-1) ?? "";
  const token = Buffer.from(coded, "base64").toString().split(":").slice(1).join(":");
  const secrets = [coded, token].filter((secret) => secret.length >= 4);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "[hidden]"), text).replace(/\/\/[^/@\s]*@/g, "//");
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
  argv: readonly string[],
  options: ServerGitOptions & { cwd: string; config: Record<string, string>; hide: (text: string) => string },
): Promise<string> {
  const { cwd, config, hide, timeoutMs, signal, inputFile, input, onOutput, onProgress } = options;
  const names = Object.entries(config);
  const child = spawn("git", argv, {
    cwd,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    // Configuration via the environment, because command lines are visible to other users.
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
    // Kill the process group: git's helpers hold the connection.
    const kill = () => {
      try {
        if (child.pid) process.kill(-child.pid, "SIGKILL");
      } catch {
        // already exited
      }
    };
    const timer = setTimeout(() => {
      isTimeout = true;
      kill();
    }, timeoutMs);
    if (signal?.aborted) kill();
    signal?.addEventListener("abort", kill, { once: true });
    // A program that exits without reading reports it through its exit.
    child.stdin.on("error", () => undefined);
    if (inputFile === undefined) child.stdin.end(input);
    else createReadStream(inputFile).on("error", kill).pipe(child.stdin);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (!onOutput) stdout = (stdout + chunk).slice(0, 1_000_000);
      else if (!isEnough && !onOutput(chunk)) {
        isEnough = true;
        kill();
      }
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-8000);
      if (onProgress) for (const line of chunk.split(/[\r\n]+/)) if (line.includes("%")) onProgress(hide(line));
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      if (code === 0 || isEnough) resolve(stdout);
      // A push reports rejections on standard output.
      else reject(new GitFailure(`${stderr}\n${stdout.slice(-4000)}`, isTimeout));
    });
  });
}

/** Maps a failure to an error for the user. */
function explained(
  error: unknown,
  { hasAuthorization, hide, log }: { hasAuthorization: boolean; hide: (text: string) => string; log: Logger },
): unknown {
  if (!(error instanceof GitFailure)) return error;
  const { stderr, isTimeout } = error;
  if (isTimeout) return new AppError("gateway_timeout", "The repository's host took too long. Try again.");
  const output = hide(stderr).slice(-1000);
  log.info({ git: output }, "git failed");
  if (/\[rejected\]|\[remote rejected\]|stale info|non-fast-forward|fetch first|shallow update not allowed/i.test(output))
    return new AppError("push_rejected", rejection(output));
  if (/error: 429/.test(output))
    return new AppError("rate_limited", "The repository's host rate limit is reached. Wait a few minutes, then try again.", {
      retryAfterSeconds: 60,
    });
  const isUnknown = /could not read (Username|Password)|Authentication failed|HTTP 401|error: 401/i.test(output);
  if (isUnknown || /HTTP 403|error: 403/i.test(output)) {
    if (!hasAuthorization)
      return new AppError("repo_auth_required", "This repository is private or does not exist. Connect an account for its host.");
    return isUnknown
      ? new AppError(
          "provider_token_expired",
          "The host rejected the stored token: it has expired or was revoked. Connect the account again.",
        )
      : new AppError("provider_token_expired", "The host denied access: the stored token lacks a permission.", {
          details: { lacks_permission: true },
        });
  }
  if (/not found|error: 404/i.test(output)) return new AppError("repo_not_found", "There is no repository at this URL, or it is private.");
  const missing = /couldn't find remote ref (?:refs\/heads\/)?(\S+)/i.exec(output)?.[1];
  if (missing !== undefined) return new AppError("bad_ref", `The remote has no branch ${missing}.`);
  if (/error: 5\d\d/.test(output)) return new AppError("bad_gateway", "The repository's host is currently unavailable. Try again later.");
  if (/too slow|timed out/i.test(output)) return new AppError("gateway_timeout", "The repository's host took too long. Try again.");
  if (brokenLine.test(output)) return new AppError("bad_gateway", "The connection to the repository's host broke. Try again.");
  const sentence = /SSL|certificate/i.test(output)
    ? "The host's TLS certificate is not trusted."
    : /fsck error|bad object|index-pack failed|invalid index-pack/i.test(output)
      ? "This repository contains objects that git rejects."
      : /not valid: is this a git repository/i.test(output)
        ? "There is no git repository at this URL."
        : "The repository's host did not respond like a git server.";
  return new AppError("git_failed", sentence);
}

/** Messages of git, curl and the libraries below. */
const brokenLine =
  /Could not resolve|Failed to connect|Couldn't connect|Connection (was )?(reset|refused|closed)|(Recv|Send) failure|recv error|RPC failed|early EOF|unexpected disconnect|hung up|Empty reply|transfer closed|SSL_(read|connect|ERROR_SYSCALL)|unexpected eof|HTTP\/2 stream/i;

const rejection = (output: string): string =>
  /stale info/i.test(output)
    ? "The remote branch has changed since the last fetch. Pull or fetch first."
    : /non-fast-forward|fetch first/i.test(output)
      ? "The remote branch has commits that you do not have. Pull first."
      : "The remote rejected the push: the branch may be protected.";
