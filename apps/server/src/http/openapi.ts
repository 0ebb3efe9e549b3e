import {
  ErrorBody,
  ValidationErrorBody,
  contract as wholeContract,
  errorCodes,
  inputOf,
  isIdempotent,
  type ErrorCode,
  type RouteGroup,
  type RouteSpec,
} from "@tesslate/contract";

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, built from the route values (contract README rule 11). */
const bytes = { type: "string", format: "binary" };

export function buildOpenApi(contract: Record<string, RouteGroup> = wholeContract, { version }: { version: string }): Json {
  const paths: Record<string, Json> = {};
  const sockets: Record<string, Json> = {};
  for (const [group, routes] of Object.entries(contract))
    for (const [name, spec] of Object.entries(routes)) {
      if (spec.kind === "socket") sockets[spec.path] = { operationId: `${group}.${name}`, ...describeSocket(spec) };
      else (paths[spec.path] ??= {})[spec.method.toLowerCase()] = operation(`${group}.${name}`, spec);
    }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tesslate Studio",
      version,
      description: "Describe an app, let an agent build it in an isolated workspace, watch it run. WebSockets stand under `x-websocket`.",
    },
    // Whatever name it was fetched by: `/docs` may call no other.
    servers: [{ url: "/" }],
    paths,
    "x-websocket": sockets,
    components: {
      schemas: { Error: ErrorBody, ValidationError: ValidationErrorBody },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        password: { type: "oauth2", flows: { password: { tokenUrl: "/api/auth/login", scopes: {} } } },
        cookie: { type: "apiKey", in: "cookie", name: "tesslate_auth" },
      },
    },
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const errorAnswer = (codes: readonly string[]) => ({
  description: codes.join(", "),
  content: { "application/json": { schema: ref("Error") } },
});

function security(spec: RouteSpec): Json[] {
  const credentials = [{ bearer: [] }, { password: [] }, { cookie: [] }];
  return spec.auth === "none" ? [] : spec.auth === "optional" ? [...credentials, {}] : credentials;
}

function parameters(spec: RouteSpec): Json[] {
  const of = (where: "path" | "query", schema: unknown) => {
    const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, Json>; required?: string[] };
    return Object.entries(properties).map(([name, s]) => ({
      name,
      in: where,
      required: where === "path" || required.includes(name),
      schema: s,
    }));
  };
  return [
    ...of("path", spec.params),
    ...of("query", spec.query),
    ...(isIdempotent(spec)
      ? [
          {
            name: "Idempotency-Key",
            in: "header",
            required: false,
            description:
              "Makes a retry safe: for 24 hours the same key with the same request answers the same, with `Idempotent-Replayed: true`, and does nothing. With another request it is 422, while the first one is running 409 `idempotency_key_running`.",
            schema: { type: "string", minLength: 1, maxLength: 255 },
          },
        ]
      : []),
  ];
}

function operation(operationId: string, spec: RouteSpec): Json {
  const success = spec.status === undefined ? [200] : typeof spec.status === "number" ? [spec.status] : [...spec.status];
  const content =
    spec.kind === "sse"
      ? { "text/event-stream": { schema: { type: "string", description: "`data:` lines, one JSON object each", "x-event": spec.events } } }
      : {
          [spec.contentType ?? "application/json"]: { schema: spec.response ?? {} },
          ...Object.fromEntries((spec.otherContentTypes ?? []).map((type) => [type, { schema: bytes }])),
        };
  const responses: Record<string, unknown> = {};
  for (const status of success)
    responses[status] =
      status === 204 || status === 303
        ? { description: status === 204 ? "Done" : "Sent on to the app" }
        : { description: status === 201 ? "Created" : status === 202 ? "Accepted" : "OK", content };
  if (spec.isRanged)
    responses[206] = {
      description: "The part that the `Range` header asks for",
      content: Object.fromEntries((spec.otherContentTypes ?? []).map((type) => [type, { schema: bytes }])),
    };
  const byStatus = new Map<number, string[]>();
  const codes: ErrorCode[] = [
    ...(spec.errors ?? []),
    ...(spec.auth === "none" || spec.auth === "optional" ? [] : (["unauthorized"] as const)),
    ...(spec.auth === "superuser" ? (["forbidden"] as const) : []),
    ...(isIdempotent(spec) ? (["idempotency_key_running", "idempotency_key_interrupted"] as const) : []),
  ];
  for (const code of codes) byStatus.set(errorCodes[code].status, [...(byStatus.get(errorCodes[code].status) ?? []), code]);
  for (const [status, names] of byStatus) responses[status] = errorAnswer(names);
  if (spec.body || spec.query || spec.params)
    responses[422] = { description: "Invalid input", content: { "application/json": { schema: ref("ValidationError") } } };
  const { body } = inputOf(spec);
  return {
    operationId,
    tags: [spec.tag],
    summary: spec.summary,
    security: security(spec),
    parameters: parameters(spec),
    ...(spec.body && {
      requestBody: {
        required: !spec.bodyOptional,
        content: {
          "application/json": { schema: body },
          ...(spec.form && { "application/x-www-form-urlencoded": { schema: body } }),
        },
      },
    }),
    ...(spec.kind === "upload" && {
      requestBody: {
        required: true,
        content: {
          "multipart/form-data": {
            schema: { type: "object", properties: { file: { type: "string", format: "binary" }, ...spec.formFields }, required: ["file"] },
          },
        },
      },
    }),
    responses,
  };
}

const describeSocket = (spec: RouteSpec): Json => ({
  summary: spec.summary,
  tags: [spec.tag],
  parameters: parameters(spec),
  authentication:
    "Session cookie with an allowed Origin, `?ticket=` of POST /api/auth/ws-ticket, or a first frame {type: auth, token} within 10 s, answered by {type: authenticated}. Closes 4401 or 4404.",
  send: spec.frames ?? {},
  receive: spec.events ?? {},
});
