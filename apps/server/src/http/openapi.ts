import {
  ErrorBody,
  ValidationErrorBody,
  apiTags,
  contract as wholeContract,
  errorCodes,
  inputOf,
  isIdempotent,
  keysOf,
  type RequestHeader,
  type ResponseHeader,
  type RouteGroup,
  type RouteSpec,
} from "@tesslate/contract";
import { Components, pascalCase, type Json } from "./openapi-components.ts";
import { examples } from "./openapi-examples.ts";
import { introduction } from "./openapi-introduction.ts";

/** Operations share what at least this many of them have in common. */
const minShared = 2;

const bytes = { type: "string", format: "binary" };
const text = { type: "string" };
const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const headerRef = (name: string) => ({ $ref: `#/components/headers/${name}` });

const requestHeaders: Record<RequestHeader, string> = {
  "If-Match": "ETag of the version that you read. If it is not the current one, the answer is 412 `etag_mismatch`.",
  "If-None-Match": "GET: an ETag that you have; 304 if it is current. PUT: `*` writes only what does not exist yet.",
  "Last-Event-ID": "The last `id` that you received. The stream continues after it.",
  Range: "A part of the bytes, e.g. `bytes=0-1023`. The answer is 206.",
};
const responseHeaders: Record<ResponseHeader | "Retry-After" | "Idempotent-Replayed", Json> = {
  ETag: { description: "Version of the resource, for `If-Match` and `If-None-Match`.", schema: text },
  Location: { description: "Where the browser goes next.", schema: text },
  "Checkpoint-Id": { description: "The checkpoint that restores what was removed.", schema: { type: "string", format: "uuid" } },
  "Snapshot-Id": { description: "The snapshot that restores the rows of a database.", schema: { type: "string", format: "uuid" } },
  "Kept-Directory": { description: "The folder that was kept, percent-encoded.", schema: text },
  "Content-Disposition": { description: "The file name.", schema: text },
  "Content-Range": { description: "Which bytes these are, and of how many.", schema: text },
  "Retry-After": { description: "Seconds until the next attempt.", schema: { type: "integer", minimum: 1 } },
  "Idempotent-Replayed": { description: "`true` if this is the stored answer to an earlier request with the same key.", schema: text },
};
const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Makes a retry safe: for 24 hours the same key with the same request returns the same answer and does nothing.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/** The OpenAPI 3.1 document: everything in it follows from the routes of the contract. */
export function buildOpenApi(contract: Record<string, RouteGroup> = wholeContract, { version }: { version: string }): Json {
  const components = new Components();
  const routes = Object.entries(contract).flatMap(([group, named]) =>
    Object.entries(named).map(([name, spec]) => ({ id: `${group}.${name}`, spec })),
  );
  for (const [name, schema] of Object.entries({ ErrorBody, ValidationErrorBody })) components.refer(schema, name, "");
  // Responses first: a schema that both sides use is shown as the server sends it, open to fields of later versions.
  const successes = new Map(routes.map(({ id, spec }) => [id, describeSuccess(components, id, spec)]));
  const operations: { spec: RouteSpec; operation: Operation }[] = [];
  const sockets: Record<string, Json> = {};
  for (const { id, spec } of routes) {
    if (spec.kind === "socket") sockets[spec.path] = describeSocket(components, id, spec);
    else operations.push({ spec, operation: describeOperation(components, id, spec, successes.get(id) ?? {}) });
  }
  const parameters = shareParameters(operations.map(({ operation }) => operation));
  const paths: Record<string, Json> = {};
  for (const { spec, operation } of operations) (paths[spec.path] ??= {})[spec.method.toLowerCase()] = operation;
  const tags = new Set<string>(routes.map(({ spec }) => spec.tag));
  for (const [name, example] of Object.entries(examples)) {
    const schema = components.schemas[name];
    if (schema) schema["examples"] = [example];
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tesslate Studio API",
      version,
      description: introduction,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    // The host that the document was fetched from: `/docs` may call no other.
    servers: [{ url: "/" }],
    security: usualSecurity,
    tags: Object.entries(apiTags).flatMap(([tag, [name, description]]) => (tags.has(tag) ? [{ name, description }] : [])),
    paths,
    "x-websocket": sockets,
    components: {
      schemas: Object.fromEntries(Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: errorResponses,
      parameters,
      headers: responseHeaders,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key (`tsk_…`) or an access token." },
        password: { type: "oauth2", flows: { password: { tokenUrl: "/api/auth/login", scopes: {} } } },
        cookie: { type: "apiKey", in: "cookie", name: "tesslate_auth", description: "The session of a browser." },
        csrf: {
          type: "apiKey",
          in: "header",
          name: "X-CSRF-Token",
          description: "The token of `GET /api/auth/csrf`, for writes with the session cookie.",
        },
      },
    },
  };
}

