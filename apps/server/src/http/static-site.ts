import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { isTextType, mediaTypeOf } from "../platform/media-types.ts";

/** Hook over response bytes, before compression. */
export type Tap = (answer: { path: string; status: number; type: string; isEncoded: boolean }) => {
  data(piece: Uint8Array): void;
  end(): void;
};
type Files = ReadonlyMap<string, { size: number }>;
/** A static version to serve: only listed files exist. */
export interface StaticSite {
  files: Files;
  /** Serve `index.html` for unknown page paths. */
  spaFallback: boolean;
  /** SHA-256 of a listed file, hex. */
  hash(path: string): string | Promise<string>;
  /** Bytes `start` to `end`, inclusive. */
  read(path: string, range?: { start: number; end: number }): Readable | Promise<Readable>;
  tap?: Tap;
}

const isCompressible = (type: string) => isTextType(type) || type === "application/wasm";
const minCompressed = 1024;
/** File names with a content hash, as bundlers write them: their content never changes. */
const isHashed = (path: string) =>
  /[.-][0-9A-Za-z_-]{8,}\.(?!html?$)[a-z0-9]+$/.test(path) &&
  /(?:^|\/)(?:assets|_next\/static|_astro|_nuxt|_app\/immutable|static)\//.test(path);

/** The file for a decoded path: the path itself, its `index.html`, or the path plus `.html`. */
function resolve(files: Files, path: string): { file: string } | { redirect: string } | undefined {
  const name = path.replace(/^\/+/, "");
  if (name === "" || name.endsWith("/")) return files.has(`${name}index.html`) ? { file: `${name}index.html` } : undefined;
  if (files.has(name)) return { file: name };
  if (files.has(`${name}.html`)) return { file: `${name}.html` };
  if (files.has(`${name}/index.html`)) return { redirect: `/${name}/` };
  return undefined;
}

/** The file finally served for a page URL, after redirects; `undefined` for a 404. */
export function pageFile(files: Files, path: string, spaFallback: boolean): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const found = isWellFormed(decoded) ? resolve(files, decoded) : undefined;
  if (found && "redirect" in found) return pageFile(files, encodeURI(found.redirect), spaFallback);
  return found?.file ?? (spaFallback && files.has("index.html") ? "index.html" : undefined);
}

/** A path that starts with two slashes would redirect to another host. */
const isWellFormed = (path: string): boolean =>
  path.startsWith("/") && !path.includes("\0") && !path.includes("\\") && !path.split("/").some((s) => s === ".." || s === ".");

const isPage = ({ headers }: IncomingMessage): boolean => {
  const destination = headers["sec-fetch-dest"];
  if (typeof destination === "string") return ["document", "iframe", "frame", "embed", "object"].includes(destination);
  return (headers.accept ?? "").includes("text/html");
};

/** Serves one request like a static host: ranges, ETags, caching, compression, SPA fallback. */
export async function serveStatic(site: StaticSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET" } = request;
  if (method !== "GET" && method !== "HEAD")
    return void sendText(response, 405, "Only GET and HEAD are supported.", { allow: "GET, HEAD" });
  const target = request.url ?? "/";
  const [raw = "/", query] = target.split(/\?(.*)/s);
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    return void sendText(response, 400, "The URL is malformed.");
  }
  if (!isWellFormed(path)) return void sendText(response, 400, "The URL is malformed.");
  const found = resolve(site.files, path);
  if (found && "redirect" in found) {
    const to = found.redirect.split("/").map(encodeURIComponent).join("/");
    response.writeHead(308, { location: `${to}${query ? `?${query}` : ""}`, "cache-control": "no-cache" }).end();
    return;
  }
  if (found) return send(site, found.file, 200, request, response);
  if (site.spaFallback && isPage(request) && site.files.has("index.html")) return send(site, "index.html", 200, request, response);
  if (site.files.has("404.html")) return send(site, "404.html", 404, request, response);
  return void sendText(response, 404, "No file at this URL.");
}

async function send(site: StaticSite, file: string, status: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { size } = site.files.get(file) ?? { size: 0 };
  const sha256 = await site.hash(file);
  const type = mediaTypeOf(file);
  const { headers } = request;
  const range = status === 200 ? rangeOf(headers.range, size) : undefined;
  const isRanged = range !== undefined && (headers["if-range"] === undefined || headers["if-range"] === `"${sha256.slice(0, 32)}"`);
  const isZipped = !isRanged && isCompressible(type) && size >= minCompressed && /\bgzip\b/.test(String(headers["accept-encoding"] ?? ""));
  const etag = `"${sha256.slice(0, 32)}${isZipped ? "-gz" : ""}"`;
  const head: Record<string, string> = {
    "content-type": type,
    etag,
    "cache-control": isHashed(file) ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "accept-ranges": "bytes",
    ...(isCompressible(type) && { vary: "accept-encoding" }),
  };
  const known = String(headers["if-none-match"] ?? "");
  if (status === 200 && known !== "" && known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*")) {
    response.writeHead(304, head).end();
    return;
  }
  if (range === "unsatisfiable") {
    response.writeHead(416, { ...head, "content-range": `bytes */${size}` }).end();
    return;
  }
  if (isRanged) {
    head["content-range"] = `bytes ${range.start}-${range.end}/${size}`;
    head["content-length"] = String(range.end - range.start + 1);
  } else if (isZipped) head["content-encoding"] = "gzip";
  else head["content-length"] = String(size);
  const isEmpty = request.method === "HEAD" || size === 0;
  // Before the headers are sent: a file that cannot be opened is an error.
  const source = isEmpty ? undefined : await site.read(file, isRanged ? range : undefined);
  response.writeHead(isRanged ? 206 : status, head);
  const path = URL.parse(request.url ?? "/", "http://x")?.pathname ?? "/";
  const seen = site.tap?.({ path, status, type, isEncoded: false });
  if (!source) {
    response.end();
    seen?.end();
    return;
  }
  if (seen) source.on("data", (piece) => seen.data(piece as Buffer));
  // A client disconnect is not an error.
  await (isZipped ? pipeline(source, createGzip({ level: 6 }), response) : pipeline(source, response)).catch(() => response.destroy());
  seen?.end();
}

/** A single range; several ranges return the whole file. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | "unsatisfiable" | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!found || (found[1] === "" && found[2] === "")) return undefined;
  const start = found[1] === "" ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === "" || found[2] === "" ? size - 1 : Math.min(size - 1, Number(found[2]));
  if (start >= size || start > end) return "unsatisfiable";
  return { start, end };
}

export function sendText(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    })
    .end(`${text}\n`);
}
