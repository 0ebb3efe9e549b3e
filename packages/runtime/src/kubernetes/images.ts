import { createHash, randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import { stepsOf } from "../image-steps.ts";
import type { FileSource, ImageId, ImageSpec, PreparedImage, PrepareOptions, RuntimeDriver, SandboxSpec } from "../types.ts";
import { isChanged } from "./cluster.ts";
import { annotations } from "./labels.ts";
import type { LivePod } from "./live.ts";
import { ensureUnit, openUnit, type Environment } from "./units.ts";
import type { Workload } from "./workloads.ts";

/** Prepared images: each is built in a pod of its own, since builds are hostile to each other, and kept as an archive on its volume. */
export interface Images {
  prepare(image: ImageSpec, options?: PrepareOptions): Promise<ImageId>;
  find(image: ImageSpec): Promise<PreparedImage | undefined>;
  list(): PreparedImage[];
  /** Also one that another server has prepared just now. */
  has(id: ImageId): Promise<boolean>;
  remove(id: ImageId): Promise<void>;
  /** Puts a tree of the image into a runner, as an image of its own. Throws `not_found`. Returns that image's id. */
  copyTo(runner: RuntimeDriver, id: ImageId): Promise<ImageId>;
  /** As `LivePod.suspend`. Removes an image that nobody builds any more. */
  suspend(id: ImageId, idleMs: number): Promise<number | undefined>;
  /** Removes images of other versions of the product, which servers of these versions may have used until recently. */
  removeOutdated(): Promise<void>;
  close(options: { isKept: boolean }): Promise<void>;
}

const outdatedAfterMs = 3_600_000;
/** Longest pause between two calls of a build. */
const betweenCallsMs = 60_000;

/** The sandbox of an image's pod that holds its archive, unless the image names another one. */
const packed = "packed";
const archive = "image.tar";
/** Installing needs more than running. */
const buildSpec: SandboxSpec = { id: packed, limits: { memoryBytes: 3 * 2 ** 30, cpus: 4, pids: 1024, diskBytes: 8 * 2 ** 30 } };

/** What is kept of an image with its workload. */
interface StoredImage extends PreparedImage {
  /** Of the product, that it was built with. */
  product?: string;
  /** The sandbox with the archive. Each server that packs the image makes its own, and the one that is written first counts. */
  packed?: string;
}

interface OpenImage {
  id: ImageId;
  name: string;
  live: LivePod;
  /** Calls that prepare it. */
  callers: number;
  packing: Promise<void> | undefined;
}

export function createImages(environment: Environment): Images {
  const { workloads, pods, options } = environment;
  const opened = new Map<ImageId, OpenImage>();
  const turns = new Map<ImageId, Promise<unknown>>();

  const stored = (id: ImageId) => workloads.find("image", id);
  const readImage = (workload: Workload | undefined): StoredImage | undefined => {
    const text = workload?.annotations[annotations.image];
    return text === undefined ? undefined : (JSON.parse(text) as StoredImage);
  };
  const preparedOf = (id: ImageId): StoredImage | undefined => readImage(stored(id));
  const isOurs = ({ product = options.image }: StoredImage) => product === options.image;
  const safeName = ({ name }: ImageSpec) => name.replaceAll(/[^A-Za-z0-9_-]/g, "-");
  async function idOf(image: ImageSpec): Promise<ImageId> {
    const { warm } = image;
    const content = JSON.stringify([await image.source.id(), stepsOf(image), warm ?? null, options.image]);
    return `${safeName(image).slice(0, 40)}-${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
  }
  function inTurn<T>(id: ImageId, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    const done = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(done, done);
    return turn;
  }

  /** The image's pod, created when there is none. */
  const open = (id: ImageId, isCreated: boolean): Promise<OpenImage | undefined> =>
    inTurn(id, async () => {
      const workload = stored(id);
      const known = opened.get(id);
      if (known && workload?.name === known.name) return known;
      opened.delete(id);
      await known?.live.close({ isKept: true });
      if (!workload && !isCreated) return undefined;
      const unit = { id, kind: "image", spec: buildSpec, annotations: {} } as const;
      const { name } = workload ?? (await ensureUnit(environment, unit)).workload;
      const live = openUnit(environment, name, "image", {
        spec: () => buildSpec,
        onConnect: async () => undefined,
        beforeSuspend: async () => ({}),
      });
      const made: OpenImage = { id, name, live, callers: 0, packing: undefined };
      opened.set(id, made);
      return made;
    });

  async function forget({ id, name, live }: OpenImage) {
    if (opened.get(id)?.name === name) opened.delete(id);
    await live.close({ isKept: true });
  }

  /** Removes one that is not prepared, unless this server or another one builds it. */
  const removeUnfinished = (it: OpenImage, idleMs = 0): Promise<boolean> =>
    inTurn(it.id, async () => {
      if (it.callers > 0 || preparedOf(it.id) || !(await it.live.retire(idleMs))) return false;
      await forget(it);
      return true;
    });

  /** Writes the prepared tree into one file: links and modes are kept, and a project gets it in one piece. */
  async function pack(runner: RuntimeDriver, built: ImageId): Promise<{ id: string; bytes: number }> {
    const id = `${packed}-${randomBytes(4).toString("hex")}`;
    const sandbox = await runner.open({ ...buildSpec, id, image: built });
    const command = ["tar", "--create", `--file=${archive}`, `--exclude=./${archive}`, "--numeric-owner", "."];
    const made = await sandbox.exec(command);
    if (made.exitCode !== 0) throw new RuntimeError("build_failed", `The image cannot be packed: ${made.stderr.trim().slice(-500)}`);
    await sandbox.exec(["find", ".", "-mindepth", "1", "-maxdepth", "1", "!", "-name", archive, "-exec", "rm", "-rf", "{}", "+"]);
    return { id, bytes: (await sandbox.files.stat(archive))?.size ?? 0 };
  }

  async function prepareIn(image: ImageSpec, it: OpenImage, prepareOptions: PrepareOptions): Promise<void> {
    await it.live.use(async (runner) => {
      const built = await runner.prepare(image, prepareOptions);
      const inside = await runner.findImage(image);
      const isStored = (image: PreparedImage | undefined) =>
        image && inside && image.preparedAt === inside.preparedAt && image.isWarm === inside.isWarm;
      if (isStored(preparedOf(it.id))) return;
      it.packing ??= (async () => {
        const { id, bytes } = await pack(runner, built);
        const prepared: StoredImage = {
          id: it.id,
          name: safeName(image),
          preparedAt: inside?.preparedAt ?? Date.now(),
          isWarm: inside?.isWarm ?? true,
          bytes,
          product: options.image,
          packed: id,
        };
        await store(runner, it, prepared, isStored);
      })().finally(() => (it.packing = undefined));
      await it.packing;
    });
  }
  /** Names the archive in the workload, unless another server has packed the same: then its own is removed. */
  async function store(
    runner: RuntimeDriver,
    it: OpenImage,
    prepared: StoredImage,
    isStored: (image: StoredImage | undefined) => boolean | undefined,
  ) {
    for (;;) {
      const workload = workloads.get(it.name);
      if (!workload) throw new RuntimeError("not_found", `The image ${it.id} was removed.`);
      const before = readImage(workload);
      if (isStored(before)) return runner.remove(prepared.packed ?? packed);
      try {
        await workloads.annotate(it.name, { [annotations.image]: JSON.stringify(prepared) }, { version: workload.version });
      } catch (error) {
        if (!isChanged(error)) throw error;
        await workloads.read("image", it.id);
        continue;
      }
      if (before) await runner.remove(before.packed ?? packed);
      return;
    }
  }

  return {
    async prepare(image, prepareOptions = {}) {
      const id = await idOf(image);
      if (prepareOptions.signal?.aborted) throw new RuntimeError("aborted", "The build was aborted.");
      const known = preparedOf(id);
      if (known && !prepareOptions.isRebuilt && (known.isWarm || prepareOptions.isColdEnough)) return id;
      const it = await open(id, true);
      if (!it) throw new RuntimeError("not_found", `There is no image ${id}.`);
      it.callers += 1;
      try {
        await prepareIn(image, it, prepareOptions);
        return id;
      } finally {
        it.callers -= 1;
        // A build that failed or was aborted leaves nothing behind.
        if (it.callers === 0 && !preparedOf(id)) await removeUnfinished(it);
      }
    },
    async find(image) {
      return preparedOf(await idOf(image));
    },
    list: () =>
      workloads.all().flatMap((workload) => {
        const image = workload.kind === "image" ? readImage(workload) : undefined;
        return image && isOurs(image) ? image : [];
      }),
    async has(id) {
      if (!preparedOf(id)) await workloads.read("image", id);
      return preparedOf(id) !== undefined;
    },
    async remove(id) {
      await inTurn(id, async () => {
        const it = opened.get(id);
        const workload = stored(id);
        if (it) await forget(it);
        if (workload) await workloads.remove(workload.name);
      });
    },
    async copyTo(runner, id) {
      const prepared = preparedOf(id);
      const it = prepared && (await open(id, false));
      if (!it) throw new RuntimeError("not_found", `There is no image ${id}.`);
      return it.live.use(async (builder) => {
        const from = await builder.find(preparedOf(id)?.packed ?? packed);
        if (!from) throw new RuntimeError("not_found", `There is no image ${id}.`);
        const source = archiveSource(`${id}-${prepared.preparedAt}`, await from.files.stream(archive));
        const build = [
          ["tar", "--extract", `--file=${archive}`],
          ["rm", archive],
        ];
        return runner.prepare({ name: "image", source, build });
      });
    },
    async suspend(id, idleMs) {
      const it = await open(id, false);
      if (!it) return undefined;
      // Its server was lost. One whose pod starts may be waited for by another server, which the runner does not know yet.
      if (pods.of(it.name)?.isRunning === true && (await removeUnfinished(it, betweenCallsMs))) return undefined;
      return it.live.suspend(idleMs);
    },
    async removeOutdated() {
      for (const workload of workloads.all()) {
        const image = workload.kind === "image" ? readImage(workload) : undefined;
        if (image && !isOurs(image) && Date.now() - image.preparedAt > outdatedAfterMs) await workloads.remove(workload.name);
      }
    },
    async close(closeOptions) {
      await Promise.all([...opened.values()].map(({ live }) => live.close(closeOptions)));
    },
  };
}

/** One file. It is read once: the caller asks for it only when it needs it. */
function archiveSource(id: string, { data, entry }: { data: Readable; entry: { size: number } }): FileSource {
  return {
    async id() {
      return createHash("sha256").update(id).digest("hex");
    },
    async *files() {
      yield { path: archive, isDirectory: false, mode: 0o644, size: entry.size, data: () => data };
    },
  };
}
