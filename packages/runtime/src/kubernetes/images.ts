import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import type { FileSource, ImageId, ImageSpec, PreparedImage, PrepareOptions, RuntimeDriver, SandboxSpec } from "../types.ts";
import { annotations } from "./labels.ts";
import type { LivePod } from "./live.ts";
import { createUnit, openUnit, type Environment } from "./units.ts";

/** Prepared images: each is built in a pod of its own, since builds are hostile to each other, and kept as an archive on its volume. */
export interface Images {
  prepare(image: ImageSpec, options?: PrepareOptions): Promise<ImageId>;
  find(image: ImageSpec): Promise<PreparedImage | undefined>;
  list(): PreparedImage[];
  remove(id: ImageId): Promise<void>;
  /** Puts a tree of the image into a runner, as an image of its own. Throws `not_found`. Returns that image's id. */
  copyTo(runner: RuntimeDriver, id: ImageId): Promise<ImageId>;
  close(options: { isKept: boolean }): Promise<void>;
}

/** The sandbox of an image's pod that holds its archive. */
const packed = "packed";
const archive = "image.tar";
/** Installing needs more than running. */
const buildSpec: SandboxSpec = { id: packed, limits: { memoryBytes: 3 * 2 ** 30, cpus: 4, pids: 1024, diskBytes: 8 * 2 ** 30 } };

interface OpenImage {
  id: ImageId;
  name: string;
  live: LivePod;
  /** Calls that prepare it. */
  callers: number;
  packing: Promise<number> | undefined;
}

export function createImages(environment: Environment): Images {
  const { workloads, options } = environment;
  const opened = new Map<ImageId, OpenImage>();
  const turns = new Map<ImageId, Promise<unknown>>();

  const stored = (id: ImageId) => workloads.all().find((workload) => workload.kind === "image" && workload.id === id);
  function preparedOf(id: ImageId): PreparedImage | undefined {
    const text = stored(id)?.annotations[annotations.image];
    return text === undefined ? undefined : (JSON.parse(text) as PreparedImage);
  }
  const safeName = ({ name }: ImageSpec) => name.replaceAll(/[^A-Za-z0-9_-]/g, "-");
  async function idOf(image: ImageSpec): Promise<ImageId> {
    const { build, warm } = image;
    const content = JSON.stringify([await image.source.id(), build, warm ?? null, options.image]);
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
      const name = workload?.name ?? (await createUnit(environment, { id, kind: "image", spec: buildSpec, annotations: {} }));
      const live = openUnit(environment, name, "image", {
        spec: () => buildSpec,
        onConnect: async () => undefined,
        beforeSuspend: async () => ({}),
        onLost: () => undefined,
      });
      const made: OpenImage = { id, name, live, callers: 0, packing: undefined };
      opened.set(id, made);
      return made;
    });

  async function discard({ id, name, live }: OpenImage) {
    if (opened.get(id)?.name === name) opened.delete(id);
    await live.close({ isKept: true });
    await workloads.remove(name);
  }

  /** Writes the prepared tree into one file: links and modes are kept, and a project gets it in one piece. */
  async function pack(runner: RuntimeDriver, built: ImageId): Promise<number> {
    await runner.remove(packed);
    const sandbox = await runner.open({ ...buildSpec, image: built });
    const command = ["tar", "--create", `--file=${archive}`, `--exclude=./${archive}`, "--numeric-owner", "."];
    const made = await sandbox.exec(command);
    if (made.exitCode !== 0) throw new RuntimeError("build_failed", `The image cannot be packed: ${made.stderr.trim().slice(-500)}`);
    await sandbox.exec(["find", ".", "-mindepth", "1", "-maxdepth", "1", "!", "-name", archive, "-exec", "rm", "-rf", "{}", "+"]);
    return (await sandbox.files.stat(archive))?.size ?? 0;
  }

  async function prepareIn(image: ImageSpec, it: OpenImage, prepareOptions: PrepareOptions): Promise<void> {
    await it.live.use(async (runner) => {
      const built = await runner.prepare(image, prepareOptions);
      const inside = await runner.findImage(image);
      const before = preparedOf(it.id);
      if (before && inside && before.preparedAt === inside.preparedAt && before.isWarm === inside.isWarm) return;
      it.packing ??= pack(runner, built).finally(() => (it.packing = undefined));
      const bytes = await it.packing;
      const prepared: PreparedImage = {
        id: it.id,
        name: safeName(image),
        preparedAt: inside?.preparedAt ?? Date.now(),
        isWarm: inside?.isWarm ?? true,
        bytes,
      };
      await workloads.annotate(it.name, { [annotations.image]: JSON.stringify(prepared) });
    });
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
        if (it.callers === 0 && !preparedOf(id)) await inTurn(id, async () => (it.callers === 0 ? discard(it) : undefined));
      }
    },
    async find(image) {
      return preparedOf(await idOf(image));
    },
    list: () => workloads.all().flatMap(({ kind, id }) => (kind === "image" ? (preparedOf(id) ?? []) : [])),
    async remove(id) {
      await inTurn(id, async () => {
        const it = opened.get(id);
        if (it) return discard(it);
        const workload = stored(id);
        if (workload) await workloads.remove(workload.name);
      });
    },
    async copyTo(runner, id) {
      const prepared = preparedOf(id);
      const it = prepared && (await open(id, false));
      if (!it) throw new RuntimeError("not_found", `There is no image ${id}.`);
      return it.live.use(async (builder) => {
        const from = await builder.find(packed);
        if (!from) throw new RuntimeError("not_found", `There is no image ${id}.`);
        const source = archiveSource(`${id}-${prepared.preparedAt}`, await from.files.stream(archive));
        const build = [
          ["tar", "--extract", `--file=${archive}`],
          ["rm", archive],
        ];
        return runner.prepare({ name: "image", source, build });
      });
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