interface Operation extends Json {
  parameters: Json[];
  responses: Record<string, Json>;
}

/** Replaces parameters that several operations have by references, in place, and returns what they refer to. */
function shareParameters(operations: Operation[]): Record<string, Json> {
  const counts = new Map<string, number>();
  for (const parameter of operations.flatMap(({ parameters }) => parameters))
    counts.set(JSON.stringify(parameter), (counts.get(JSON.stringify(parameter)) ?? 0) + 1);
  const shared: Record<string, Json> = {};
  const names = new Map<string, string>();
  for (const operation of operations)
    operation.parameters = operation.parameters.map((parameter) => {
      const identity = JSON.stringify(parameter);
      if ((counts.get(identity) ?? 0) < minShared) return parameter;
      let name = names.get(identity);
      if (!name) {
        const wanted = pascalCase(String(parameter["name"])) + (parameter["in"] === "header" ? "Header" : "");
        name = wanted;
        for (let n = 2; name in shared; n++) name = `${wanted}${n}`;
        names.set(identity, name);
        shared[name] = parameter;
      }
      return { $ref: `#/components/parameters/${name}` };
    });
  return shared;
}

/** Who may call it, in a sentence. */
function accessOf(spec: RouteSpec): string {
  const { auth, tag } = spec;
  const keys = keysOf(spec);
  if (auth === "none") return "anyone";
  if (auth === "optional") return "anyone, signing in is optional";
  if (auth === "superuser") return "administrators, no API keys";
  if (tag === "external") return "API key with scope `run`, no sessions";
  if (keys === false) return "signed in, no API keys";
  if (keys === "any") return "signed in, or API key with the scope of the tool";
  return `signed in, or API key with scope \`${keys}\``;
}

/** Operations that change something for a signed-in caller; others name their own. */
const usualSecurity: Json[] = [{ bearer: [] }, { password: [] }, { cookie: [], csrf: [] }];

function securityOf({ auth, method, csrf }: RouteSpec): Json[] | undefined {
  if (auth === "none") return [];
  const isWrite = method !== "GET" && csrf !== false;
  if (isWrite && auth !== "optional") return undefined;
  return [{ bearer: [] }, { password: [] }, isWrite ? { cookie: [], csrf: [] } : { cookie: [] }, ...(auth === "optional" ? [{}] : [])];
}

function describeParameters(components: Components, id: string, spec: RouteSpec): Json[] {
  const fromSchema = (where: "path" | "query", schema: unknown) => {
    const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, Json>; required?: string[] };
    return Object.entries(properties).map(([name, of]) => {
      const { description, ...schema } = components.refer(of, pascalCase(id) + pascalCase(name), id);
      return {
        name,
        in: where,
        ...((where === "path" || required.includes(name)) && { required: true }),
        ...(description !== undefined && { description }),
        schema,
      };
    });
  };
  return [
    ...fromSchema("path", spec.params),
    ...fromSchema("query", spec.query),
    ...(spec.requestHeaders ?? []).map((name) => ({ name, in: "header", description: requestHeaders[name], schema: text })),
    ...(isIdempotent(spec) ? [idempotencyKey] : []),
  ];
}

