import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { openPassage } from "../../../platform/egress-proxy.ts";
import type { Outbound } from "../../../platform/outbound.ts";

/** Whatever the machine, the account and the repository say otherwise. */
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

export interface RemoteAddress {
  /** `https://…`, or `http://…` of a host that the operator named; without user information. */
  url: string;
  /** What a stored account says to that host, e.g. `Basic …`; stays out of command lines, files and logs. */
  authorization?: string | undefined;
}
export interface RunOptions {
  timeoutMs: number;
  signal?: AbortSignal;
  /** A file for the program's input. */
  inputFile?: string;
  input?: string;
  /** Takes the output as it comes; false ends the program, as it were done. */
  onOutput?: (chunk: string) => boolean;
  /** Lines of progress, as git writes them. */
  onProgress?: (line: string) => void;
}
/** git on this host, outside every sandbox, with a way out to one host alone. */
export interface OutsideGit extends AsyncDisposable {
  /** A folder of its own, gone with it. */
  readonly scratch: string;
  /** Its standard output. Throws `AppError`s with sentences for people. */
  run(argv: readonly string[], options: RunOptions): Promise<string>;
}
export type OpenOutsideGit = (remote: RemoteAddress, limits: { maxBytes: number; tooLarge: string }) => Promise<OutsideGit>;

/**
 * Runs git's own transport through a passage that leads to the remote's host alone. git reads no configuration but ours and runs no hook.
 * Failures: `outbound_refused`, `repo_auth_required`, `provider_token_expired`, `repo_not_found`, `bad_ref`, `push_rejected`, `rate_limited`,
 * `bad_gateway`, `gateway_timeout`, `git_failed`, `payload_too_large`; git's own words go into the log, without credentials.
 */
export function createOutsideGit({
  dir,
  outbound,
  ca,
  log,
}: {
  /** Where scratch folders are made. */
  dir: string;
  outbound: Outbound;
  /** Certificates (PEM) to trust beside the well-known authorities. */
  ca?: string | undefined;
  log: Logger;
}): OpenOutsideGit {
  return async ({ url, authorization }, { maxBytes, tooLarge }) => {
    await outbound.check(url);
    const parsed = new URL(url);
    const { hostname, port, origin } = parsed;
    const isPlain = parsed.protocol === "http:";
    if (isPlain && !outbound.allowsPlain(parsed))
      throw new AppError("outbound_refused", `Give an https:// address, or allow ${parsed.host} with OUTBOUND_ALLOW_HOSTS.`);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(dir, "git-"));
    const remove = () => rm(scratch, { recursive: true, force: true, maxRetries: 3 });
    try {
      const passage = await openPassage(outbound, { hostname, port: Number(port || (isPlain ? 80 : 443)), maxBytes, tooLarge, isPlain });
      const caFile = join(scratch, "ca.pem");
      if (ca) await writeFile(caFile, [...rootCertificates, ca].join("\n"));
      const config = {
        ...settings,
        ...(isPlain && { "protocol.http.allow": "always" }),
        "http.proxy": passage.proxyUrl,
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
            throw passage.failure() ?? explained(error, { hasAuthorization: authorization !== undefined, hide, log });
          }),
        [Symbol.asyncDispose]: async () => {
          await passage[Symbol.asyncDispose]();
          await remove();
        },
      };
    } catch (error) {
      await remove();
      throw error;
    }
  };
}

/** Takes out of what git says whatever the host was told in secret: a host may say it back. */
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
  options: RunOptions & { cwd: string; config: Record<string, string>; hide: (text: string) => string },
): Promise<string> {
  const { cwd, config, hide, timeoutMs, signal, inputFile, input, onOutput, onProgress } = options;
  const names = Object.entries(config);
  const child = spawn("git", argv, {
    cwd,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
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
    if (signal?.aborted) kill();
    signal?.addEventListener("abort", kill, { once: true });
    // A program that ends without reading is heard by its end.
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
      // A push says on its output what was rejected.
      else reject(new GitFailure(`${stderr}\n${stdout.slice(-4000)}`, isTimeout));
    });
  });
}

/** Whatever went wrong, as a sentence for a person. */
function explained(
  error: unknown,
  { hasAuthorization, hide, log }: { hasAuthorization: boolean; hide: (text: string) => string; log: Logger },
): unknown {
  if (!(error instanceof GitFailure)) return error;
  const { stderr, isTimeout } = error;
  if (isTimeout) return new AppError("gateway_timeout", "The host of this repository took too long.");
  const said = hide(stderr).slice(-1000);
  log.info({ git: said }, "git failed");
  if (/\[rejected\]|\[remote rejected\]|stale info|non-fast-forward|fetch first|shallow update not allowed/i.test(said))
    return new AppError("push_rejected", rejection(said));
  if (/error: 429/.test(said))
    return new AppError("rate_limited", "The host of this repository had too many calls. Wait a while, then try again.", {
      retryAfterSeconds: 60,
    });
  const isUnknown = /could not read (Username|Password)|Authentication failed|HTTP 401|error: 401/i.test(said);
  if (isUnknown || /HTTP 403|error: 403/i.test(said)) {
    if (!hasAuthorization)
      return new AppError("repo_auth_required", "This repository is private, or it does not exist. Connect an account of its host.");
    return isUnknown
      ? new AppError(
          "provider_token_expired",
          "The host refused the stored account: its token has expired or was revoked. Connect it again.",
        )
      : new AppError(
          "provider_token_expired",
          "The host knows the stored account, but does not let it do this: its token lacks a permission.",
          {
            details: { lacks_permission: true },
          },
        );
  }
  if (/not found|error: 404/i.test(said))
    return new AppError("repo_not_found", "There is no repository at this address, or it is private.");
  const missing = /couldn't find remote ref (?:refs\/heads\/)?(\S+)/i.exec(said)?.[1];
  if (missing !== undefined) return new AppError("bad_ref", `The remote has no branch ${missing}.`);
  if (/error: 5\d\d/.test(said))
    return new AppError("bad_gateway", "The host of this repository does not work at the moment. Try again later.");
  if (/too slow|timed out/i.test(said)) return new AppError("gateway_timeout", "The host of this repository took too long.");
  if (brokenLine.test(said)) return new AppError("bad_gateway", "The connection to the host of this repository broke. Try again.");
  const sentence = /SSL|certificate/i.test(said)
    ? "The host's certificate is not trusted."
    : /fsck error|bad object|index-pack failed|invalid index-pack/i.test(said)
      ? "This repository holds objects that git refuses."
      : /not valid: is this a git repository/i.test(said)
        ? "There is no git repository at this address."
        : "The host of this repository did not answer as a git server does.";
  return new AppError("git_failed", sentence);
}

/** In the words of git, of curl and of the libraries below it. */
const brokenLine =
  /Could not resolve|Failed to connect|Couldn't connect|Connection (was )?(reset|refused|closed)|(Recv|Send) failure|recv error|RPC failed|early EOF|unexpected disconnect|hung up|Empty reply|transfer closed|SSL_(read|connect|ERROR_SYSCALL)|unexpected eof|HTTP\/2 stream/i;

const rejection = (said: string): string =>
  /stale info/i.test(said)
    ? "The remote branch has moved since it was last seen here. Pull or fetch first."
    : /non-fast-forward|fetch first/i.test(said)
      ? "The remote branch has commits that are not here. Pull first."
      : "The remote refused the push: the branch may be protected.";
