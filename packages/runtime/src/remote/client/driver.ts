import { randomUUID } from "node:crypto";
import { RuntimeError } from "../../errors.ts";
import type { RuntimeLog } from "../../log.ts";
import { stepsOf } from "../../image-steps.ts";
import type { ImageSpec, RunnerMachine, RuntimeDriver, Sandbox } from "../../types.ts";
import { defaultTiming, type DriverFacts, type Timing } from "../protocol.ts";
import { createCalls } from "./calls.ts";
import { createConnection, type ConnectionOptions } from "./connection.ts";
import { endOf } from "./end-of-call.ts";
import type { ClientTracing } from "../tracing.ts";
import { createRemoteSandbox, type RemoteSandbox } from "./sandbox.ts";
import { sendFiles } from "./send-files.ts";

export interface RemoteOptions {
  /** `http://host:port`, `https://host:port` or `unix:///path`. */
  url: string;
  token: string;
  tls?: ConnectionOptions["tls"];
  /** All sandboxes that this driver opens belong to it alone, as with `SandboxSpec.takesOver`. */
  takesOver?: boolean | undefined;
  timing?: Partial<Timing> | undefined;
  /**
   * If the runner cannot be used within this time, the driver is returned nevertheless and keeps connecting. Until then calls throw `unavailable`.
   */
  startsWithoutAfterMs?: number | undefined;
  /** Of an earlier connection, until the first one of this client. Without them its name is `remote`, its isolation `unknown`, and `can` throws `unavailable`. */
  known?: DriverFacts | undefined;
  tracing?: ClientTracing | undefined;
  log?: RuntimeLog | undefined;
}

/** The driver of a runner that other servers may use too. */
export interface RunnerDriver extends RuntimeDriver {
  /**
   * Whether nobody has used the runner for `idleMs`. Then it refuses calls of other servers until `release`, and for some seconds after this
   * driver was closed without it. Otherwise: when to ask again, and how many servers are connected.
   */
  suspend(idleMs: number): Promise<{ release(): void } | { waitMs: number; servers: number }>;
}

/**
 * The driver of a runner, on another machine. Throws `unavailable` when it cannot be reached within `patienceMs` or is of an incompatible
 * version, unless `startsWithoutAfterMs` is set. Name, isolation and capabilities are those of the runner's driver.
 */
