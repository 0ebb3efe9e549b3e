import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generate } from "selfsigned";

export interface NewRepository {
  /** Path to content; `{ link }` makes a symbolic link, `{ run }` an executable file. */
  files: Record<string, string | Buffer | { link: string } | { run: string }>;
  /** Default `main`. */
  branch?: string;
  /** Commits before the one with the files. Default 0. */
  history?: number;
  /** Requires this Authorization header (or one that the function accepts, with that path and query). */
  authorization?: string | ((header: string | undefined, url: string) => boolean);
}
export interface Certificate {
  cert: string;
  key: string;
}
export interface GitHostOptions {
  /** Default: its own. */
  certificate?: Certificate;
  /** Serves http, like a host in a home network. */
  isPlain?: boolean;
  /** Receives every request first; returns true when it responded. */
  serve?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface GitCall {
  input?: string;
  env?: Record<string, string>;
}
export interface GitHost {
  /** `https://localhost:<port>`, or `http://…`. */
  url: string;
  port: number;
  /** The certificate file; not trusted by default. */
  caFile: string;
  /** Every request so far: method and path. */
  requests: string[];
  /** Creates `<url>/<name>.git` and returns that URL. */
  add(name: string, repository: NewRepository): string;
  /** Runs git in the bare repository of that name. */
  git(name: string, ...argv: (string | GitCall)[]): string;
  /** Commits a file as someone else to a branch (default `main`), created when missing; returns the commit. */
  commit(name: string, path: string, content: string, branch?: string): string;
  /** Redirects every path with that prefix. */
  redirect(prefix: string, location: string): void;
  /** Accepts requests with that path prefix and never responds, until the returned function is called. */
  stall(prefix: string): () => void;
  /** Responds to that path prefix with a status, or breaks the connection (0), until the returned function is called. */
  fail(prefix: string, status: number): () => void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For `localhost` and 127.0.0.1; not trusted by default. */
export async function makeCertificate(): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { cert, key };
}

/** A git server: `git http-backend` behind TLS, on loopback. Names of repositories may hold slashes. */
export async function startGitHost({ certificate, isPlain = false, serve: other }: GitHostOptions = {}): Promise<GitHost> {
  const dir = mkdtempSync(join(tmpdir(), "git-host-"));
  const { cert, key } = certificate ?? (await makeCertificate());
  const caFile = join(dir, "ca.pem");
  writeFileSync(caFile, cert);
  const requests: string[] = [];
  const redirects = new Map<string, string>();
  const stalled = new Set<string>();
  const failing = new Map<string, number>();
  const wanted = new Map<string, (header: string | undefined, url: string) => boolean>();

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? "/";
    requests.push(`${request.method} ${url}`);
    if ([...stalled].some((prefix) => url.startsWith(prefix))) return;
    const [, location] = [...redirects].find(([prefix]) => url.startsWith(prefix)) ?? [];
    if (location) return void response.writeHead(302, { location }).end();
    const [, status] = [...failing].find(([prefix]) => url.startsWith(prefix)) ?? [];
    if (status === 0) return void request.socket.destroy();
    if (status !== undefined) return void response.writeHead(status).end();
    if (other?.(request, response)) return;
    const name = /^\/(.+?)\.git\//.exec(url)?.[1] ?? "";
    if (wanted.get(name)?.(request.headers.authorization, url) === false)
      return void response.writeHead(401, { "www-authenticate": "Basic" }).end();
    backend(dir, request, response);
  };
  const server = isPlain ? createPlainServer(serve) : createServer({ cert, key }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `${isPlain ? "http" : "https"}://localhost:${port}`;

  const close = async () => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return {
    url,
    port,
    caFile,
    requests,
    add(name, repository) {
      makeRepository(join(dir, `${name}.git`), repository);
      const { authorization } = repository;
      if (authorization !== undefined)
        wanted.set(name, typeof authorization === "string" ? (header) => header === authorization : authorization);
      return `${url}/${name}.git`;
    },
    git: (name, ...argv) => git(join(dir, `${name}.git`), ...argv),
    commit: (name, path, content, branch) => commitTo(join(dir, `${name}.git`), path, content, branch),
    redirect: (prefix, location) => void redirects.set(prefix, location),
    stall: (prefix) => {
      stalled.add(prefix);
      return () => void stalled.delete(prefix);
    },
    fail: (prefix, status) => {
      failing.set(prefix, status);
      return () => void failing.delete(prefix);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const identity = {
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};
function git(cwd: string, ...given: (string | GitCall)[]): string {
  const argv = given.filter((part) => typeof part === "string");
  const { input, env } = given.find((part) => typeof part === "object") ?? {};
  const { status, stdout, stderr } = spawnSync("git", argv, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...identity, ...env },
    ...(input !== undefined && { input }),
  });
  if (status !== 0) throw new Error(`git ${argv.join(" ")}: ${stderr}`);
  return stdout;
}

function makeRepository(bare: string, { files, branch = "main", history = 0 }: NewRepository): void {
  const work = `${bare}-work`;
  mkdirSync(work, { recursive: true });
  git(work, "init", "--quiet", "--bare", "--template=", `--initial-branch=${branch}`, bare);
  appendFileSync(join(bare, "config"), "[http]\n\treceivepack = true\n");
  if (history > 0) git(bare, "fast-import", "--quiet", { input: emptyCommits(branch, history) });
  for (const [path, content] of Object.entries(files)) {
    const file = join(work, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(file, content);
    else if ("link" in content) symlinkSync(content.link, file);
    else {
      writeFileSync(file, content.run);
      chmodSync(file, 0o755);
    }
  }
  if (Object.keys(files).length > 0) {
    const here = ["--git-dir", bare, "--work-tree", work];
    git(work, ...here, "add", "--all", "--force");
    git(work, ...here, "commit", "--quiet", "-m", "the files");
    rmSync(join(bare, "index"));
  }
  rmSync(work, { recursive: true });
}

/** Input for `git fast-import`, to create many with one process. */
const emptyCommits = (branch: string, count: number): string => {
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, i) => {
    const message = `commit ${i}\n`;
    return `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> ${now} +0000\ndata ${message.length}\n${message}\n`;
  }).join("");
};

function commitTo(bare: string, path: string, content: string, branch = "main"): string {
  const env = { GIT_INDEX_FILE: join(bare, `index-${process.hrtime.bigint()}`) };
  const isThere = git(bare, "for-each-ref", "--format=%(refname)", `refs/heads/${branch}`).trim() !== "";
  const blob = git(bare, "hash-object", "-w", "--stdin", { input: content }).trim();
  if (isThere) git(bare, "read-tree", branch, { env });
  git(bare, "update-index", "--add", "--cacheinfo", `100644,${blob},${path}`, { env });
  const tree = git(bare, "write-tree", { env }).trim();
  const sha = git(bare, "commit-tree", tree, ...(isThere ? ["-p", branch] : []), "-m", `elsewhere: ${path}`).trim();
  git(bare, "update-ref", `refs/heads/${branch}`, sha);
  return sha;
}

/** Handles one request as CGI, like web servers do. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://x");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      ...identity,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      ...(request.headers["content-length"] && { CONTENT_LENGTH: request.headers["content-length"] }),
      ...(request.headers["content-encoding"] && { HTTP_CONTENT_ENCODING: request.headers["content-encoding"] }),
      ...(request.headers["git-protocol"] && { GIT_PROTOCOL: String(request.headers["git-protocol"]) }),
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_USER: "ada",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  response.once("close", () => child.kill());
  let head: Buffer | undefined = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === undefined) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    for (const line of head.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(/: ?(.*)/s);
      if (/^status$/i.test(name)) response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  child.once("close", () => {
    if (head !== undefined) response.statusCode = 500;
    response.end();
  });
}