/** The success responses. */
function describeSuccess(components: Components, id: string, spec: RouteSpec): Record<string, Json> {
  if (spec.kind === "socket") {
    components.refer(spec.events, `${pascalCase(id)}Event`, id);
    return {};
  }
  // The two methods of the MCP endpoint that it does not support.
  if (spec.errors?.[0] === "method_not_allowed") return {};
  const type = spec.contentType ?? "application/json";
  const others = Object.fromEntries((spec.otherContentTypes ?? []).map((other) => [other, { schema: bytes }]));
  const body = spec.response
    ? components.refer(spec.response, `${pascalCase(id)}Response`, id)
    : type.startsWith("text/") || type.endsWith("ndjson")
      ? text
      : bytes;
  const content =
    spec.kind === "sse"
      ? { "text/event-stream": { schema: text, "x-event": components.refer(spec.events, `${pascalCase(id)}Event`, id) } }
      : spec.response || spec.contentType
        ? { [type]: { schema: body }, ...others }
        : undefined;
  const headers = Object.fromEntries(
    [...(spec.responseHeaders ?? []), ...(isIdempotent(spec) ? (["Idempotent-Replayed"] as const) : [])].map((name) => [
      name,
      headerRef(name),
    ]),
  );
  const statuses = [spec.status ?? 200].flat();
  const responses: Record<string, Json> = {};
  for (const status of statuses)
    responses[status] =
      status === 204
        ? { description: "Done", ...(spec.responseHeaders && { headers }) }
        : status === 303
          ? { description: "Redirect into the app", headers: { Location: headerRef("Location") } }
          : {
              description: { 200: statuses.length > 1 ? "Replaced" : "OK", 201: "Created", 202: "Accepted" }[status],
              ...(Object.keys(headers).length > 0 && { headers }),
              ...(content && { content }),
            };
  if (spec.hasEnd) responses["204"] = { description: "The stream has ended, and you received its end" };
  if (spec.isRanged)
    responses["206"] = {
      description: "The requested part",
      headers: { "Content-Range": headerRef("Content-Range") },
      content: spec.otherContentTypes ? others : { [type]: { schema: bytes } },
    };
  if (spec.method === "GET" && spec.requestHeaders?.includes("If-None-Match"))
    responses["304"] = { description: "You have the current version" };
  return responses;
}

const errorBody = { "application/json": { schema: schemaRef("ErrorBody") } };
const retryAfter = { "Retry-After": headerRef("Retry-After") };
/** The error responses, one for each status. The description of an operation says which codes it answers with. */
const errorResponses = {
  BadRequest: { description: "The request cannot be carried out as it is.", content: errorBody },
  Unauthorized: {
    description: "No valid session, access token or API key: `unauthorized`, `token_expired`.",
    headers: { "WWW-Authenticate": { schema: text } },
    content: errorBody,
  },
  PaymentRequired: { description: "Out of credits, or a limit of the plan is reached.", content: errorBody },
  Forbidden: {
    description:
      "Not allowed: the API key lacks the scope (`scope_missing`), the operation needs a session (`session_required`), or the CSRF token is missing or wrong (`csrf_missing`, `csrf_mismatch`, `csrf_invalid`).",
    content: errorBody,
  },
  NotFound: { description: "Does not exist, or is not yours.", content: errorBody },
  MethodNotAllowed: { description: "Another method is allowed, see `Allow`.", headers: { Allow: { schema: text } }, content: errorBody },
  Conflict: { description: "The current state does not allow it.", content: errorBody },
  PreconditionFailed: { description: "Not the current version.", headers: { ETag: headerRef("ETag") }, content: errorBody },
  PayloadTooLarge: { description: "The request or file is too large.", content: errorBody },
  UnsupportedMediaType: { description: "The content type is not supported.", content: errorBody },
  ValidationError: {
    description: "Invalid input: fields are missing, unknown or wrong.",
    content: { "application/json": { schema: schemaRef("ValidationErrorBody") } },
  },
  TooManyRequests: { description: "Too many requests. Retry after `Retry-After` seconds.", headers: retryAfter, content: errorBody },
  BadGateway: { description: "An outside service failed.", content: errorBody },
  Unavailable: { description: "Not configured, or not reachable right now.", headers: retryAfter, content: errorBody },
  GatewayTimeout: { description: "An outside service did not answer in time.", content: errorBody },
  StorageFull: { description: "No space is left.", content: errorBody },
  ServerError: {
    description: "The server failed (500) or its database cannot be reached (503 `unavailable`).",
    content: errorBody,
  },
} satisfies Record<string, Json>;
const responseNames: Record<number, keyof typeof errorResponses> = {
  400: "BadRequest",
  401: "Unauthorized",
  402: "PaymentRequired",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  412: "PreconditionFailed",
  413: "PayloadTooLarge",
  415: "UnsupportedMediaType",
  422: "ValidationError",
  429: "TooManyRequests",
  500: "ServerError",
  502: "BadGateway",
  503: "Unavailable",
  504: "GatewayTimeout",
  507: "StorageFull",
};

