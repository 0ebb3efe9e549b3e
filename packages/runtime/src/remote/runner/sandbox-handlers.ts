import { once } from "node:events";
import { StringDecoder } from "node:string_decoder";
import { RuntimeError } from "../../errors.ts";
import type { LogLine, ServiceState } from "../../types.ts";
import type { MethodName } from "../methods.ts";
import type { KeptTerminals } from "./kept-terminals.ts";
import type { UseSandbox } from "./owners.ts";
import { allReceivedBytes, receivedBytes } from "./received-bytes.ts";
import type { Handlers, ServedCall } from "./serve-call.ts";

type SandboxHandlers = Pick<Handlers, Extract<MethodName, `sandbox.${string}`>>;

export const createSandboxHandlers = (use: UseSandbox, terminals: KeptTerminals): SandboxHandlers => ({
  "sandbox.start": async ({ spec, ...target }) => (await use(target)).start(spec),
  "sandbox.ready": async ({ name, timeoutMs, ...target }, { signal }) =>
    (await use(target)).ready(name, { signal, ...(timeoutMs !== undefined && { timeoutMs }) }),
  "sandbox.stop": async ({ name, ...target }) => (await use(target)).stop(name),
  "sandbox.removeVolume": async ({ name, ...target }) => (await use(target)).removeVolume(name),
  "sandbox.services": async (target) => (await use(target)).services(),

  async "sandbox.states"({ subscription, ...target }, call) {
    const sandbox = await use(target);
    const mark = { subscription, count: 0 };
    /** Changes that came while the current states were asked for. */
    let early: ServiceState[] | undefined = [];
    let waiting = 0;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const send = (state: ServiceState) => {
      waiting += 1;
      if (waiting > maxWaitingStates) failed.reject(new RuntimeError("unavailable", "The server does not read the states of services."));
      else void call.event({ state }).then(() => (waiting -= 1));
    };
    call.client.subscriptions.set(target.id, mark);
    const unsubscribe = sandbox.onState((state) => {
      mark.count += 1;
      if (early) early.push(state);
      else send(state);
    });
    try {
      await call.event({ services: await sandbox.services() });
      for (const state of early) send(state);
      early = undefined;
      if (!call.signal.aborted) await Promise.race([once(call.signal, "abort"), failed.promise]);
    } finally {
      unsubscribe();
      if (call.client.subscriptions.get(target.id) === mark) call.client.subscriptions.delete(target.id);
    }
  },

  async "sandbox.exec"({ id, epoch, argv, input, isFollowed = false, encoding = "utf8", ...options }, call) {
    const sandbox = await use({ id, epoch });
    const { stdout, stderr, ...result } = await sandbox.exec(argv, {
      ...options,
      encoding,
      signal: call.signal,
      ...(input === "whole" && { input: await allReceivedBytes(call) }),
      ...(input === "live" && { input: receivedBytes(call) }),
      ...(isFollowed && { onOutput: (chunk, stream) => call.event({ chunk, stream }) }),
    });
    await call.event({ text: "stdout" });
    await call.bytes(Buffer.from(stdout, encoding));
    await call.event({ text: "stderr" });
    await call.bytes(Buffer.from(stderr, encoding));
    return result;
  },

  async "sandbox.pty"({ id, epoch, argv, keepAs, ...options }, call) {
    const sandbox = await use({ id, epoch });
    const pty = await sandbox.pty(argv, options);
    if (keepAs !== undefined) {
      terminals.keep(id, keepAs, pty);
      return attachTerminal(terminals, call, id, keepAs);
    }
    const kill = () => void pty.kill().catch(() => {});
    call.signal.addEventListener("abort", kill, { once: true });
    if (call.signal.aborted) kill();
    let waitingBytes = 0;
    let sent = call.event({});
    pty.onData((data) => {
      waitingBytes += data.length;
      if (waitingBytes > maxWaitingBytes) pty.pause();
      sent = sent
        .then(() => call.bytes(data))
        .then(() => {
          waitingBytes -= data.length;
          if (waitingBytes <= maxWaitingBytes) pty.resume();
        });
    });
    const exit = new Promise<{ exitCode: number | null }>((resolve) => void pty.onExit(resolve));
    void receiveInput(call, pty).catch(kill);
    const { exitCode } = await exit;
    await sent;
    return { exitCode };
  },

  async "sandbox.attachPty"({ id, epoch, keptAs }, call) {
    await use({ id, epoch });
    return attachTerminal(terminals, call, id, keptAs);
  },

  async "sandbox.logs"({ id, epoch, name, tail, follow = false }, call) {
    const sandbox = await use({ id, epoch });
    let batch: LogLine[] = [];
    let flushing: Promise<void> | undefined;
    const flush = () =>
      (flushing ??= new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => {
          const lines = batch;
          batch = [];
          return call.event(lines);
        })
        .finally(() => (flushing = undefined)));
    for await (const line of sandbox.logs(name, { follow, signal: call.signal, ...(tail !== undefined && { tail }) })) {
      batch.push(line);
      const flushed = flush();
      if (batch.length >= maxBatch) await flushed;
    }
    while (batch.length > 0) await flush();
    await flushing;
  },

  async "sandbox.connect"({ id, epoch, port }, call) {
    const sandbox = await use({ id, epoch });
    const socket = await sandbox.connect(port, { signal: call.signal });
    const destroy = () => socket.destroy();
    socket.on("error", () => {});
    call.signal.addEventListener("abort", destroy, { once: true });
    if (call.signal.aborted) destroy();
    void (async () => {
      for await (const chunk of receivedBytes(call)) {
        if (socket.destroyed) return;
        if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
      }
      socket.end();
    })().catch(destroy);
    await call.event({});
    let isEnded = false;
    socket.once("end", () => (isEnded = true));
    try {
      for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) await call.bytes(chunk);
    } catch {
      // A reset connection: `isEnded` tells.
    }
    if (!isEnded) throw new RuntimeError("unavailable", "The program closed the connection.");
  },

  "sandbox.peerAddress": async ({ port, ...target }) => (await use(target)).peerAddress(port),
  "sandbox.assignPort": async ({ port, ...target }) => (await use(target)).assignPort(port),
  "sandbox.stats": async (target) => (await use(target)).stats(),
  "sandbox.usage": async (target) => (await use(target)).usage(),
  "sandbox.serviceUsage": async (target) => (await use(target)).serviceUsage(),
  "sandbox.programs": async (target) => (await use(target)).programs(),
  "sandbox.freeze": async (target) => (await use(target)).freeze(),
  "sandbox.thaw": async (target) => (await use(target)).thaw(),
});

