import { Agent, request as httpRequest, type ClientRequest, type ClientRequestArgs, type RequestOptions } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { pipeline, Readable, type Duplex } from "node:stream";
import type { Sandbox } from "./types.ts";

/** A port of a sandbox, for clients that know nothing else of it. */
export interface SandboxPort {
  /** The same for the same port of the same sandbox: connections can be pooled by it. */
  readonly key: string;
  readonly port: number;
  /** See `Sandbox.connect`. */
  connect(options?: { signal?: AbortSignal }): Promise<Duplex>;
}

/** A port of the sandbox. Connects to nothing yet. */
export const sandboxPort = (sandbox: Pick<Sandbox, "id" | "connect">, port: number): SandboxPort => ({
  key: `${sandbox.id}:${port}`,
  port,
  connect: (options) => sandbox.connect(port, options),
});

/** Whether a program accepts a connection there, within `timeoutMs`. */
export async function accepts(to: SandboxPort, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<boolean> {
  const end = AbortSignal.timeout(timeoutMs);
  try {
    (await to.connect({ signal: signal ? AbortSignal.any([signal, end]) : end })).destroy();
    return true;
  } catch {
    return false;
  }
}

/** Methods that HTTP clients call on sockets, and that other streams lack. */
const socketMethods = ["setKeepAlive", "setNoDelay", "setTimeout", "ref", "unref"] as const;
function asSocket(stream: Duplex): Duplex {
  const partial = stream as Duplex & Partial<Record<(typeof socketMethods)[number], () => Duplex>>;
  for (const name of socketMethods) partial[name] ??= () => stream;
  return stream;
}
type OnCreate = (error: Error | null, stream: Duplex) => void;

/** Connects to ports. With `keepAlive` it keeps connections for later requests to the same port. */
export class PortAgent extends Agent {
  override createConnection(options: ClientRequestArgs & { to?: SandboxPort }, onCreate: OnCreate): undefined {
    if (!options.to) throw new Error("requests of this agent are made by requestPort");
    options.to.connect().then(
      (stream) => onCreate(null, asSocket(stream)),
      // Node reads the stream only without an error.
      (error: unknown) => onCreate(error instanceof Error ? error : new Error(String(error)), undefined as never),
    );
    return undefined;
  }
  override getName(options?: object): string {
    return (options as { to?: SandboxPort } | undefined)?.to?.key ?? "";
  }
}

/**
 * An HTTP request to a port, on a connection of `agent` or of its own. The request emits the error of `Sandbox.connect` when nothing listens.
 */
export function requestPort(
  to: SandboxPort,
  options: Omit<RequestOptions, "agent" | "createConnection">,
  agent: PortAgent = new PortAgent(),
): ClientRequest {
  // Node passes options that it does not know to the agent. Without an agent, a request that was destroyed meanwhile would have two errors.
  const passed: RequestOptions & { to: SandboxPort } = { ...options, agent, to };
  return httpRequest(passed);
}

interface FetchOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}
const bodiless = [204, 205, 304];
/** Like `fetch`, for a path on a port. Follows no redirect, and decodes nothing: it accepts only what is not compressed. */
export function fetchPort(to: SandboxPort, path: string, { method = "GET", headers, body, signal }: FetchOptions = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = requestPort(to, { path, method, headers: { host: `localhost:${to.port}`, ...headers }, ...(signal && { signal }) });
    request.once("error", (error) => reject(signal?.aborted ? (signal.reason as Error) : error));
    request.once("response", (incoming) => {
      const { statusCode: status = 500, statusMessage: statusText = "", headers: received } = incoming;
      const isBodiless = method === "HEAD" || bodiless.includes(status);
      if (isBodiless) incoming.resume();
      const list = Object.entries(received).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));
      resolve(new Response(isBodiless ? null : (Readable.toWeb(incoming) as ReadableStream), { status, statusText, headers: list }));
    });
    request.end(body);
  });
}

/** A port of this machine's loopback that leads to a port of a sandbox, for programs that need an address, such as browsers. */
export interface ForwardedPort extends AsyncDisposable {
  host: string;
  port: number;
  /** `http://` and both, without a slash at the end. */
  url: string;
  /** Ends its connections as well. */
  close(): Promise<void>;
}

/** Forwards until it is closed. Everyone on this machine can connect: use it for trials and tests, not for what users reach. */
export async function forwardPort(to: SandboxPort): Promise<ForwardedPort> {
  const streams = new Set<Duplex>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    streams.add(socket);
    socket.once("close", () => streams.delete(socket)).once("error", () => socket.destroy());
    const closed = new AbortController();
    socket.once("close", () => closed.abort());
    to.connect({ signal: closed.signal }).then(
      (stream) => {
        if (socket.destroyed) return stream.destroy();
        streams.add(stream);
        stream.once("close", () => streams.delete(stream));
        pipeline(socket, stream, socket, () => undefined);
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const stream of streams) stream.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { host: "127.0.0.1", port, url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}
