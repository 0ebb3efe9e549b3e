import { createHash } from "node:crypto";
import {
  existsSync,
  lchownSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { copyFile, mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../../errors.ts";
import { run } from "../../run.ts";
import { loadPage, untilQuiet } from "../../load-page.ts";
import { sandboxPort } from "../../sandbox-port.ts";
import { stepsOf } from "../../image-steps.ts";
import type { ImageId, ImageSpec, PreparedImage, PrepareOptions, Sandbox } from "../../types.ts";
import { makeFolder } from "../files/modes.ts";
import { filledCompileCache } from "./compile-cache.ts";
import { finishTree, type Manifest } from "./finish-tree.ts";
import { linkFolder } from "./link-folder.ts";

/** Trees that are built once and shared as hard links. */
export interface Images {
  prepare(image: ImageSpec, options: PrepareOptions): Promise<ImageId>;
  find(image: ImageSpec): Promise<PreparedImage | undefined>;
  list(): PreparedImage[];
  /** Waits for copies in progress. */
  remove(id: ImageId): Promise<void>;
  /** Fills an empty folder with the image for a project. */
  copyTo(id: ImageId, files: string, uid: number | undefined): Promise<void>;
  /** Resolves when no copy for a later project is being made and nothing is being deleted. */
  close(): Promise<void>;
}

interface Options {
  dir: string;
  /** Part of every hash. */
  versions: Record<string, string>;
  /** Starts the commands of a build in the background, where control groups cannot give way to other programs. */
  backgroundPrefix: readonly string[];
  /** Owner of finished images: not a project's uid, so that no project can change shared files. */
  ownerUid: number | undefined;
  /** Runs `build` in a sandbox in `dir` with its own uid (undefined: ours), then removes the sandbox. */
  withSandbox<T>(
    key: string,
    dir: string,
    priority: BuildPriority,
    build: (sandbox: Sandbox, uid: number | undefined) => Promise<T>,
  ): Promise<T>;
}

/** How urgent a build is: one that runs in the background becomes urgent when a caller joins that waits for it. */
export interface BuildPriority {
  isBackground: boolean;
  /** Called when the running build becomes urgent. */
  onRaise?: () => void;
}

/** Folder of a build, beside finished images. */
export const buildFolder = (key: string) => `.build-${key}`;
/** Folder of an image that is being deleted. */
const removedFolder = (key: string) => buildFolder(`removed-${key}`);

/**
 * The copy for the next project, made in advance: linking 16,000 files takes 0.4 to 2 s, taking them over 0.05 to 0.3 s. A folder with this name is
 * complete except for the owner of its files.
 */
const nextFolder = (id: ImageId) => `.next-${id}`;
/** A project that was just created starts its programs: the copy for the next one is made after that. */
const nextDelayMs = 5_000;

/**
 * Of the commands of a build. Node runs file operations in four threads. An installation calls so many of them that threads without a processor of
 * their own slow it down: on two processors, `npm ci` of 20,000 files takes 13 % longer with four threads than with one beside the main thread.
 */
const buildEnvironment = { CI: "1", UV_THREADPOOL_SIZE: String(Math.min(4, Math.max(1, availableParallelism() - 1))) };

const isDotted = (name: string) => name.startsWith(".");

export function createImages({ dir, versions, backgroundPrefix, ownerUid, withSandbox }: Options): Images {
  makeFolder(dir, 0o711);
  // A program of an earlier process may still write to it.
  for (const name of readdirSync(dir))
    if (name.startsWith(buildFolder(""))) rmSync(join(dir, name), { recursive: true, force: true, maxRetries: 3 });
  const building = new Map<ImageId, Build>();
  /** Copies in progress, by image. */
  const copies = new Map<ImageId, Set<Promise<void>>>();
  const manifestOf = (id: ImageId) => join(dir, id, "manifest.json");
  const isReady = (id: ImageId) => /^[\w.-]+$/.test(id) && !isDotted(id) && existsSync(manifestOf(id));
  const readManifest = (id: ImageId) => JSON.parse(readFileSync(manifestOf(id), "utf8")) as Manifest;
  const closing = new AbortController();
  for (const name of readdirSync(dir))
    if (name.startsWith(nextFolder("")) && !isReady(name.slice(nextFolder("").length)))
      rmSync(join(dir, name), { recursive: true, force: true });
  /** Images without a copy for the next project, and the turn of the one that is being copied. */
  const lacking = new Set<ImageId>();
  let nextTurn: Promise<void> = Promise.resolve();
  let discarded = 0;
  let discarding: Promise<unknown> = Promise.resolve();

  const present = (id: ImageId): PreparedImage => {
    const { bytes, isCold } = readManifest(id);
    return {
      id,
      name: nameOf(id),
      preparedAt: statSync(manifestOf(id)).mtimeMs,
      isWarm: isCold !== true,
      ...(bytes !== undefined && { bytes }),
    };
  };

  return {
    async prepare(image, { signal, onLog, isBackground = false, isColdEnough = false, isRebuilt = false }) {
      const id = await imageId(image, versions);
      const isOnlyCold = isReady(id) && !isRebuilt && readManifest(id).isCold === true;
      if (isReady(id) && !isRebuilt && (isColdEnough || !isOnlyCold)) {
        scheduleNext(id);
        return id;
      }
      let build = building.get(id);
      if (!build) {
        build = startBuild(id, image, isBackground, isOnlyCold);
        building.set(id, build);
        const done = () => building.delete(id);
        build.finished.then(done, done);
      }
      return build.join({ signal, onLog, isBackground, isColdEnough });
    },

    async find(image) {
      const id = await imageId(image, versions);
      return isReady(id) ? present(id) : undefined;
    },
    list: () => readdirSync(dir).filter(isReady).map(present),
    async remove(id) {
      if (isReady(id)) await takeAway(id);
    },

    async copyTo(id, files, uid) {
      if (!isReady(id)) throw new RuntimeError("not_found", `there is no image ${id}`);
      if (uid === undefined || !takeNext(id, files, uid)) await counted(id, copyImage(id, files, uid));
      scheduleNext(id);
    },
    async close() {
      closing.abort();
      await Promise.all([nextTurn, discarding]);
    },
  };

  /** The image is kept until the copy ends. */
  async function counted(id: ImageId, copy: Promise<void>): Promise<void> {
    const running = copies.get(id) ?? new Set();
    copies.set(id, running.add(copy));
    try {
      await copy;
    } finally {
      running.delete(copy);
      if (running.size === 0) copies.delete(id);
    }
  }

  async function copyImage(id: ImageId, files: string, uid: number | undefined): Promise<void> {
    const manifest = readManifest(id);
    // Without separate uids, projects could write to shared files.
    const canLink = uid !== undefined && (await fill(id, manifest, files, true));
    if (!canLink) await fill(id, manifest, files, false);
    if (uid === undefined) return;
    giveTo(files, manifest, uid);
    if (!canLink)
      for (const path of manifest.shared) await run(["chown", "-R", "-h", `${uid}:${uid}`, join(files, path)], { timeoutMs: 120_000 });
  }

  /** Copies, once no other work is expected, the image for the project after this one. Without separate uids nothing is linked, and a copy is large. */
  function scheduleNext(id: ImageId): void {
    if (ownerUid === undefined || lacking.has(id)) return;
    lacking.add(id);
    const turn = async () => {
      await sleep(nextDelayMs, undefined, { signal: closing.signal, ref: false });
      lacking.delete(id);
      await counted(id, makeNext(id));
    };
    // The copy of the next project is then made when it is needed, and says what is wrong.
    nextTurn = nextTurn.then(turn).catch(() => {});
  }

  async function makeNext(id: ImageId): Promise<void> {
    const next = join(dir, nextFolder(id));
    if (!isReady(id) || existsSync(next)) return;
    const work = join(dir, buildFolder(`next-${id.slice(-12)}`));
    makeFolder(work, 0o700);
    try {
      if (await fill(id, readManifest(id), work, true)) renameSync(work, next);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** Returns false if no copy is ready. Synchronous: no two projects take the same one. */
  function takeNext(id: ImageId, files: string, uid: number): boolean {
    const next = join(dir, nextFolder(id));
    if (!existsSync(next) || statSync(next).dev !== statSync(files).dev) return false;
    // A crash from here on leaves nothing that looks complete.
    const taken = join(dir, buildFolder(`taken-${id.slice(-12)}`));
    renameSync(next, taken);
    for (const name of readdirSync(taken)) renameSync(join(taken, name), join(files, name));
    rmdirSync(taken);
    giveTo(files, readManifest(id), uid);
    return true;
  }

  /** Removes an image once nothing copies it, and puts the new one with its copy, if there is one, in its place without a moment between. */
  async function takeAway(id: ImageId, replacement?: { image: string; next?: string }): Promise<void> {
    for (let running = copies.get(id); running && running.size > 0; running = copies.get(id)) await Promise.allSettled(running);
    const gone = join(dir, removedFolder(id.slice(-12)));
    const moved: string[] = [];
    const move = (folder: string, to: string) => {
      if (!existsSync(folder)) return;
      renameSync(folder, to);
      moved.push(to);
    };
    move(join(dir, nextFolder(id)), `${gone}-next`);
    move(join(dir, id), gone);
    if (replacement) renameSync(replacement.image, join(dir, id));
    if (replacement?.next !== undefined) renameSync(replacement.next, join(dir, nextFolder(id)));
    for (const folder of moved) await removeFolder(folder);
  }

  /** `isOnlyCold`: the image is there, and only its warm-up is missing. */
  function startBuild(id: ImageId, image: ImageSpec, isBackground: boolean, isOnlyCold: boolean): Build {
    const abort = new AbortController();
    const priority: BuildPriority = { isBackground };
    const course = { isOnlyCold, isColdEnough: false };
    const listeners = new Set<(line: string) => void>();
    const lines: string[] = [];
    const emitLine = (line: string) => {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      for (const listener of listeners) listener(line);
    };
    const finished = build(id, image, priority, course, abort.signal, emitLine, lines);
    let waiting = 0;
    return {
      finished,
      /** A waiting caller may abort alone; the build ends with the last one. */
      async join({ signal, onLog, isBackground: isInBackground, isColdEnough }) {
        waiting++;
        course.isColdEnough ||= isColdEnough;
        if (priority.isBackground && !isInBackground) {
          priority.isBackground = false;
          priority.onRaise?.();
        }
        if (onLog) for (const line of lines) onLog(line);
        if (onLog) listeners.add(onLog);
        try {
          return await Promise.race([finished, aborted(signal)]);
        } finally {
          if (onLog) listeners.delete(onLog);
          if (--waiting === 0) abort.abort();
        }
      },
    };
  }

  async function build(
    id: ImageId,
    image: ImageSpec,
    priority: BuildPriority,
    course: { isOnlyCold: boolean; isColdEnough: boolean },
    signal: AbortSignal,
    emitLine: (line: string) => void,
    lines: string[],
  ): Promise<ImageId> {
    const key = id.slice(-12);
    const work = join(dir, buildFolder(key));
    const failed = (what: string, cause?: unknown) =>
      new RuntimeError("build_failed", `${image.name}: ${what}\n${lines.slice(-20).join("\n")}`.trim(), { cause });
    let isCold = false;
    await rm(work, { recursive: true, force: true });
    try {
      makeFolder(work, 0o711);
      await withSandbox(key, work, priority, async (sandbox, uid) => {
        if (course.isOnlyCold) await copyImage(id, join(work, "files"), uid);
        else await sandbox.files.copyIn(image.source);
        const execute = async (argv: string[]) => {
          emitLine(`$ ${argv.join(" ")}`);
          const split = splitLines(emitLine);
          const prefix = priority.isBackground ? backgroundPrefix : [];
          const result = await sandbox.exec([...prefix, ...argv], {
            signal,
            timeoutMs: 15 * 60_000,
            onOutput: split.push,
            env: buildEnvironment,
          });
          split.end();
          if (result.aborted) throw new RuntimeError("aborted", `building ${image.name} was aborted`);
          if (result.exitCode !== 0)
            throw failed(`${argv.join(" ")} ended with ${result.timedOut ? "a timeout" : `exit code ${result.exitCode}`}`);
        };
        for (const argv of course.isOnlyCold ? [] : image.build) await execute(argv);
        isCold = (image.prune ?? image.warm) !== undefined && course.isColdEnough && !course.isOnlyCold;
        if (image.prune && !isCold) await execute(image.prune);
        if (image.warm && !isCold) {
          emitLine(`$ ${image.warm.command.join(" ")}`);
          await warm(sandbox, image.warm, signal, () => course.isColdEnough).catch((error: unknown) => {
            throw error instanceof RuntimeError && error.code === "aborted"
              ? error
              : failed(`the server did not start: ${reasonOf(error)}`, error);
          });
        }
      });
      const next = ownerUid === undefined ? undefined : join(work, "next");
      if (next !== undefined) makeFolder(next, 0o700);
      const source = join(work, "files");
      const links: Promise<boolean>[] = [];
      const manifest = await finishTree(source, {
        ownerUid,
        // Links do not depend on owners and modes, so they are made at the same time.
        onShared: (path) => {
          if (next !== undefined) links.push(linkFolder(join(source, path), join(next, path)));
        },
      });
      // If links are not possible or the disk is full, the copy is made when it is needed, which reports the error.
      const hasNext =
        next !== undefined &&
        (await Promise.all(links)).every(Boolean) &&
        (await copyRest(source, manifest, next, true).then(
          () => true,
          () => false,
        ));
      const finished = join(work, "image");
      makeFolder(finished, 0o711);
      renameSync(source, join(finished, "files"));
      writeFileSync(join(finished, "manifest.json"), JSON.stringify({ ...manifest, isCold } satisfies Manifest));
      signal.throwIfAborted();
      await takeAway(id, { image: finished, ...(hasNext && { next }) });
      discard(work);
      scheduleNext(id);
      return id;
    } catch (error) {
      if (signal.aborted) throw new RuntimeError("aborted", `building ${image.name} was aborted`, { cause: error });
      throw error instanceof RuntimeError ? error : failed("the build broke", error);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** Deletes what a build leaves, such as the caches of package managers. Nobody waits for that. */
  function discard(work: string): void {
    const rest = `${work}-${++discarded}`;
    renameSync(work, rest);
    discarding = Promise.allSettled([discarding, removeFolder(rest)]);
  }

  /** Fills an empty folder; `isLinked`: dependencies are hard links to the image's files. Returns false, and leaves the folder empty, if they cannot be linked. */
  async function fill(id: ImageId, manifest: Manifest, files: string, isLinked: boolean): Promise<boolean> {
    const source = join(dir, id, "files");
    for (const path of manifest.shared) {
      if (isLinked) {
        if (await linkFolder(join(source, path), join(files, path))) continue;
        // On another file system, or with too many links.
        for (const name of readdirSync(files)) await rm(join(files, name), { recursive: true, force: true });
        return false;
      }
      await mkdir(dirname(join(files, path)), { recursive: true });
      await run(["cp", "-a", join(source, path), join(files, path)], { timeoutMs: 300_000 });
    }
    await copyRest(source, manifest, files, isLinked);
    return true;
  }
}

/** Copies what projects do not share; with `isLinked` also the files that tools rewrite in place. */
async function copyRest(source: string, { shared, own }: Manifest, files: string, isLinked: boolean): Promise<void> {
  await copyTree(source, files, new Set(shared));
  for (const file of isLinked ? own : []) {
    unlinkSync(join(files, file));
    await copyFile(join(source, file), join(files, file));
  }
}

/** Gives a project what it may write to. Linked files keep the image's owner, so that no project can change them. */
function giveTo(files: string, { shared, folders, own }: Manifest, uid: number): void {
  const isShared = new Set(shared);
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(files, path), { withFileTypes: true })) {
      const full = path === "" ? entry.name : `${path}/${entry.name}`;
      if (isShared.has(full)) continue;
      lchownSync(join(files, full), uid, uid);
      if (entry.isDirectory()) visit(full);
    }
  };
  visit("");
  for (const path of [...folders, ...own]) lchownSync(join(files, path), uid, uid);
}

interface Joined {
  signal: AbortSignal | undefined;
  onLog: ((line: string) => void) | undefined;
}
interface Build {
  finished: Promise<ImageId>;
  join(options: Required<Pick<PrepareOptions, "isBackground" | "isColdEnough">> & Joined): Promise<ImageId>;
}

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => {
    const give = () => reject(new RuntimeError("aborted", "waiting for the image was aborted"));
    if (signal?.aborted) give();
    else signal?.addEventListener("abort", give, { once: true });
  });

/** Content hash: sources, build, warm-up and tools. */
async function imageId(image: ImageSpec, versions: Record<string, string>): Promise<ImageId> {
  const source = await image.source.id().catch((cause: unknown) => {
    throw new RuntimeError("build_failed", `the sources of ${image.name} cannot be read`, { cause });
  });
  const { warm = null } = image;
  const hash = createHash("sha256").update(
    JSON.stringify({ format: 3, source, build: stepsOf(image), warm, versions, arch: process.arch }),
  );
  return `${image.name.replaceAll(/[^\w-]/g, "-")}-${hash.digest("hex").slice(0, 24)}`;
}
/** The name in an image's id. */
const nameOf = (id: ImageId) => id.slice(0, id.lastIndexOf("-"));

async function copyTree(from: string, to: string, leaveOut: ReadonlySet<string>, path = ""): Promise<void> {
  await Promise.all(
    (await readdir(join(from, path), { withFileTypes: true })).map(async (entry) => {
      const full = path === "" ? entry.name : `${path}/${entry.name}`;
      if (leaveOut.has(full)) return;
      const [source, target] = [join(from, full), join(to, full)];
      if (entry.isDirectory()) {
        await mkdir(target, { recursive: true });
        await copyTree(from, to, leaveOut, full);
      } else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
      else if (entry.isFile()) await copyFile(source, target);
    }),
  );
}

/**
 * Starts the server once and loads the page with its resources, so that bundlers fill their caches. `isHurried`: a caller waits, so caches that
 * are written later are left out.
 */
async function warm(
  sandbox: Sandbox,
  { command, port, path }: NonNullable<ImageSpec["warm"]>,
  signal: AbortSignal,
  isHurried: () => boolean,
): Promise<void> {
  const name = "warm";
  const env = (await sandbox.files.stat("node_modules")) ? filledCompileCache : {};
  await sandbox.start({ name, command, cwd: ".", env, port, stopGraceMs: warmStopGraceMs });
  try {
    const state = await sandbox.ready(name, { timeoutMs: 90_000, signal });
    await loadPage(sandboxPort(sandbox, state.port ?? port), path, signal);
    await untilQuiet(sandbox, signal, isHurried);
  } catch (error) {
    if (signal.aborted) throw new RuntimeError("aborted", "warming up was aborted", { cause: error });
    throw error;
  } finally {
    await sandbox.stop(name);
  }
}

/** Next.js writes tens of megabytes of cache when it stops. */
const warmStopGraceMs = 30_000;

/**
 * In another process: new files are deleted as slowly as the disk writes them, and thousands of them would occupy every thread that this process
 * has for files.
 */
const removeFolder = (folder: string) => run(["rm", "-rf", folder], { timeoutMs: 30 * 60_000 });

/** The innermost reason, which is hidden behind "fetch failed". */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}

function splitLines(emitLine: (line: string) => void) {
  let rest = "";
  return {
    push(chunk: string) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) emitLine(line);
    },
    end() {
      if (rest !== "") emitLine(rest);
    },
  };
}
