import { STATUS_CODES, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { Transform, type Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { PortAgent, requestPort, type SandboxPort } from "@tesslate/runtime";
import { injectAtHead } from "./document-head.ts";
import { responseHeaders, requestHeaders, type Forwarding } from "./headers.ts";
import { watchDataFrames } from "./websocket-frames.ts";

export interface ForwardContext extends Forwarding {
  appOrigin: string;
  /** Shown in a frame of the app: see `ResponseRewrite`. */
  isFramed: boolean;
  /** Data was transferred: the project is in use. */
  onActivity: () => void;
}

/** Retry delays while a dev server restarts, before an error page is shown. */
const retryDelaysMs = [100, 200, 400, 800, 1500];
const bridgeTag = '<script src="/__studio/bridge.js"></script>';
/** Listeners run in registration order: this keeps our own paths away from the project's service worker. */
const workerLine =
  'self.addEventListener("fetch",e=>{if(new URL(e.request.url).pathname.startsWith("/__studio/"))e.stopImmediatePropagation()});';

const decoders = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};
const isDecodable = (encoding: string): encoding is keyof typeof decoders => Object.hasOwn(decoders, encoding);

/** Forwards requests and sockets to dev servers, streaming in both directions. */

export function createForwarder() {
  const agent = new PortAgent({ keepAlive: true, keepAliveMsecs: 5000, maxFreeSockets: 64, scheduling: "lifo" });
  const open = new Set<Duplex | ServerResponse>();
  const track = (it: Duplex | ServerResponse) => {
    open.add(it);
    it.once("close", () => open.delete(it));
  };

  /** One attempt; resolves with the response head. A request body is piped and cannot be sent twice. */
  const attempt = (incoming: IncomingMessage, response: ServerResponse, target: SandboxPort, context: ForwardContext, hasBody: boolean) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing: ClientRequest = requestPort(
        target,
        { method: incoming.method, path: incoming.url, headers: requestHeaders(incoming.headers, context), setHost: false },
        // A keep-alive connection may break under a body that cannot be resent.
        hasBody ? undefined : agent,
      );
      const quit = () => outgoing.destroy();
      response.once("close", quit);
      outgoing.once("response", (upstreamResponse) => {
        upstreamResponse.once("close", () => response.off("close", quit));
        resolve(upstreamResponse);
      });
      outgoing.once("error", (error) => {
        response.off("close", quit);
        reject(error);
      });
      if (hasBody) {
        incoming.on("data", context.onActivity);
        incoming.pipe(outgoing);
        incoming.once("error", quit);
      } else outgoing.end();
    });

  return {
    /**
     * Sends the dev server's response; `onResponse` is called when it begins. Throws when the dev server is not reachable and nothing was
     * sent yet.
     */
    request: async (
      incoming: IncomingMessage,
      response: ServerResponse,
      target: SandboxPort,
      context: ForwardContext,
      onResponse: () => void,
    ): Promise<void> => {
      track(response);
      const hasBody = incoming.headers["transfer-encoding"] !== undefined || (incoming.headers["content-length"] ?? "0") !== "0";
      let upstreamResponse: IncomingMessage | undefined;
      for (let round = 0; !upstreamResponse; round++)
        try {
          upstreamResponse = await attempt(incoming, response, target, context, hasBody);
        } catch (error) {
          const delay = retryDelaysMs[round];
          if (response.destroyed || hasBody || delay === undefined) throw error;
          await sleep(delay);
        }
      context.onActivity();
      onResponse();

      const type = upstreamResponse.headers["content-type"] ?? "";
      const encoding = (upstreamResponse.headers["content-encoding"] ?? "identity").trim().toLowerCase();
      const isPlain = encoding === "identity" || encoding === "";
      const isHtml =
        context.isDocument &&
        /^\s*text\/html\b/i.test(type) &&
        !/utf-?16/i.test(type) &&
        !/^\s*attachment\b/i.test(upstreamResponse.headers["content-disposition"] ?? "");
      const isChanged = (isHtml || (context.isWorkerScript && upstreamResponse.statusCode === 200)) && (isPlain || isDecodable(encoding));
      const headers = responseHeaders(upstreamResponse.headers, {
        isChanged: isChanged || (context.isDocument && upstreamResponse.statusCode === 304),
        isDocument: context.isDocument,
        appOrigin: context.appOrigin,
        isFramed: context.isFramed,
      });
      response.writeHead(upstreamResponse.statusCode ?? 502, upstreamResponse.statusMessage, headers);
      const hasNoBody = incoming.method === "HEAD" || upstreamResponse.statusCode === 204 || upstreamResponse.statusCode === 304;
      if (hasNoBody) {
        upstreamResponse.resume();
        response.end();
        return;
      }
      // Flush the head at once: event streams may be silent for long.
      response.flushHeaders();
      upstreamResponse.on("data", context.onActivity);
      const steps: NodeJS.ReadWriteStream[] = [];
      if (isChanged) {
        if (isDecodable(encoding)) steps.push(decoders[encoding]());
        steps.push(isHtml ? injectAtHead(bridgeTag) : prefix(workerLine));
      }
      try {
        await pipeline([upstreamResponse, ...steps, response]);
      } catch {
        // The visitor left or the dev server died mid-response: nothing more can be sent.
        response.destroy();
        upstreamResponse.destroy();
      }
    },

    /**
     * Connects a WebSocket (or another upgrade). Subprotocol, query and extensions pass unchanged. `watchFrames`: data frames count as
     * activity.
     */
    upgrade: (
      incoming: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      target: SandboxPort,
      context: ForwardContext,
      watchFrames: boolean,
    ): Promise<void> =>
      new Promise((resolve, reject) => {
        track(socket);
        const outgoing = requestPort(target, {
          method: incoming.method,
          path: incoming.url,
          headers: requestHeaders(incoming.headers, context, true),
          setHost: false,
        });
        const quit = () => outgoing.destroy();
        socket.once("close", quit);
        outgoing.once("error", reject);
        outgoing.once("response", (upstreamResponse) => {
          // Forward the rejection.
          socket.write(headOf(upstreamResponse, context, false));
          upstreamResponse.pipe(socket);
          upstreamResponse.once("error", () => socket.destroy());
          resolve();
        });
        outgoing.once("upgrade", (upstreamResponse: IncomingMessage, upstream: Duplex, rest: Buffer) => {
          socket.off("close", quit);
          socket.write(headOf(upstreamResponse, context, true));
          if (rest.length > 0) upstream.unshift(rest);
          if (head.length > 0) socket.unshift(head);
          const end = () => {
            socket.destroy();
            upstream.destroy();
          };
          for (const side of [socket, upstream]) {
            side.once("error", end);
            side.once("close", end);
            if (watchFrames) side.on("data", watchDataFrames(context.onActivity));
          }
          socket.pipe(upstream).pipe(socket);
          resolve();
        });
        outgoing.end();
      }),

    /** Closes all connections. */
    close: (): void => {
      for (const it of open) it.destroy();
      agent.destroy();
    },
  };
}

const prefix = (line: string) => {
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isFirst) this.push(line);
      isFirst = false;
      done(null, chunk);
    },
  });
};

function headOf(
  upstreamResponse: IncomingMessage,
  { appOrigin, isFramed }: Pick<ForwardContext, "appOrigin" | "isFramed">,
  isUpgrade: boolean,
): string {
  const headers = responseHeaders(upstreamResponse.headers, { isChanged: false, isDocument: false, appOrigin, isFramed });
  if (isUpgrade) {
    headers["connection"] = "Upgrade";
    headers["upgrade"] = upstreamResponse.headers.upgrade ?? "websocket";
  } else headers["connection"] = "close";
  const status = upstreamResponse.statusCode ?? 502;
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((v) => `${name}: ${v}`));
  return `HTTP/1.1 ${status} ${upstreamResponse.statusMessage || STATUS_CODES[status] || ""}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
