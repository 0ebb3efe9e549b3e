import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../platform/errors.ts";
import type { Json } from "../openapi-components.ts";
import { partOf } from "./document-part.ts";
import { operationToHtml } from "./operation-html.ts";
import { operationsByTag, referencePage } from "./reference-page.ts";

const compressions = {
  br: (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Buffer) => gzipSync(bytes),
};
const encodings = ["br", "gzip"] as const;

/** Sends bytes in the encodings that clients accept. They are read and compressed when they are first asked for. */
function createSender(type: string, read: () => Buffer) {
  let first: { bytes: Buffer; etag: string } | undefined;
  const compressed: { [E in keyof typeof compressions]?: Buffer } = {};
  const get = () => {
    if (first) return first;
    const bytes = read();
    return (first = { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` });
  };
  return (request: FastifyRequest, reply: FastifyReply) => {
    const { bytes, etag } = get();
    reply.header("etag", etag).header("cache-control", "no-cache").header("vary", "accept-encoding");
    const known = request.headers["if-none-match"] ?? "";
    if (known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)) return reply.code(304).send();
    const accepted = String(request.headers["accept-encoding"] ?? "");
    const encoding = encodings.find((name) => accepts(accepted, name));
    if (encoding) reply.header("content-encoding", encoding);
    return reply.type(type).send(encoding ? (compressed[encoding] ??= compressions[encoding](bytes)) : bytes);
  };
}
const accepts = (header: string, encoding: string) =>
  header.split(",").some((part) => {
    const [name, ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0+)?$/.test(parameter));
  });

const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";
/** The files of the page, by their address below `/docs`. Swagger UI is loaded when an operation is tried out. */
const ownFiles = { "reference.js": script, "reference.css": style };
const swaggerFiles = { "swagger-ui-bundle.js": script, "swagger-ui.css": style };

// The relative path differs between source and bundle.
function ownFile(name: string): string {
  const file = [`./${name}`, `../src/http/reference/${name}`]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (!file) throw new Error(`${name} is missing from this build`);
  return file;
}

/** `/openapi.json`, and the page at `/docs`, which shows one operation after another. */
export function installReference(app: FastifyInstance, build: () => Json): void {
  let built: Json | undefined;
  const document = () => (built ??= build());
  const serve = (path: string, type: string, read: () => Buffer) => {
    const send = createSender(type, read);
    app.get(path, async (request, reply) => send(request, reply));
  };
  serve("/openapi.json", "application/json; charset=utf-8", () => Buffer.from(JSON.stringify(document())));
  serve("/docs", "text/html; charset=utf-8", () => Buffer.from(referencePage(document())));
  for (const [name, type] of Object.entries(ownFiles)) serve(`/docs/${name}`, type, () => readFileSync(ownFile(name)));
  const { resolve } = createRequire(import.meta.url);
  for (const [name, type] of Object.entries(swaggerFiles))
    serve(`/docs/static/${name}`, type, () => readFileSync(resolve(`@fastify/swagger-ui/static/${name}`)));
  const senders = new Map<string, ReturnType<typeof createSender>>();
  /** One operation: as a document for Swagger UI, and as HTML. */
  const forms = {
    json: { type: "application/json; charset=utf-8", of: (part: Json) => JSON.stringify(part) },
    html: { type: "text/html; charset=utf-8", of: operationToHtml },
  };
  for (const [ending, { type, of }] of Object.entries(forms))
    app.get<{ Params: { id: string } }>(`/docs/operations/:id.${ending}`, async (request, reply) => {
      const { id } = request.params;
      const found = [...operationsByTag(document()).values()].flat().find((operation) => operation.id === id);
      if (!found) throw new AppError("not_found", "Operation not found");
      const key = `${id}.${ending}`;
      const send = senders.get(key) ?? createSender(type, () => Buffer.from(of(partOf(document(), ["paths", found.path, found.method]))));
      senders.set(key, send);
      return send(request, reply);
    });
}
