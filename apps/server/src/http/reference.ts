import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import plugin from "fastify-plugin";
import type { Json } from "./openapi-components.ts";
import { filterOperations, parseJson, resolveReachable } from "./swagger-plugins.ts";

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

/** The large files of the page. */
const assets = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui-standalone-preset.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
};

/** `/openapi.json` and the page at `/docs`, which shows it. */
export async function installReference(app: FastifyInstance, build: () => Json): Promise<void> {
  const send = createSender("application/json; charset=utf-8", () => Buffer.from(JSON.stringify(build())));
  app.get("/openapi.json", async (request, reply) => send(request, reply));
  // The plugin would send them uncompressed.
  const { resolve } = createRequire(import.meta.url);
  for (const [file, type] of Object.entries(assets)) {
    const sendAsset = createSender(type, () => readFileSync(resolve(`@fastify/swagger-ui/static/${file}`)));
    app.get(`/docs/static/${file}`, async (request, reply) => sendAsset(request, reply));
  }
  // The page asks for `/docs/json`; what the plugin would answer itself is never used.
  await app.register(plugin(async (scope) => void scope.decorate("swagger", () => ({})), { name: "@fastify/swagger" }));
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    // The plugin's own policy allows foreign hosts and upgrades plain http.
    staticCSP:
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'",
    theme: { title: "Tesslate Studio API" },
    uiHooks: {
      onRequest: (request, reply, done) => {
        if (request.routeOptions.url === "/docs/json") void send(request, reply);
        else done();
      },
    },
    uiConfig: {
      persistAuthorization: false,
      displayRequestDuration: true,
      layout: "BaseLayout",
      docExpansion: "none",
      defaultModelsExpandDepth: 0,
      filter: true,
      ...({ plugins: [filterOperations, parseJson, resolveReachable] } as object),
      validatorUrl: null,
      syntaxHighlight: { activate: false },
    },
  });
}
