import { createHash } from "node:crypto";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import plugin from "fastify-plugin";
import type { Json } from "./openapi-components.ts";

/** What Swagger UI hands to a filter: operations by tag, as immutable maps. */
interface TaggedOperations {
  map(change: (tag: Tag, name: string) => Tag): TaggedOperations;
  filter(keep: (tag: Tag) => boolean): TaggedOperations;
}
interface Tag {
  get(key: "operations"): { size: number };
  update(key: "operations", change: (operations: { filter(keep: (entry: Entry) => boolean): unknown }) => unknown): Tag;
}
interface Entry {
  get(key: "path" | "method"): string;
  getIn(path: ["operation", string]): string | undefined;
}
/** Runs in the browser, so it may use nothing from outside: the page's own filter finds tags only, this one finds operations. */
const filterOperations = () => ({
  fn: {
    opsFilter: (tags: TaggedOperations, phrase: string) => {
      const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
      return tags
        .map((tag, name) =>
          tag.update("operations", (operations) =>
            operations.filter((entry) => {
              const parts = [
                name,
                entry.get("method"),
                entry.get("path"),
                entry.getIn(["operation", "summary"]),
                entry.getIn(["operation", "operationId"]),
              ];
              const text = parts.join(" ").toLowerCase();
              return words.every((word) => text.includes(word));
            }),
          ),
        )
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
  // Tags are closed at first; those that a filter leaves are open.
  statePlugins: {
    layout: {
      wrapSelectors: {
        isShown:
          (original: (key: string[], isShown: boolean) => boolean, system: { layoutSelectors: { currentFilter(): unknown } }) =>
          (_state: unknown, key: string[], isShown: boolean) => {
            const phrase = system.layoutSelectors.currentFilter();
            return original(key, isShown || (key[0] === "operations-tag" && typeof phrase === "string" && phrase.length > 2));
          },
      },
    },
  },
});

/** The document in the encodings that clients accept. Built and compressed when it is first asked for. */
function createDocument(build: () => Json) {
  let built: { json: Buffer; gzip: Buffer; brotli: Buffer; etag: string } | undefined;
  const get = () => {
    if (built) return built;
    const json = Buffer.from(JSON.stringify(build()));
    const etag = `"${createHash("sha256").update(json).digest("base64url").slice(0, 22)}"`;
    const brotli = brotliCompressSync(json, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    return (built = { json, gzip: gzipSync(json), brotli, etag });
  };
  return (request: FastifyRequest, reply: FastifyReply) => {
    const { json, gzip, brotli, etag } = get();
    reply.header("etag", etag).header("cache-control", "no-cache").header("vary", "accept-encoding");
    const known = request.headers["if-none-match"] ?? "";
    if (known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)) return reply.code(304).send();
    const accepted = String(request.headers["accept-encoding"] ?? "");
    const [encoding, body] = accepts(accepted, "br") ? ["br", brotli] : accepts(accepted, "gzip") ? ["gzip", gzip] : [undefined, json];
    if (encoding) reply.header("content-encoding", encoding);
    return reply.type("application/json; charset=utf-8").send(body);
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

/** `/openapi.json` and the page at `/docs`, which shows it. */
export async function installReference(app: FastifyInstance, build: () => Json): Promise<void> {
  const send = createDocument(build);
  app.get("/openapi.json", async (request, reply) => send(request, reply));
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
      ...({ plugins: [filterOperations] } as object),
      validatorUrl: null,
      syntaxHighlight: { activate: false },
    },
  });
}
