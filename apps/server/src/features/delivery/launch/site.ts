import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { requestPort, type SandboxPort } from "@tesslate/runtime";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { serveStatic, type StaticSite, type Tap } from "../../../http/static-site.ts";
import type { LaunchArtifact } from "./artifact.ts";

/** Serves the artifact with the same code that serves live sites. */
export function serveArtifact(artifact: LaunchArtifact, { spaFallback, tap }: { spaFallback: boolean; tap: Tap }): PreviewSite {
  const hashes = new Map<string, Promise<string>>();
  const hash = (path: string): Promise<string> => {
    const known = hashes.get(path) ?? artifact.hash(path);
    hashes.set(path, known);
    return known;
  };
  const site: StaticSite = { files: artifact.files, spaFallback, hash, read: (path, range) => artifact.open(path, range), tap };
  return {
    request: (request, response) => void serveStatic(site, request, response).catch(() => response.destroy()),
    upgrade: (_request, socket) => void socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  };
}

/** Longest time without a byte of the response. */
const responseMs = 10_000;

/** Forwards to a running production build. Requests uncompressed responses, so that they can be scanned. */
export function serverSite(server: SandboxPort, { tap }: { tap: Tap }): PreviewSite {
  const options = (request: IncomingMessage) => ({
    method: request.method,
    path: request.url,
    headers: { ...request.headers, "accept-encoding": "identity" },
    setHost: false,
  });
  return {
    request: (request, response) => {
      const outgoing = requestPort(server, options(request));
      const timer = setTimeout(() => outgoing.destroy(), responseMs).unref();
      outgoing.on("close", () => clearTimeout(timer));
      const fail = () => (response.headersSent ? response.destroy() : void response.writeHead(502).end());
      outgoing.on("error", fail);
      response.on("close", () => outgoing.destroy());
      outgoing.on("response", (upstreamResponse) => {
        const { statusCode: status = 502, headers } = upstreamResponse;
        response.writeHead(status, withoutHops(headers));
        response.flushHeaders();
        const seen = tap({
          path: URL.parse(request.url ?? "/", "http://x")?.pathname ?? "/",
          status,
          type: headers["content-type"] ?? "",
          isEncoded: !["", "identity"].includes(headers["content-encoding"] ?? ""),
        });
        upstreamResponse.on("data", (piece) => {
          timer.refresh();
          seen.data(piece as Buffer);
        });
        upstreamResponse.on("end", () => seen.end());
        pipeline(upstreamResponse, response).catch(fail);
      });
      request.pipe(outgoing);
    },
    upgrade: (request, socket, head) => {
      const outgoing = requestPort(server, options(request));
      const fail = () => void socket.destroy();
      outgoing.on("error", fail);
      socket.on("error", () => outgoing.destroy());
      outgoing.on("response", (upstreamResponse) => {
        upstreamResponse.destroy();
        socket.end(`HTTP/1.1 ${upstreamResponse.statusCode ?? 502} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      });
      outgoing.on("upgrade", (upstreamResponse, upstream, first) => {
        const headers = Object.entries(upstreamResponse.headers).flatMap(([name, value]) =>
          [value].flat().map((one) => `${name}: ${one}\r\n`),
        );
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join("")}\r\n`);
        if (first.length > 0) socket.write(first);
        if (head.length > 0) upstream.write(head);
        upstream.on("error", fail).on("close", fail);
        socket.on("close", () => upstream.destroy());
        upstream.pipe(socket).pipe(upstream);
      });
      outgoing.end();
    },
  };
}

const hops = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-authenticate", "trailer"]);
const withoutHops = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hops.has(name)));
