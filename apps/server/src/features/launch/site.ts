import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import type { PreviewSite } from "../../http/server.ts";
import type { Artefact } from "./artefact.ts";

/** Sees what visitors get, as it leaves. */
export type Tap = (answer: { path: string; status: number; type: string; isEncoded: boolean }) => {
  data(piece: Uint8Array): void;
  end(): void;
};

const types: Record<string, string> = {
  html: "text/html; charset=utf-8", htm: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8", cjs: "text/javascript; charset=utf-8", json: "application/json", map: "application/json",
  webmanifest: "application/manifest+json", xml: "application/xml", txt: "text/plain; charset=utf-8", md: "text/plain; charset=utf-8",
  svg: "image/svg+xml", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif",
  ico: "image/x-icon", woff: "font/woff", woff2: "font/woff2", ttf: "font/ttf", otf: "font/otf", wasm: "application/wasm", pdf: "application/pdf",
  mp4: "video/mp4", webm: "video/webm", mp3: "audio/mpeg", ogg: "audio/ogg", wav: "audio/wav",
}; // prettier-ignore

/** Which file answers a path, as static hosts choose it; undefined where they say 404. */
export function fileFor(artefact: Pick<Artefact, "files">, path: string, spaFallback: boolean): string | undefined {
  let name: string;
  try {
    name = posix.normalize(decodeURIComponent(path)).replace(/^\/+/, "");
  } catch {
    return undefined;
  }
  const { files } = artefact;
  const folder = name.replace(/\/$/, "");
  const wanted = folder === "" ? ["index.html"] : [name, `${folder}.html`, `${folder}/index.html`];
  return wanted.find((file) => files.has(file)) ?? (spaFallback && files.has("index.html") ? "index.html" : undefined);
}

/** The artefact as a static host would serve it. */
export function staticSite(artefact: Artefact, { spaFallback, tap }: { spaFallback: boolean; tap: Tap }): PreviewSite {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = URL.parse(request.url ?? "/", "http://x")?.pathname ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end();
    const found = fileFor(artefact, path, spaFallback);
    const file = found ?? (artefact.files.has("404.html") ? "404.html" : undefined);
    const status = found === undefined ? 404 : 200;
    if (file === undefined) return void response.writeHead(404, { "content-type": "text/plain" }).end("Not found");
    const size = artefact.files.get(file)?.size ?? 0;
    const type = types[posix.extname(file).slice(1).toLowerCase()] ?? "application/octet-stream";
    const range = status === 200 ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") : null;
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    if (range && start > end) return void response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    response.writeHead(range ? 206 : status, {
      "content-type": type,
      "content-length": size === 0 ? 0 : end - start + 1,
      "x-content-type-options": "nosniff",
      ...(range && { "content-range": `bytes ${start}-${end}/${size}` }),
    });
    const seen = tap({ path, status, type, isEncoded: false });
    if (request.method === "HEAD" || size === 0) {
      response.end();
    } else {
      const pieces = await artefact.open(file, { start, end });
      pieces.on("data", (piece) => seen.data(piece as Buffer));
      await pipeline(pieces, response);
    }
    seen.end();
  };
  return {
    request: (request, response) => void answer(request, response).catch(() => response.destroy()),
    upgrade: (_request, socket) => void socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  };
}

const answerMs = 10_000;

/** A production build that answers by itself. It is asked for plain text, so that what it says can be read. */
export function serverSite(address: { host: string; port: number }, { tap }: { tap: Tap }): PreviewSite {
  const options = (request: IncomingMessage) => ({
    ...address,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, "accept-encoding": "identity" },
    agent: false as const,
    setHost: false,
  });
  return {
    request: (request, response) => {
      const outgoing = httpRequest({ ...options(request), timeout: answerMs });
      const fail = () => (response.headersSent ? response.destroy() : void response.writeHead(502).end());
      outgoing.on("timeout", () => outgoing.destroy());
      outgoing.on("error", fail);
      response.on("close", () => outgoing.destroy());
      outgoing.on("response", (answer) => {
        const { statusCode: status = 502, headers } = answer;
        response.writeHead(status, withoutHops(headers));
        response.flushHeaders();
        const seen = tap({
          path: URL.parse(request.url ?? "/", "http://x")?.pathname ?? "/",
          status,
          type: headers["content-type"] ?? "",
          isEncoded: !["", "identity"].includes(headers["content-encoding"] ?? ""),
        });
        answer.on("data", (piece) => seen.data(piece as Buffer));
        answer.on("end", () => seen.end());
        pipeline(answer, response).catch(fail);
      });
      request.pipe(outgoing);
    },
    upgrade: (request, socket, head) => {
      const outgoing = httpRequest(options(request));
      const fail = () => void socket.destroy();
      outgoing.on("error", fail);
      socket.on("error", () => outgoing.destroy());
      outgoing.on("response", (answer) => {
        answer.destroy();
        socket.end(`HTTP/1.1 ${answer.statusCode ?? 502} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      });
      outgoing.on("upgrade", (answer, upstream, first) => {
        const headers = Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
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