const maxWaitingStates = 10_000;
const maxWaitingBytes = 262_144;
const maxBatch = 500;

/** Until the terminal ends, or the client or another one takes it away. */
async function attachTerminal(
  terminals: KeptTerminals,
  call: ServedCall<"sandbox.pty" | "sandbox.attachPty">,
  sandbox: string,
  keptAs: string,
): Promise<{ exitCode: number | null }> {
  let sent = Promise.resolve();
  let waitingBytes = 0;
  const attached = terminals.attach(sandbox, keptAs, (data) => {
    waitingBytes += data.length;
    if (waitingBytes > maxWaitingBytes) attached.pty.pause();
    sent = sent
      .then(() => call.bytes(data))
      .then(() => {
        waitingBytes -= data.length;
        if (waitingBytes <= maxWaitingBytes) attached.pty.resume();
      });
  });
  call.signal.addEventListener("abort", attached.detach, { once: true });
  if (call.signal.aborted) attached.detach();
  sent = call.event({});
  attached.begin();
  void receiveInput(call, attached.pty).catch(attached.detach);
  const exit = await attached.ended;
  await sent;
  return exit;
}

async function receiveInput(
  call: ServedCall<"sandbox.pty" | "sandbox.attachPty">,
  pty: { write(data: string): void; resize(cols: number, rows: number): void; kill(): Promise<void> },
) {
  const decoder = new StringDecoder("utf8");
  for await (const part of call.input())
    if (part.bytes) pty.write(decoder.write(part.bytes));
    else if ("resize" in part.message) pty.resize(part.message.resize.cols, part.message.resize.rows);
    else await pty.kill();
}