export async function createRemoteDriver({
  url,
  token,
  tls,
  takesOver: takesOverAll = false,
  startsWithoutAfterMs,
  known,
  tracing,
  log,
  ...options
}: RemoteOptions): Promise<RunnerDriver> {
  const timing = { ...defaultTiming, ...options.timing };
  const client = randomUUID();
  const isPersistent = startsWithoutAfterMs !== undefined;
  const connection = createConnection({ url, token, client, tls, timing, isPersistent, log });
  try {
    await connection.session(isPersistent ? { signal: AbortSignal.timeout(startsWithoutAfterMs) } : {});
  } catch (error) {
    if (!isPersistent || (error instanceof RuntimeError && error.code === "not_supported")) {
      connection.close();
      throw error;
    }
  }
  const factsNow = () => (connection.isKnown ? connection.hello.driver : known);
  const { query, command, open } = createCalls(connection, client, tracing);
  const sandboxes = new Map<string, RemoteSandbox>();
  /** Of sandboxes that this driver took over: calls on them keep failing once another one took them over, also if they are found again. */
  const owned = new Map<string, RemoteSandbox>();
  const make = (id: string, epoch: number) =>
    createRemoteSandbox({ id, epoch, calls: { query, command, open }, protocol: () => connection.hello.protocol, log });
  /** The same object for every caller, so that subscriptions are shared. */
  const sandboxOf = (id: string, epoch: number, among = sandboxes): Sandbox => {
    let known = among.get(id);
    if (known) known.setEpoch(epoch);
    else {
      known = make(id, epoch);
      among.set(id, known);
    }
    return known.sandbox;
  };
  const found = (id: string, epoch: number): Sandbox => {
    const mine = owned.get(id);
    return mine && mine.epoch >= epoch ? mine.sandbox : sandboxOf(id, epoch);
  };

  /** An older runner does not know that a step can be left out. */
  const asKnown = (image: Omit<ImageSpec, "source">): Omit<ImageSpec, "source"> => {
    if (!connection.isKnown || connection.hello.protocol.minor >= pruneMinor) return image;
    const { prune: _prune, ...rest } = image;
    return { ...rest, build: stepsOf(image) };
  };

  const readMachine = async (): Promise<RunnerMachine> => {
    const asked = Date.now();
    const { result } = await query("driver.status", {}, { signal: AbortSignal.timeout(statusTimeoutMs) });
    const { now, ...machine } = result;
    return { ...machine, clockOffsetMs: Math.round(now - (asked + Date.now()) / 2) };
  };

  return {
    get name() {
      return factsNow()?.name ?? "remote";
    },
    get isolation() {
      return factsNow()?.isolation ?? "unknown";
    },
    get warnings() {
      return factsNow()?.warnings ?? [];
    },
    get can() {
      return (factsNow() ?? connection.hello.driver).can;
    },
    async prepare({ source, ...image }, { signal, onLog, ...options } = {}) {
      const call = open("driver.prepare", { ...asKnown(image), source: await source.id(), ...options }, { signal });
      const sending = Promise.withResolvers<void>();
      return endOf(call, sending.promise, (event) => {
        if ("needsFiles" in event) sendFiles(call, source).then(sending.resolve, sending.reject);
        else for (const line of event.lines) onLog?.(line);
      });
    },
    findImage: async ({ source, ...image }) =>
      (await query("driver.findImage", { ...asKnown(image), source: await source.id() })).result ?? undefined,
    listImages: async () => (await query("driver.listImages", {})).events,
    async removeImage(image) {
      await command("driver.removeImage", { image });
    },
    findPrograms: async (paths) => (await query("driver.findPrograms", { paths: [...paths] })).result,
    freePort: async () => (await query("driver.freePort", {})).result,
    async open({ takesOver = takesOverAll, ...spec }) {
      const { result } = await command("driver.open", { spec, ...(takesOver && { takesOver }) });
      return takesOver ? sandboxOf(spec.id, result.epoch, owned) : found(spec.id, result.epoch);
    },
    async find(id) {
      const { result } = await query("driver.find", { id });
      return result === null ? undefined : found(id, result.epoch);
    },
    list: async () => (await query("driver.list", {})).events,
    async pause(id) {
      const call = open("driver.pause", { id });
      const part = await call.next();
      if (part.kind !== "event") throw new RuntimeError("unavailable", "The runner ended the pause.");
      let resumed: Promise<unknown> | undefined;
      return {
        ...part.event,
        async resume() {
          resumed ??= (call.end(), call.next());
          await resumed;
        },
      };
    },
    async remove(id) {
      await command("driver.remove", { id });
      for (const all of [sandboxes, owned]) {
        all.get(id)?.close();
        all.delete(id);
      }
    },
    histories: async () => (await query("driver.histories", {})).events,
    async removeHistory(id) {
      await command("driver.removeHistory", { id });
    },
    async runner() {
      const { isConnected, changes } = connection;
      const state = { address: url, isConnected, since: changes.since, ...(changes.lastError && { lastError: changes.lastError }) };
      if (!connection.isKnown) return state;
      const { hello } = connection;
      const { version, revision, driver } = hello;
      return {
        ...state,
        version,
        ...(revision !== undefined && { revision }),
        protocol: hello.protocol,
        driver: driver.name,
        // One that does not answer in time is shown without.
        ...(isConnected && hello.protocol.minor >= statusMinor && { machine: await readMachine().catch(() => undefined) }),
      };
    },
    isConnected: () => connection.isConnected,
    async suspend(idleMs) {
      if (connection.hello.protocol.minor < suspendMinor) {
        const { servers } = await readMachine();
        return servers > 1 ? { waitMs: idleMs, servers } : { release: () => undefined };
      }
      const call = open("driver.suspend", { idleMs });
      const timer = setTimeout(call.cancel, suspendTimeoutMs);
      const part = await call.next().finally(() => clearTimeout(timer));
      if (part.kind !== "event") throw new RuntimeError("unavailable", "The runner ended the call.");
      if ("waitMs" in part.event) {
        call.cancel();
        return part.event;
      }
      return { release: () => call.end() };
    },
    onConnected: connection.onConnected,
    async close({ leaveRunning = false } = {}) {
      try {
        const ids = [...new Set([...sandboxes.keys(), ...owned.keys()])];
        if (!leaveRunning && ids.length > 0) await command("driver.release", { ids });
        // Without a connection it finds out itself.
        if (connection.isConnected) await query("driver.leave", {}, { signal: AbortSignal.timeout(leaveTimeoutMs) });
      } catch (error) {
        log?.warn({ err: error, runner: url }, "the runner was not told that this server ends");
      }
      for (const { close } of [...sandboxes.values(), ...owned.values()]) close();
      connection.close();
    },
  };
}

const leaveTimeoutMs = 2_000;
const statusTimeoutMs = 3_000;
const suspendTimeoutMs = 10_000;
/** The minor version of the protocol that has `driver.status`. */
const statusMinor = 2;
/** The one that has `driver.suspend`. */
const suspendMinor = 3;
/** The one that has `prune` of an image. */
const pruneMinor = 4;
