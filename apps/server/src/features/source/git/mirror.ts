import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { appendFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../../platform/errors.ts";
import type { OpenServerGit, ServerGit, RemoteAddress } from "./server-git.ts";
import { gitTimes, type WorkingRepo } from "./working-repo.ts";

/** Commits that a first fetch gets; the rest is fetched on demand. */
const firstDepth = 50;
const maxKnown = 100;

/** A pull or push in progress, through a bare mirror outside the sandbox. */
export interface MirrorSession extends AsyncDisposable {
  /** Fetches branches and stores their commits in the project's repository as `refs/remotes/<remote>/<branch>`. */
  bring(branches: readonly string[], remote: string): Promise<void>;
  /** The remote's branches with their commits. */
  list(): Promise<Map<string, string>>;
  /** Pushes a commit of the project's repository as the remote's branch. */
  send(sha: string, branch: string, options: { force: boolean; seen: string | undefined }): Promise<void>;
}

/**
 * Network commands never run where project code runs: a program of the same uid could read a token from their memory. A bare mirror
 * outside (a cache that may be deleted at any time) talks to the remote, and objects enter and leave the sandbox as packs that git
 * verifies.
 */
export type OpenMirror = (repo: WorkingRepo, projectId: string, remote: RemoteAddress, signal: AbortSignal) => Promise<MirrorSession>;
export interface Mirrors {
  open: OpenMirror;
  remove(projectId: string): Promise<void>;
}

export function createMirrors({ dir, openGit, maxBytes }: { dir: string; openGit: OpenServerGit; maxBytes: number }): Mirrors {
  const pathOf = (projectId: string) => join(dir, `${projectId}.git`);
  return {
    remove: (projectId) => rm(pathOf(projectId), { recursive: true, force: true, maxRetries: 3 }),
    open: async (repo, projectId, remote, signal) => {
      const outside = await openGit(remote, {
        maxBytes,
        tooLarge: `The fetch exceeds the limit of ${Math.floor(maxBytes / 2 ** 20)} MiB.`,
      });
      try {
        const path = await prepare(pathOf(projectId), outside, remote.url);
        return session({ repo, outside, path, url: remote.url, signal, maxBytes });
      } catch (error) {
        await outside[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

/** The mirror of exactly that URL; a mirror of another URL is not reused. */
async function prepare(path: string, outside: ServerGit, url: string): Promise<string> {
  const note = join(path, "studio-url");
  if (existsSync(path) && (await readFile(note, "utf8").catch(() => "")) !== url) await rm(path, { recursive: true, force: true });
  if (!existsSync(path)) {
    const made = join(outside.scratch, "new.git");
    await outside.run(["init", "--quiet", "--bare", "--template=", made], { timeoutMs: gitTimes.short });
    await writeFile(join(made, "studio-url"), url);
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await rename(made, path);
  }
  return path;
}

/** URL-encoded, so that names with slashes cannot conflict. */
const refOf = (branch: string): string => `refs/studio/${encodeURIComponent(branch)}`;

function session({
  repo,
  outside,
  path,
  url,
  signal,
  maxBytes,
}: {
  repo: WorkingRepo;
  outside: ServerGit;
  path: string;
  url: string;
  signal: AbortSignal;
  maxBytes: number;
}): MirrorSession {
  /** git failed in a way that names neither host nor account: the next session recreates the mirror. */
  let mayBeCorrupt = false;
  const git = (argv: readonly string[], options: { timeoutMs?: number; input?: string; inputFile?: string } = {}) =>
    outside.run(["-C", path, ...argv], { timeoutMs: gitTimes.network, signal, ...options }).catch((error: unknown) => {
      mayBeCorrupt ||= error instanceof AppError && error.code === "git_failed";
      throw error;
    });
  const among = async (shas: readonly string[]): Promise<string[]> => {
    const output = await git(["cat-file", "--batch-check"], { timeoutMs: gitTimes.short, input: shas.map((sha) => `${sha}\n`).join("") });
    return output.split("\n").flatMap((line) => /^([0-9a-f]{40,64}) commit /.exec(line)?.[1] ?? []);
  };
  const has = async (sha: string): Promise<boolean> => (await among([sha])).length > 0;
  /** Commits that both have, newest first; their objects are not transferred. */
  const shared = async (): Promise<string[]> => {
    const listed = await repo.read([
      "for-each-ref",
      `--count=${maxKnown}`,
      "--sort=-committerdate",
      "--format=%(objectname)",
      "refs/remotes",
      "refs/heads",
    ]);
    return among([...new Set(listed.split("\n").filter((sha) => /^[0-9a-f]{40,64}$/.test(sha)))]);
  };
  return {
    bring: async (branches, remote) => {
      if (branches.length === 0) return;
      const isNew = (await readdir(join(path, "objects/pack"))).length === 0;
      const refspecs = branches.map((branch) => `+refs/heads/${branch}:${refOf(branch)}`);
      const fetch = (...more: string[]) => git(["fetch", "--quiet", "--no-tags", ...more, "--", url, ...refspecs]);
      await fetch(...(isNew ? [`--depth=${firstDepth}`] : []));
      let common = await shared();
      // The project knows a commit from before the truncation: without the commits in between, the two cannot be merged.
      if (common.length === 0 && existsSync(join(path, "shallow")) && (await repo.head())) {
        await fetch("--unshallow");
        common = await shared();
      }
      const listed = await git(["for-each-ref", "--format=%(refname) %(objectname)", "refs/studio"], { timeoutMs: gitTimes.short });
      const tips = new Map(listed.split("\n").map((line) => line.split(" ") as [string, string]));
      const brought = branches.map((branch) => ({ branch, sha: tips.get(refOf(branch)) ?? "" }));
      await deliver([...new Set(brought.map(({ sha }) => sha))], common);
      const input = brought.map(({ branch, sha }) => `update refs/remotes/${remote}/${branch} ${sha}\n`).join("");
      await repo.write(["update-ref", "--stdin"], { input });
    },
    list: async () => {
      const listed = await git(["ls-remote", "--heads", "--", url], { timeoutMs: gitTimes.short });
      return new Map(
        listed.split("\n").flatMap((line) => {
          const [, sha, branch] = /^([0-9a-f]{40,64})\trefs\/heads\/(.+)$/.exec(line) ?? [];
          return sha && branch ? [[branch, sha] as const] : [];
        }),
      );
    },
    send: async (sha, branch, { force, seen }) => {
      await collect(sha);
      const lease = force ? [`--force-with-lease=refs/heads/${branch}:${seen ?? ""}`] : [];
      await git(["push", "--quiet", "--porcelain", ...lease, "--", url, `${sha}:refs/heads/${branch}`]);
      await git(["update-ref", refOf(branch), sha], { timeoutMs: gitTimes.short });
    },
    [Symbol.asyncDispose]: async () => {
      await outside[Symbol.asyncDispose]();
      if (mayBeCorrupt) await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };

  /** Transfers objects from the mirror into the project. */
  async function deliver(tips: readonly string[], common: readonly string[]): Promise<void> {
    if (tips.every((sha) => common.includes(sha))) return;
    const wanted = [...tips, ...common.map((known) => `^${known}`)].join("\n");
    const name = (await git(["pack-objects", "--quiet", "--revs", join(outside.scratch, "out")], { input: `${wanted}\n` })).trim();
    const { files } = repo.sandbox;
    // The index last: git starts using the pack when it appears.
    for (const kind of ["pack", "idx"]) {
      const staged = await files.stage(createReadStream(join(outside.scratch, `out-${name}.${kind}`)), { maxBytes });
      await staged.place(`.git/objects/pack/pack-${name}.${kind}`, { overwrite: true });
    }
    const cut = join(path, "shallow");
    // Only a project without any of this history adopts the truncation.
    if (common.length > 0 || !existsSync(cut)) return;
    const known = await files.read(".git/shallow", { maxBytes: 2 ** 20 }).then(
      ({ data }) => new TextDecoder().decode(data),
      () => "",
    );
    const lines = new Set([...known.split("\n"), ...(await readFile(cut, "utf8")).split("\n")].filter(Boolean));
    await files.write(".git/shallow", `${[...lines].join("\n")}\n`);
  }

  /** Transfers objects from the project into the mirror. */
  async function collect(sha: string): Promise<void> {
    if (await has(sha)) return;
    const common = await shared();
    const prefix = `.git/studio-${process.hrtime.bigint()}`;
    const { files } = repo.sandbox;
    try {
      const wanted = [sha, ...common.map((known) => `^${known}`)].join("\n");
      const name = (
        await repo.write(["pack-objects", "--quiet", "--revs", prefix], { input: `${wanted}\n`, timeoutMs: gitTimes.network })
      ).trim();
      if (!/^[0-9a-f]{40,64}$/.test(name)) throw new AppError("git_failed", "git could not pack the commits.");
      const { data, entry } = await files.stream(`${prefix}-${name}.pack`);
      if (entry.size > maxBytes) {
        data.destroy();
        throw new AppError("payload_too_large", `The push exceeds the limit of ${Math.floor(maxBytes / 2 ** 20)} MiB.`);
      }
      const pack = join(outside.scratch, "in.pack");
      await pipeline(data, createWriteStream(pack), { signal });
      await takeShallow(common);
      await git(["index-pack", "--stdin", "--strict", "--fix-thin"], { inputFile: pack });
      if (!(await has(sha))) throw new AppError("git_failed", "git could not import the commits.");
    } finally {
      await repo.sandbox.exec(["find", ".git", "-maxdepth", "1", "-name", `${prefix.slice(".git/".length)}-*`, "-delete"]);
    }
  }

  /** A project with truncated history passes on where, otherwise git would look for missing commits. */
  async function takeShallow(common: readonly string[]): Promise<void> {
    if (common.length > 0) return;
    const text = await repo.sandbox.files.read(".git/shallow", { maxBytes: 2 ** 20 }).then(
      ({ data }) => new TextDecoder().decode(data),
      () => "",
    );
    const lines = text.split("\n").filter((line) => /^[0-9a-f]{40,64}$/.test(line));
    if (lines.length > 0) await appendFile(join(path, "shallow"), `${lines.join("\n")}\n`);
  }
}
