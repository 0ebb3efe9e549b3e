import {
  Agent,
  request as sendRequest,
  STATUS_CODES,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import type { Traces } from "../platform/traces.ts";
import { forwardHeader, notAcceptedHeader, type ForwardSignatures, type ProjectOwners } from "../platform/servers/index.ts";

interface ForwardTarget {
  projectId: string;
  /** Of the client. */
  ip: string;
  requestId?: string | undefined;
}

/** Where requests that need the live state of a project are served. */
export interface Forwarding {
  /**
   * False: the request is to be served here, and the project stays here until its response has ended. True: another server serves it. `body`
   * replaces a body that was read already. `longestUseMs`: after that time the project may leave although the response has not ended.
   */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    target: ForwardTarget & { body?: string | undefined; longestUseMs?: number },
  ): Promise<boolean>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget): Promise<boolean>;
  /** The client's address of a request that another server forwarded. */
  forwardedIp(request: IncomingMessage): string | undefined;
  /** The id that another server gave a request that it forwarded, so that the lines of both have it. */
  forwardedRequestId(request: IncomingMessage): string | undefined;
  /** Lets the sender of a forwarded request send its body. */
  accept(request: IncomingMessage, response: ServerResponse): void;
  /** Ends streams and sockets that other servers serve. */
  endStreams(): void;
  close(): void;
}

/** Responses of project code can be endless. Once connected, they do not need the project to stay. */
export const appUseMs = 5_000;
/** Only meaningful between two neighbours. */
const hopHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  forwardHeader,
  notAcceptedHeader,
]);
const connectMs = 2_000;
const retryMs = 150;
const watchMs = 2_000;
const repeatable = new Set(["GET", "HEAD", "OPTIONS"]);

/** The request may have been executed, so it must not be sent again. */
class NotRepeatable extends Error {}

