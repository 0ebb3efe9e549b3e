import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectTo } from "../connect.ts";
import { RuntimeError } from "../errors.ts";
import { noHistory } from "../history/none.ts";
import { keptLogLines } from "../host/services/log-file.ts";
import { createOutput } from "../host/commands/output.ts";
import { createBatchQueue, type BatchQueue } from "../queue.ts";
import type { ExecOptions, LogLine, Sandbox, ServiceSpec, ServiceState, Tree } from "../types.ts";
import type { MemoryCommand, MemoryProcess } from "./commands.ts";
import type { MemoryTree } from "./tree.ts";

interface Service {
  state: ServiceState;
  lines: LogLine[];
  followers: Set<BatchQueue<LogLine>>;
  /** Ends the program; undefined when none runs. */
  end?: (() => Promise<void>) | undefined;
}

/** A sandbox whose programs are functions of this process. */
export function createMemorySandbox(id: string, files: MemoryTree, commands: Readonly<Record<string, MemoryCommand>>): Sandbox {
  const services = new Map<string, Service>();
  const listeners = new Set<(state: ServiceState) => void>();
  /** Port in the sandbox → port of the in-process server. */
  const ports = new Map<number, number>();
  const running = new Set<{ name: string }>();
  let isFrozen = false;

  const shown = ({ state, end }: Service): ServiceState => (isFrozen && end ? { ...state, status: "frozen" } : state);
  const change = (service: Service, state: ServiceState) => {
    service.state = state;
    for (const listener of listeners) listener(shown(service));
  };

  async function serve(port: number, handler: Parameters<MemoryProcess["serve"]>[1], signal: AbortSignal) {
    const server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.set(port, (server.address() as AddressInfo).port);
    signal.addEventListener("abort", () => {
      ports.delete(port);
      server.close();
      server.closeAllConnections();
    });
  }

  /** Runs a program to its end. A rejection after the signal counts as killed. */
  async function run(argv: readonly string[], process: Omit<MemoryProcess, "argv">): Promise<number> {
    const command = commands[argv[0] ?? ""];
    if (!command) {
      process.stderr(`${argv[0]}: not found\n`);
      return 127;
    }
    const entry = { name: argv[0] ?? "" };
    running.add(entry);
    try {
      return await command({ ...process, argv });
    } catch (error) {
      if (process.signal.aborted) return 143;
      process.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    } finally {
      running.delete(entry);
    }
  }
  async function checkFolder(cwd: string) {
    if (cwd !== "." && !(await files.stat(cwd))) throw new RuntimeError("not_found", `${cwd} does not exist`);
  }
  function requireService(name: string): Service {
    const service = services.get(name);
    if (!service) throw new RuntimeError("not_found", `there is no service ${name}`);
    return service;
  }

  function launch(spec: ServiceSpec, service: Service) {
    const abort = new AbortController();
    let isStopping = false;
    let firstPort: number | undefined;
    const add = (stream: LogLine["stream"], text: string) => {
      const lines = text.split("\n").filter((line, i, all) => line !== "" || i < all.length - 1);
      const added = lines.map((line, i): LogLine => ({
        seq: (service.lines.at(-1)?.seq ?? 0) + 1 + i,
        ts: new Date().toISOString(),
        stream,
        line,
      }));
      service.lines.push(...added);
      for (const follower of service.followers) follower.push(added);
    };
    add("system", `starting: ${spec.command.join(" ")}`);
    const finished = run(spec.command, {
      env: spec.env,
      cwd: spec.cwd,
      input: "",
      files,
      stdout: (text) => add("stdout", text),
      stderr: (text) => add("stderr", text),
      async serve(port, handler) {
        await serve(port, handler, abort.signal);
        firstPort ??= port;
        if (!abort.signal.aborted) change(service, { ...service.state, status: "running", port: firstPort });
      },
      signal: abort.signal,
    }).then((exitCode) => {
      service.end = undefined;
      abort.abort();
      const { startedAt } = service.state;
      const lastLines = service.lines.filter((l) => l.stream !== "system").slice(-20);
      change(service, {
        name: spec.name,
        startedAt,
        exitCode,
        ...(isStopping || exitCode === 0 ? { status: "stopped" } : { status: "failed", lastLines: lastLines.map((l) => l.line) }),
      });
    });
    service.end = async () => {
      isStopping = true;
      abort.abort();
      await finished;
    };
    if (spec.port === 0) change(service, { ...service.state, status: "running" });
  }

  /** Without a listener: a port that refuses connections. */
  const addressOf = (port: number) => ({ host: "127.0.0.1", port: ports.get(port) ?? 1 });

  const sandbox: Sandbox = {
    id,
    files,
    history: noHistory(),
    async start(spec) {
      let service = services.get(spec.name);
      if (service?.end) return shown(service);
      if (spec.image !== undefined || spec.health || spec.volumes?.length)
        throw new RuntimeError("not_supported", "a memory sandbox has no images, volumes or health checks");
      await checkFolder(spec.cwd);
      service ??= { state: { name: spec.name, status: "stopped" }, lines: [], followers: new Set() };
      services.set(spec.name, service);
      change(service, { name: spec.name, status: "starting", startedAt: Date.now() });
      const first = shown(service);
      launch(spec, service);
      return first;
    },
    async ready(name, { timeoutMs = 60_000, signal } = {}) {
      const service = requireService(name);
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        if (signal?.aborted) throw new RuntimeError("aborted", `waiting for ${name} was aborted`);
        const { state } = service;
        if (state.status === "running") return shown(service);
        if (state.status !== "starting")
          throw new RuntimeError("service_failed", `${name} ended before it was ready\n${(state.lastLines ?? []).join("\n")}`);
        if (Date.now() >= deadline) throw new RuntimeError("start_timeout", `${name} does not listen on a port`);
        await sleep(5);
      }
    },
    async stop(name) {
      isFrozen = false;
      for (const service of name === undefined ? services.values() : [services.get(name)]) {
        await service?.end?.();
        if (service?.state.status === "failed") change(service, { ...service.state, status: "stopped" });
      }
    },
    removeVolume: async () => {},
    services: async () => [...services.values()].map(shown),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async exec(argv, { cwd = ".", env = {}, input = "", timeoutMs, signal, readOnly, onOutput, maxOutputBytes = 1 << 20, encoding } = {}) {
      await checkFolder(cwd);
      isFrozen = false;
      const startedAt = performance.now();
      const output = { stdout: createOutput(maxOutputBytes, encoding), stderr: createOutput(maxOutputBytes, encoding) };
      const end = new AbortController();
      const write = (stream: "stdout" | "stderr") => (text: string) => {
        if (end.signal.aborted) return;
        const chunk = output[stream].push(new TextEncoder().encode(text));
        onOutput?.(chunk, stream);
      };
      let timedOut = false;
      const give = () => end.abort();
      signal?.addEventListener("abort", give, { once: true });
      if (signal?.aborted) give();
      const timer = setTimeout(
        () => {
          timedOut = true;
          give();
        },
        timeoutMs ?? 2 ** 31 - 1,
      );
      const given = new Promise<null>((resolve) => {
        if (end.signal.aborted) resolve(null);
        end.signal.addEventListener("abort", () => resolve(null));
      });
      const exitCode = await Promise.race([
        given,
        run(argv, {
          env,
          cwd,
          input: await whole(input),
          files: readOnly ? withoutWriting(files) : files,
          stdout: write("stdout"),
          stderr: write("stderr"),
          serve: (port, handler) => serve(port, handler, end.signal),
          signal: end.signal,
        }),
      ]);
      clearTimeout(timer);
      signal?.removeEventListener("abort", give);
      end.abort();
      return {
        exitCode,
        signal: exitCode === null ? "SIGKILL" : null,
        stdout: output.stdout.text(),
        stderr: output.stderr.text(),
        timedOut,
        aborted: exitCode === null && !timedOut,
        durationMs: Math.round(performance.now() - startedAt),
      };
    },
    async pty() {
      throw new RuntimeError("not_supported", "a memory sandbox has no terminals");
    },
    async *logs(name, { tail = keptLogLines, follow = false, signal } = {}) {
      const service = requireService(name);
      const queue = createBatchQueue<LogLine>();
      queue.push(tail <= 0 ? [] : service.lines.slice(-tail));
      if (!follow || signal?.aborted) queue.end();
      else service.followers.add(queue);
      signal?.addEventListener("abort", queue.end, { once: true });
      try {
        for await (const batch of queue.batches()) yield* batch;
      } finally {
        service.followers.delete(queue);
      }
    },
    connect: async (port, options) => connectTo(addressOf(port), options),
    peerAddress: async (port) => addressOf(port),
    assignPort: async (port) => port,
    programs: async () => [...running].map(({ name }) => name),
    usage: async () => ({ memoryBytes: 0, cpuSeconds: 0, pids: 0 }),
    // Its programs are functions of our own process.
    serviceUsage: async () => ({ services: [] }),
    stats: async () => ({ memoryBytes: 0, cpuSeconds: 0, pids: 0, diskBytes: files.sizeBytes() }),
    async freeze() {
      setFrozen(true);
    },
    async thaw() {
      setFrozen(false);
    },
  };
  function setFrozen(next: boolean) {
    if (isFrozen === next) return;
    isFrozen = next;
    for (const service of services.values()) if (service.end) for (const listener of listeners) listener(shown(service));
  }
  return sandbox;
}

/** A read-only view of the tree. */
function withoutWriting(files: Tree): Tree {
  const refuse = () => Promise.reject(new Error("Read-only file system"));
  return { ...files, write: refuse, mkdir: refuse, rename: refuse, remove: refuse, copyIn: refuse };
}

/** Fake programs receive their whole input at once. */
async function whole(input: NonNullable<ExecOptions["input"]>): Promise<string> {
  if (typeof input === "string") return input;
  if (input instanceof Uint8Array) return new TextDecoder().decode(input);
  let text = "";
  for await (const chunk of input) text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
  return text;
}