/** The statuses of the errors that an operation can answer. */
function statusesOf(spec: RouteSpec): number[] {
  const isSignedIn = spec.auth === "user" || spec.auth === "superuser";
  const hasInput = spec.body ?? spec.query ?? spec.params;
  return [
    ...(spec.body ? [400, 413, 415] : []),
    ...(spec.kind === "upload" ? [400, 413, 415] : []),
    ...(isSignedIn ? [401, 403] : []),
    ...(isIdempotent(spec) ? [409, 422] : []),
    ...(hasInput ? [422] : []),
    ...(spec.errors ?? []).map((code) => errorCodes[code].status),
  ];
}

function describeErrors(spec: RouteSpec): Record<string, Json> {
  const statuses = [...new Set(statusesOf(spec))].sort((a, b) => a - b);
  const refs = statuses.flatMap((status) => {
    const name = responseNames[status];
    return name ? [[String(status), { $ref: `#/components/responses/${name}` }]] : [];
  });
  const content = { [spec.contentType ?? "application/json"]: { schema: spec.contentType ? text : {} } };
  const others = Object.entries(spec.otherErrors ?? {}).map(([status, description]) => [status, { description, content }]);
  return { ...(Object.fromEntries([...refs, ...others]) as Record<string, Json>), "5XX": { $ref: "#/components/responses/ServerError" } };
}

/** "404 `not_found`; 409 `chat_busy`, `queue_full`" */
function errorsOf({ errors = [] }: RouteSpec): string {
  const byStatus = new Map<number, string[]>();
  for (const code of errors) byStatus.set(errorCodes[code].status, [...(byStatus.get(errorCodes[code].status) ?? []), `\`${code}\``]);
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, codes]) => `${status} ${codes.join(", ")}`)
    .join("; ");
}

function describe(spec: RouteSpec): string {
  const errors = errorsOf(spec);
  return `${spec.description}\n\n**Access:** ${accessOf(spec)}.${errors && `\n\n**Errors:** ${errors}.`}`;
}

function describeOperation(components: Components, id: string, spec: RouteSpec, successes: Record<string, Json>): Operation {
  const { body } = inputOf(spec);
  const json = () => components.refer(body, `${pascalCase(id)}Request`, id);
  const form = {
    type: "object",
    properties: { file: bytes, ...spec.formFields },
    required: ["file"],
  };
  const security = securityOf(spec);
  return {
    operationId: id,
    tags: [apiTags[spec.tag][0]],
    summary: spec.summary,
    description: describe(spec),
    ...(security && { security }),
    parameters: describeParameters(components, id, spec),
    ...(spec.body && {
      requestBody: {
        required: !spec.bodyOptional,
        content: {
          "application/json": { schema: json() },
          ...(spec.form && { "application/x-www-form-urlencoded": { schema: json() } }),
        },
      },
    }),
    ...(spec.kind === "upload" && { requestBody: { required: true, content: { "multipart/form-data": { schema: form } } } }),
    responses: { ...successes, ...describeErrors(spec) },
  };
}

const describeSocket = (components: Components, id: string, spec: RouteSpec): Json => ({
  operationId: id,
  tags: [apiTags[spec.tag][0]],
  summary: spec.summary,
  description: describe(spec),
  parameters: describeParameters(components, id, spec),
  authentication:
    "The session cookie with an allowed Origin, `?ticket=` of `POST /api/auth/ws-ticket`, `Authorization: Bearer`, or a first frame `{type: auth, token}` within 10 s, answered by `{type: authenticated}`. Closes with 4401 or 4404.",
  send: components.refer(spec.frames, `${pascalCase(id)}Frame`, id),
  receive: components.refer(spec.events, `${pascalCase(id)}Event`, id),
});
