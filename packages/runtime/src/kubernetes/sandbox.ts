import type { Duplex, Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import type { Change, ExecResult, Pty, RuntimeDriver, Sandbox, StagedFile, Tree } from "../types.ts";
import type { History } from "../history/types.ts";
import type { LivePod } from "./live.ts";
import type { ServiceStates } from "./service-states.ts";

interface Options {
  id: string;
  live: LivePod;
  states: ServiceStates;
  /** The sandbox at a runner. */
  inPod(runner: RuntimeDriver): Promise<Sandbox>;
  /** Whether a call was refused, and not executed, because another server took the sandbox over that may not: `inPod` takes it back. */
  isLostOwnership?(error: unknown): boolean;
  /** Disk space when the pod was suspended. */
  storedDiskBytes(): number;
  /** Called before the first point in time is stored. */
  keepsHistory(): Promise<void>;
}

/** A sandbox whose calls go to the runner in its pod. What only observes (changes, states, logs that are followed) does not start the pod. */
export function createPodSandbox({ id, live, states, inPod, isLostOwnership, storedDiskBytes, keepsHistory }: Options): Sandbox {
  const at = async <T>(runner: RuntimeDriver, call: (sandbox: Sandbox) => Promise<T>): Promise<T> => {
    try {
      return await call(await inPod(runner));
    } catch (error) {
      if (isLostOwnership?.(error) !== true) throw error;
      return call(await inPod(runner));
    }
  };
  const ask = <T>(call: (sandbox: Sandbox) => Promise<T>): Promise<T> => live.use((runner) => at(runner, call), { isRepeatable: true });
  const order = <T>(call: (sandbox: Sandbox) => Promise<T>): Promise<T> => live.use((runner) => at(runner, call));

  /** The pod stays until the stream is closed. */
  function holdFor<T extends Readable | Duplex>(stream: T): T {
    const release = live.hold();
    if (stream.destroyed) release();
    else stream.once("close", release);
    return stream;
  }

  /** Goes on with each next runner, until the caller aborts or `isWhole` says that it ended by itself. */
  async function* observe<T>(
    signal: AbortSignal | undefined,
    values: (sandbox: Sandbox, signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const ended = signal ?? new AbortController().signal;
    const stop = live.observe();
    try {
      for (;;) {
        const connected = await live.connected(ended);
        if (!connected || ended.aborted) return;
        const { runner, lost } = connected;
        try {
          yield* values(await inPod(runner), AbortSignal.any([ended, lost]));
          if (!lost.aborted) return;
        } catch (error) {
          if (!lost.aborted) throw error;
        }
      }
    } finally {
      stop();
    }
  }
  /** All of them, in a pod that stays until they end. */
  async function* hold<T>(values: (sandbox: Sandbox) => AsyncIterable<T>): AsyncGenerator<T> {
    const release = live.hold();
    let all: AsyncIterator<T> | undefined;
    let isOver = false;
    try {
      // The first one is asked for as other calls are: what begins to arrive is not refused any more.
      let next = await ask((sandbox) => {
        all = values(sandbox)[Symbol.asyncIterator]();
        return all.next();
      });
      for (; next.done !== true; next = (await all?.next()) ?? { done: true, value: undefined }) yield next.value;
      isOver = true;
    } finally {
      if (!isOver) await all?.return?.();
      release();
    }
  }

  const files: Tree = {
    stat: (path) => ask(({ files: tree }) => tree.stat(path)),
    read: (path, options) => ask(({ files: tree }) => tree.read(path, options)),
    stream: (path, options) =>
      ask(async ({ files: tree }) => {
        const found = await tree.stream(path, options);
        return { ...found, data: holdFor(found.data) };
      }),
    write: (path, data, options) => order(({ files: tree }) => tree.write(path, data, options)),
    async stage(data, options) {
      const release = live.hold();
      try {
        const staged = await order(({ files: tree }) => tree.stage(data, options));
        return heldFile(staged, release);
      } catch (error) {
        release();
        throw error;
      }
    },
    mkdir: (path) => order(({ files: tree }) => tree.mkdir(path)),
    rename: (from, to, options) => order(({ files: tree }) => tree.rename(from, to, options)),
    remove: (path, options) => order(({ files: tree }) => tree.remove(path, options)),
    walk: (options) => ask(({ files: tree }) => tree.walk(options)),
    watch: ({ signal, skip }) => observe<Change[]>(signal, (sandbox, both) => sandbox.files.watch({ signal: both, ...(skip && { skip }) })),
    readLink: (path) => ask(({ files: tree }) => tree.readLink(path)),
    link: (path, target) => order(({ files: tree }) => tree.link(path, target)),
    copyIn: (source, to) => order(({ files: tree }) => tree.copyIn(source, to)),
  };

  const history: History = {
    async capture(name, options) {
      await keepsHistory();
      return order(({ history: points }) => points.capture(name, options));
    },
    find: (name) => ask(({ history: points }) => points.find(name)),
    names: (prefix) => ask(({ history: points }) => points.names(prefix)),
    remove: (names) => order(({ history: points }) => points.remove(names)),
    restore: (name, options) => order(({ history: points }) => points.restore(name, options)),
    compare: (from, to, options) => ask(({ history: points }) => points.compare(from, to, options)),
    read: (name, options) => hold((sandbox) => sandbox.history.read(name, options)),
    attachment: (name, path) =>
      ask(async ({ history: points }) => {
        const found = await points.attachment(name, path);
        return found && { ...found, data: holdFor(found.data) };
      }),
    exportPoint: (name, options) =>
      ask(async ({ history: points }) => {
        const exported = await points.exportPoint(name, options);
        return { ...exported, data: holdFor(exported.data) };
      }),
    async importPoint(name, bundle) {
      await keepsHistory();
      return order(({ history: points }) => points.importPoint(name, bundle));
    },
    tidy: () => order(({ history: points }) => points.tidy()),
  };

  return {
    id,
    files,
    history,
    start: (spec) => order((sandbox) => sandbox.start(spec)),
    async ready(name, options) {
      if (live.isAsleep && !states.all().some((state) => state.name === name))
        throw new RuntimeError("not_found", `There is no service ${name}.`);
      return ask((sandbox) => sandbox.ready(name, options));
    },
    async stop(name) {
      if (live.isAsleep) return;
      await order((sandbox) => sandbox.stop(name));
      states.stopped(name);
    },
    removeVolume: (name) => order((sandbox) => sandbox.removeVolume(name)),
    // A pod has ports of its own.
    assignPort: async (port) => port,
    async services() {
      if (live.isAsleep) return states.all();
      return states.learn(await ask((sandbox) => sandbox.services()));
    },
    onState: states.onState,
    async exec(argv, options = {}): Promise<ExecResult> {
      if (options.signal?.aborted)
        return { exitCode: null, signal: null, stdout: "", stderr: "", timedOut: false, aborted: true, durationMs: 0 };
      return order((sandbox) => sandbox.exec(argv, options));
    },
    async pty(argv, options) {
      return heldPty(await order((sandbox) => sandbox.pty(argv, options)), live.hold());
    },
    async attachPty(keptAs) {
      const ended = new RuntimeError("not_found", "The terminal has ended.");
      if (live.isAsleep) throw ended;
      return heldPty(
        await order(async (sandbox) => {
          if (!sandbox.attachPty) throw ended;
          return sandbox.attachPty(keptAs);
        }),
        live.hold(),
      );
    },
    async *logs(name, { tail, follow = false, signal } = {}) {
      if (!follow) return yield* hold((sandbox) => sandbox.logs(name, { ...(tail !== undefined && { tail }), ...(signal && { signal }) }));
      await ask(async () => undefined);
      let last = 0;
      for await (const line of observe(signal, (sandbox, both) =>
        // After the first runner: what the next one keeps and was not told yet.
        sandbox.logs(name, { follow, signal: both, ...(tail !== undefined && last === 0 && { tail }) }),
      )) {
        if (line.seq <= last) continue;
        last = line.seq;
        yield line;
      }
    },
    async connect(port, options) {
      if (options?.signal?.aborted) throw new RuntimeError("aborted", "The connection was aborted.");
      if (live.isAsleep) throw new RuntimeError("unavailable", `Nothing listens on port ${port}.`);
      return holdFor(await ask((sandbox) => sandbox.connect(port, options)));
    },
    peerAddress: (port) => ask((sandbox) => sandbox.peerAddress(port)),
    async stats() {
      if (live.isAsleep) return { memoryBytes: 0, cpuSeconds: 0, pids: 0, diskBytes: storedDiskBytes() };
      return ask((found) => found.stats());
    },
    programs: async () => (live.isAsleep ? [] : ask((sandbox) => sandbox.programs())),
    usage: async () => (live.isAsleep ? { memoryBytes: 0, cpuSeconds: 0, pids: 0 } : ask((sandbox) => sandbox.usage())),
    // Asked every few seconds while someone watches, so it must not keep the pod.
    serviceUsage: async () => (live.current ? (await inPod(live.current)).serviceUsage() : { services: [] }),
    // `can.freeze` is false.
    freeze: async () => undefined,
    thaw: async () => undefined,
  };
}

function heldPty(pty: Pty, release: () => void): Pty {
  pty.onExit(release);
  const { detach } = pty;
  return detach ? { ...pty, detach: () => detach().finally(release) } : pty;
}

function heldFile({ size, place, discard }: StagedFile, release: () => void): StagedFile {
  return {
    size,
    async place(path, options) {
      const placed = await place(path, options);
      release();
      return placed;
    },
    async discard() {
      await discard().finally(release);
    },
  };
}