export function createForwarding({
  owners,
  signatures,
  traces,
  patienceMs,
  log,
}: {
  owners: ProjectOwners;
  signatures: ForwardSignatures;
  traces: Traces | undefined;
  /** How long a request waits for an owner that accepts it. */
  patienceMs: number;
  log: Logger;
}): Forwarding {
  /** Forwarded requests, with the answer that means that they were not accepted. */
  const forwarded = new WeakMap<IncomingMessage, { ip: string; requestId: string | undefined; refusal: string }>();
  /** Of a forwarded request. Its header is removed, so that project code does not see it. */
  const senderOf = (request: IncomingMessage) => {
    const header = request.headers[forwardHeader];
    if (header === undefined) return forwarded.get(request);
    const facts = signatures.verify(request);
    if (facts) forwarded.set(request, { ip: facts.ip, requestId: facts.request_id, refusal: signatures.refusalOf(String(header)) });
    delete request.headers[forwardHeader];
    return forwarded.get(request);
  };
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 5_000, maxFreeSockets: 64, scheduling: "lifo" });
  const streams = new Set<{ destroy(): unknown }>();
  const track = (stream: Duplex | ServerResponse) => {
    streams.add(stream);
    stream.once("close", () => streams.delete(stream));
  };
  const gone = () =>
    new AppError(
      "runtime_unavailable",
      "The server of this project stopped while it handled the request. Check its effect before you repeat it.",
    );

  const open = (address: string, request: IncomingMessage, headers: OutgoingHttpHeaders, target: ForwardTarget, connection?: Agent) => {
    const { method = "GET", url = "/" } = request;
    const { projectId, ip, requestId } = target;
    const signature = signatures.sign(request, { project_id: projectId, ip, ...(requestId !== undefined && { request_id: requestId }) });
    const refusal = signatures.refusalOf(signature);
    const facts = { "http.request.method": method, "server.address": new URL(address).host };
    const { span, trace } = traces?.headers()
      ? traces.open("forward request", "client", facts, (opened) => ({ span: opened, trace: traces.headers() }))
      : {};
    const outgoing = sendRequest(new URL(address), {
      method,
      path: url,
      setHost: false,
      headers: { ...headers, ...trace, [forwardHeader]: signature },
      agent: connection ?? false,
    });
    if (span) {
      outgoing.once("error", (error: NodeJS.ErrnoException) => span.fail(error.code ?? error.name));
      outgoing.once("close", span.end);
    }
    // A machine that is gone does not refuse a connection.
    outgoing.once("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" })), connectMs);
      socket.once("connect", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
    });
    const isRefusal = ({ headers: answered }: IncomingMessage) => answered[notAcceptedHeader] === refusal;
    return { outgoing, isRefusal };
  };

  /** One attempt. Resolves with the response, `undefined` when it was not accepted; rejects with `NotRepeatable` when the request may have been executed. */
  const attempt = (
    address: string,
    request: IncomingMessage,
    response: ServerResponse,
    target: ForwardTarget & { body?: string | undefined },
  ) =>
    new Promise<IncomingMessage | undefined>((resolve, reject) => {
      const { method = "GET" } = request;
      const headers = keptHeaders(request);
      const { body } = target;
      const isStreamed =
        body === undefined && (request.headers["transfer-encoding"] !== undefined || (request.headers["content-length"] ?? "0") !== "0");
      if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
      else if (isStreamed) {
        headers["expect"] = "100-continue";
        if (request.headers["transfer-encoding"] !== undefined) headers["transfer-encoding"] = "chunked";
      }
      const isRepeatable = repeatable.has(method);
      // A kept connection can end as a request is sent: only what can be sent again uses one.
      const { outgoing, isRefusal } = open(address, request, headers, target, isRepeatable || isStreamed ? agent : undefined);
      let isBodySent = false;
      let isConnected = false;
      outgoing.once("socket", (socket) => {
        isConnected = !socket.connecting;
        if (socket.connecting) socket.once("connect", () => (isConnected = true));
      });
      const quit = () => outgoing.destroy();
      response.once("close", quit);
      // A server that does not respond may have lost the project.
      const watch = setInterval(() => {
        owners.locate(target.projectId, { isFresh: true }).then((now) => {
          if (now.isHere) now.leave();
          if (now.isHere || now.address !== address) quit();
        }, quit);
      }, watchMs);
      outgoing.once("close", () => clearInterval(watch));
      outgoing.once("continue", () => {
        isBodySent = true;
        pipeline(request, outgoing).catch(quit);
      });
      outgoing.once("response", (answer) => {
        clearInterval(watch);
        answer.once("close", () => response.off("close", quit));
        if (!isRefusal(answer)) return resolve(answer);
        answer.resume();
        resolve(undefined);
      });
      outgoing.once("error", (error) => {
        response.off("close", quit);
        const isNotExecuted = isStreamed ? !isBodySent : !isConnected;
        reject(isRepeatable || isNotExecuted ? error : new NotRepeatable("the server of the project is gone", { cause: error }));
      });
      if (isStreamed) outgoing.flushHeaders();
      else outgoing.end(body);
    });

  return {
    request: async (request, response, target) => {
      const sender = senderOf(request);
      const deadline = Date.now() + patienceMs;
      for (let isFresh = false; ; isFresh = true) {
        const location = await owners.locate(target.projectId, { isFresh });
        if (response.destroyed) return true;
        if (location.isHere) {
          response.once("close", location.leave);
          if (target.longestUseMs !== undefined) setTimeout(location.leave, target.longestUseMs).unref();
          if (sender && request.headers.expect !== undefined && target.body === undefined) response.writeContinue();
          return false;
        }
        // One hop: the sender asks for the owner again.
        if (sender) {
          response
            .writeHead(503, {
              [notAcceptedHeader]: sender.refusal,
              "content-length": 0,
              ...(request.headers.expect !== undefined && { connection: "close" }),
            })
            .end();
          return true;
        }
        try {
          const answer = await attempt(location.address, request, response, target);
          if (answer) {
            await send(answer, request, response);
            return true;
          }
        } catch (error) {
          if (response.destroyed) return true;
          log.debug({ err: error, address: location.address }, "request not forwarded");
          if (error instanceof NotRepeatable) throw gone();
        }
        if (Date.now() > deadline)
          throw new AppError("runtime_unavailable", "The server of this project does not answer. Try again in a moment.");
        await sleep(retryMs);
      }
    },
    upgrade: async (request, socket, head, target) => {
      const refuse = (status: number, more = "") =>
        void socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${more}connection: close\r\ncontent-length: 0\r\n\r\n`);
      const sender = senderOf(request);
      const deadline = Date.now() + patienceMs;
      for (let isFresh = false; ; isFresh = true) {
        const location = await owners.locate(target.projectId, { isFresh });
        if (socket.destroyed) return true;
        if (location.isHere) {
          // Sockets are closed when the server drains, so it does not wait for them.
          location.leave();
          return false;
        }
        if (sender) {
          refuse(503, `${notAcceptedHeader}: ${sender.refusal}\r\n`);
          return true;
        }
        if (await connect(location.address, request, socket, head, target)) return true;
        if (Date.now() > deadline) {
          refuse(503);
          return true;
        }
        await sleep(retryMs);
      }
    },
    forwardedIp: (request) => senderOf(request)?.ip,
    forwardedRequestId: (request) => senderOf(request)?.requestId,
    accept: (request, response) => {
      if (request.headers.expect !== undefined && senderOf(request)) response.writeContinue();
    },
    endStreams: () => {
      for (const stream of streams) stream.destroy();
    },
    close: () => {
      for (const stream of streams) stream.destroy();
      agent.destroy();
    },
  };

  async function send(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The rest of a body that was refused.
    if (!request.readableEnded && !request.readableFlowing) request.resume();
    const isStream = String(answer.headers["content-type"]).startsWith("text/event-stream");
    if (isStream) track(response);
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, keptHeaders(answer));
    response.flushHeaders();
    try {
      await pipeline(answer, response);
    } catch {
      response.destroy();
    }
  }

  /** Resolves with false when the socket was not accepted. */
  function connect(address: string, request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget): Promise<boolean> {
    return new Promise((resolve) => {
      const headers = { ...keptHeaders(request), connection: "Upgrade", upgrade: request.headers.upgrade };
      const { outgoing, isRefusal } = open(address, request, headers, target);
      const quit = () => outgoing.destroy();
      socket.once("close", quit);
      const fail = () => {
        socket.off("close", quit);
        resolve(socket.destroyed);
      };
      outgoing.once("error", fail);
      outgoing.once("response", (answer) => {
        if (isRefusal(answer)) {
          answer.resume();
          return fail();
        }
        socket.write(headOf(answer, { ...keptHeaders(answer), connection: "close" }));
        answer.pipe(socket);
        resolve(true);
      });
      outgoing.once("upgrade", (answer: IncomingMessage, upstream: Duplex, rest: Buffer) => {
        socket.off("close", quit);
        track(socket);
        socket.write(headOf(answer, { ...keptHeaders(answer), connection: "Upgrade", upgrade: answer.headers.upgrade }));
        if (rest.length > 0) upstream.unshift(rest);
        if (head.length > 0) socket.unshift(head);
        const end = () => {
          socket.destroy();
          upstream.destroy();
        };
        for (const side of [socket, upstream]) side.once("error", end).once("close", end);
        socket.pipe(upstream).pipe(socket);
        resolve(true);
      });
      outgoing.end();
    });
  }
}

function keptHeaders({ rawHeaders }: IncomingMessage): OutgoingHttpHeaders {
  const kept: Record<string, string | string[]> = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    const value = rawHeaders[at + 1] ?? "";
    if (hopHeaders.has(name)) continue;
    const known = kept[name];
    kept[name] = known === undefined ? value : [known, value].flat();
  }
  return kept;
}

function headOf({ statusCode = 502, statusMessage }: IncomingMessage, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  return `HTTP/1.1 ${statusCode} ${statusMessage || STATUS_CODES[statusCode] || ""}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
