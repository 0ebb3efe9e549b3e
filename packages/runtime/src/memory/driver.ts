import { createHash } from "node:crypto";
import { RuntimeError } from "../errors.ts";
import { freePort } from "../free-port.ts";
import type { ImageId, ImageSpec, PreparedImage, RuntimeDriver, Sandbox } from "../types.ts";
import { memoryCommands, type MemoryCommand } from "./commands.ts";
import { createMemorySandbox } from "./sandbox.ts";
import { createMemoryTree, type MemoryTree } from "./tree.ts";

export interface MemoryDriverOptions {
  /** Fake programs by name, in addition to the built-in ones. */
  commands?: Readonly<Record<string, MemoryCommand>>;
}

/** A fake for tests: trees in memory, programs as functions, services that serve real HTTP. Nothing survives the process. */
export function createMemoryDriver({ commands = {} }: MemoryDriverOptions = {}): RuntimeDriver {
  const programs = { ...memoryCommands, ...commands };
  const sandboxes = new Map<string, Sandbox>();
  const images = new Map<ImageId, Promise<MemoryTree>>();
  const prepared = new Map<ImageId, PreparedImage>();

  async function build(image: ImageSpec, signal: AbortSignal | undefined, emitLine: (line: string) => void): Promise<MemoryTree> {
    const tree = createMemoryTree();
    await tree.copyIn(image.source);
    const sandbox = createMemorySandbox("image", tree, programs);
    const lines: string[] = [];
    const onOutput = (chunk: string) => {
      for (const line of chunk.split("\n").filter(Boolean)) {
        lines.push(line);
        emitLine(line);
      }
    };
    for (const argv of image.build) {
      emitLine(`$ ${argv.join(" ")}`);
      const { exitCode, aborted } = await sandbox.exec(argv, { signal, onOutput });
      if (aborted) throw new RuntimeError("aborted", `building ${image.name} was aborted`);
      if (exitCode !== 0) throw new RuntimeError("build_failed", `${image.name}: exit code ${exitCode}\n${lines.slice(-20).join("\n")}`);
    }
    if (image.warm) {
      const { command, port } = image.warm;
      await sandbox.start({ name: "warm", command, cwd: ".", env: {}, port });
      await sandbox.ready("warm", { signal });
      await sandbox.stop();
    }
    return tree;
  }

  async function idOf({ name, source, build: commands, warm }: ImageSpec): Promise<ImageId> {
    const hash = createHash("sha256").update(JSON.stringify([await source.id(), commands, warm ?? null]));
    return `${name}-${hash.digest("hex").slice(0, 24)}`;
  }

  return {
    name: "memory",
    isolation: "none",
    warnings: ["Project code is not run: this is the driver for tests."],
    can: { pty: false, freeze: true, limits: false, privateNetwork: false, peers: false, images: false, history: false },
    async prepare(image, { signal, onLog = () => {}, isRebuilt = false } = {}) {
      const id = await idOf(image);
      let built = isRebuilt && prepared.has(id) ? undefined : images.get(id);
      if (!built) {
        built = build(image, signal, onLog);
        images.set(id, built);
        built.catch(() => images.delete(id));
      }
      await built;
      prepared.set(id, { id, name: image.name, preparedAt: Date.now(), isWarm: true });
      return id;
    },
    findImage: async (image) => prepared.get(await idOf(image)),
    listImages: async () => [...prepared.values()],
    async removeImage(id) {
      images.delete(id);
      prepared.delete(id);
    },
    async open(spec) {
      if (!/^[a-z0-9-]{1,64}$/.test(spec.id)) throw new RuntimeError("not_supported", `${spec.id} is not an id for a sandbox`);
      const known = sandboxes.get(spec.id);
      if (known) return known;
      const image = spec.image === undefined ? createMemoryTree() : await images.get(spec.image);
      if (!image) throw new RuntimeError("not_found", `there is no image ${spec.image}`);
      const sandbox = sandboxes.get(spec.id) ?? createMemorySandbox(spec.id, image.clone(), programs);
      sandboxes.set(spec.id, sandbox);
      return sandbox;
    },
    findPrograms: async () => [],
    freePort,
    find: async (id) => sandboxes.get(id),
    list: () =>
      Promise.all(
        [...sandboxes.values()].map(async (sandbox) => ({
          id: sandbox.id,
          services: (await sandbox.services()).map(({ name, status }) => ({ name, state: status })),
        })),
      ),
    pause: async () => ({ isStill: true, wasRunning: false, resume: async () => undefined }),
    async remove(id) {
      await sandboxes.get(id)?.stop();
      sandboxes.delete(id);
    },
    histories: async () => [],
    removeHistory: async () => undefined,
    async close() {
      for (const sandbox of sandboxes.values()) await sandbox.stop();
    },
  };
}
