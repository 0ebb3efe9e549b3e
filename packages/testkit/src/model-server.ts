import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createFaultState, findPosition, readAgentUserText, type ScriptPosition, type ReadUserText } from "./conversation.ts";
import { createAnswer, play, usageOf } from "./playback.ts";
import { script as makeScript, type Fault, type Script, type ScriptRequest, type Turn } from "./script.ts";
import { recorderOf, type Recorder } from "./specifications/index.ts";
import { anthropic } from "./wire/anthropic.ts";
import { google } from "./wire/google.ts";
import { listing, type CompatibleService } from "./wire/listings.ts";
import { openai, unknownModel } from "./wire/openai.ts";
import { responses } from "./wire/responses.ts";
import { BadRequest, type Failure, type Meta, type Windows, type Wire } from "./wire/wire.ts";

export interface ModelServerOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  script?: Script;
  /** Delay between two tokens; default 0. */
  tokenDelayMs?: number;
  /** When set, other keys are rejected as the provider does. */
  apiKey?: string;
  /** Listed models; when set, other models are rejected. Default: lists `scripted` and serves any name. */
  models?: string[];
  /** The service whose list of models `GET /v1/models` returns to clients of OpenAI's protocol. Default `openai`. */
  service?: CompatibleService;
  /** Context windows that the lists tell, by model, as far as the service tells them. Default: none, and 1,048,576 at Google. */
  windows?: Record<string, Windows>;
  /** Distinguishes the user's words from text that programs write as the user. Default: our agent's formats. */
  readUserText?: ReadUserText;
  /** Compares calls with what the providers publish. Default true. The demo does not: its bundle has no specifications. */
  comparesCalls?: boolean;
}

/** How a request ended. */
export type Outcome =
  /** The whole response was sent. */
  | "answered"
  /** An HTTP error, of the script or the protocol. */
  | "refused"
  /** The script broke it: `disconnect`, `garbage`, or an error in the middle. */
  | "broken"
  /** The client disconnected first. */
  | "client_disconnected";

export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The JSON as sent; undefined without a body. */
  body: unknown;
  /** Set for model calls that could be parsed. */
  request?: ScriptRequest;
  /** The conversation, its branch, and the request's position in it. */
  position?: ScriptPosition;
  startedAt: number;
  /** Tokens sent so far. */
  tokens: number;
  outcome?: Outcome;
  /** Resolves when the request has ended, in whatever way. */
  ended: Promise<Outcome>;
}

export interface ModelServer {
  /** Without a path; Ollama's base URL. */
  url: string;
  openai_base_url: string;
  anthropic_base_url: string;
  google_base_url: string;
  /** Calls compared with each provider's published specification. Nothing is rejected, because many services extend these APIs. */
  published: Record<"openai" | "anthropic" | "google", Recorder>;
  /** In order of arrival. */
  requests: RecordedRequest[];
  /** Replaces the script and resets the faults. Responses in progress continue. */
  setScript(script: Script): void;
  /** As newly started with these options, at the same address; empties `requests`. Responses in progress continue. */
  reset(options?: Omit<ModelServerOptions, "port" | "host">): void;
  setTokenDelay(ms: number): void;
  /** Resolves with the first request, past or future, that `matches`. */
  waitFor(matches: (request: RecordedRequest) => boolean, timeoutMs?: number): Promise<RecordedRequest>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const maxBodyBytes = 64 * 1024 * 1024;

/** A model provider that plays a script over the real protocols of OpenAI (chat completions and responses), Anthropic, Google and Ollama. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const settingsOf = (given: ModelServerOptions) => ({
    apiKey: given.apiKey,
    models: given.models ?? ["scripted"],
    service: given.service ?? "openai",
    windows: given.windows ?? {},
    refusesOthers: given.models !== undefined,
    readUserText: given.readUserText ?? readAgentUserText,
    script: given.script ?? makeScript([]),
    tokenDelayMs: given.tokenDelayMs ?? 0,
  });
  let settings = settingsOf(options);
  const faults = createFaultState();
  const published =
    options.comparesCalls === false
      ? undefined
      : { openai: recorderOf("openai"), anthropic: recorderOf("anthropic"), google: recorderOf("google") };
  /** The specification of OpenAI leaves out the version. */
  const compare = ({ method, url, text }: Call, headers: IncomingHttpHeaders): void => {
    const isAnthropic = headers["anthropic-version"] !== undefined;
    const name = isAnthropic ? "anthropic" : url.pathname.startsWith("/v1beta/") ? "google" : "openai";
    const path = name === "openai" ? url.pathname.replace(/^\/v1/, "") : url.pathname;
    published?.[name].record({ method, path, query: url.searchParams, contentType: headers["content-type"], body: text });
  };
  const requests: RecordedRequest[] = [];
  const waiting = new Set<() => void>();
  let serial = 0;

  const server = createServer((incoming, response) => {
    void serve(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.keepAliveTimeout = 60_000;

  async function serve(incoming: IncomingMessage, response: ServerResponse) {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    const method = incoming.method ?? "GET";
    const ended = Promise.withResolvers<Outcome>();
    const record: RecordedRequest = {
      method,
      path: `${url.pathname}${url.search}`,
      headers: incoming.headers,
      body: undefined,
      startedAt: Date.now(),
      tokens: 0,
      ended: ended.promise,
    };
    const finish = (outcome: Outcome) => {
      if (record.outcome) return;
      record.outcome = outcome;
      ended.resolve(outcome);
    };
    response.on("close", () => finish(response.writableFinished ? "answered" : "client_disconnected"));
    const text = await readBody(incoming);
    const json = text === "" ? undefined : parse(text);
    record.body = json;
    requests.push(record);
    await answer(incoming, response, { url, method, text, json, record, finish });
    for (const look of waiting) look();
  }

  interface Call {
    url: URL;
    method: string;
    text: string;
    json: unknown;
    record: RecordedRequest;
    finish(outcome: Outcome): void;
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse, got: Call) {
    const { url, method, record, finish } = got;
    const requestId = `req_${String(++serial).padStart(8, "0")}`;
    const refuse = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      finish("refused");
      sendJson(response, status, body, headers);
    };
    const { apiKey, models, refusesOthers, readUserText, script, service, windows } = settings;
    const list = listing(
      service,
      models.map((id) => ({ id, windows: windows[id] })),
      { method, path: url.pathname, isAnthropic: incoming.headers["anthropic-version"] !== undefined, body: got.json },
    );
    const isAccepted = (wire: Wire): boolean => {
      const key = keyOf(incoming.headers, url);
      if (apiKey !== undefined && key !== apiKey) {
        const { status, body } = wire.unauthorised(key, requestId);
        refuse(status, body);
        return false;
      }
      compare(got, incoming.headers);
      return true;
    };
    if (list) return list.of && !isAccepted(wires[list.of]) ? undefined : sendJson(response, 200, list.body);
    const route = routeOf(method, url.pathname);
    if (!route)
      return refuse(404, {
        error: { message: `Invalid URL (${method} ${url.pathname})`, type: "invalid_request_error", param: null, code: null },
      });
    const { wire } = route;
    if (!isAccepted(wire)) return;
    const fail = (failure: Omit<Failure, "kind" | "times">) => {
      const { status, headers, body } = wire.failure(failure, requestId);
      refuse(status, body, headers);
    };
    let request: ScriptRequest;
    try {
      request = wire.read(got.json, route.model);
      if (route.isStream !== undefined) request.stream = route.isStream;
    } catch (error) {
      if (error instanceof BadRequest)
        return fail({ status: 400, message: error.message, ...(error.code !== undefined && { code: error.code }) });
      throw error;
    }
    record.request = request;
    if (refusesOthers && !models.includes(request.model)) return fail(unknownModel(request.model));
    const position = findPosition(script, request, readUserText);
    record.position = position;
    for (const look of waiting) look();

    const fault = faults.next(position);
    const turn = position.step?.turn;
    if (!fault && !turn) {
      const message = `The script has no answer ${position.answer + 1} to message ${position.exchange + 1} of this conversation.`;
      return fail({ status: 400, message, code: "script_exhausted" });
    }
    if (fault?.kind === "fail" && fault.afterTokens === undefined) return fail(fault);
    const meta: Meta = {
      id: requestId.slice(4),
      model: request.model,
      created: Math.floor(Date.now() / 1000),
      wantsUsage: request.wantsUsage,
      wantsReasoningState: request.wantsReasoningState ?? false,
      input: turn?.usage?.input ?? Math.ceil(got.text.length / 4),
    };
    await playInto(response, { wire, meta, request, position, turn, fault, bodyLength: got.text.length, record, finish });
  }

  interface Playing {
    wire: Wire;
    meta: Meta;
    request: ScriptRequest;
    position: ScriptPosition;
    turn: Turn | undefined;
    fault: Fault | undefined;
    bodyLength: number;
    record: RecordedRequest;
    finish(outcome: Outcome): void;
  }

  async function playInto(response: ServerResponse, playing: Playing) {
    const { wire, meta, request, position, turn, fault, record, finish } = playing;
    const closed = new AbortController();
    response.on("close", () => closed.abort());
    if (fault?.kind === "hang" && fault.beforeHeaders) return untilClosed(response);
    if (fault?.kind === "garbage") {
      finish("broken");
      response.writeHead(200, { "content-type": fault.contentType ?? "text/event-stream; charset=utf-8" });
      response.end(fault.contentType ? fault.text : `data: ${fault.text}\n\n`);
      return;
    }
    const breaksAfter = fault?.afterTokens ?? Infinity;
    const stream = wire.stream(meta);
    const send = async (text: string) => {
      if (!request.stream || text === "" || response.destroyed) return;
      if (!response.write(text)) await Promise.race([once(response, "drain"), once(response, "close")]);
    };
    if (request.stream) {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
      response.flushHeaders();
      await send(stream.start());
    }
    const whole = createAnswer();
    try {
      for await (const token of play(turn ?? { kind: "turn", parts: [] }, position, request, {
        tokenDelayMs: settings.tokenDelayMs,
        signal: closed.signal,
      })) {
        if (whole.tokens >= breaksAfter) break;
        whole.add(token);
        record.tokens = whole.tokens;
        await send(stream.token(token));
      }
    } catch (error) {
      if (closed.signal.aborted) return;
      throw error;
    }
    if (closed.signal.aborted) return;
    switch (fault?.kind) {
      case "disconnect":
        finish("broken");
        // Flush to the client before breaking the connection.
        await new Promise((resolve) => setImmediate(resolve));
        response.destroy();
        return;
      case "hang":
        return untilClosed(response);
      case "fail":
        finish("broken");
        if (request.stream) response.end(stream.error(fault));
        else sendJson(response, fault.status, wire.failure(fault, meta.id).body);
        return;
    }
    const usage = usageOf(turn ?? { kind: "turn", parts: [] }, playing.bodyLength, whole.tokens);
    if (request.stream) {
      response.end(stream.end(turn?.finish, usage));
    } else {
      sendJson(response, 200, wire.whole(whole, meta, turn?.finish, usage));
    }
  }

  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

  const close = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };

  return {
    url,
    openai_base_url: `${url}/v1`,
    anthropic_base_url: `${url}/v1`,
    google_base_url: `${url}/v1beta`,
    get published() {
      if (!published) throw new Error("this model server does not compare calls");
      return published;
    },
    requests,
    setScript(script) {
      settings.script = script;
      faults.clear();
    },
    reset(next = {}) {
      settings = settingsOf(next);
      faults.clear();
      requests.length = 0;
    },
    setTokenDelay(ms) {
      settings.tokenDelayMs = ms;
    },
    async waitFor(matches, timeoutMs = 15_000) {
      const found = Promise.withResolvers<RecordedRequest>();
      const look = () => {
        const match = requests.find(matches);
        if (match) found.resolve(match);
      };
      const timer = setTimeout(() => found.reject(new Error(`no such request arrived within ${timeoutMs} ms`)), timeoutMs);
      waiting.add(look);
      look();
      try {
        return await found.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(look);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const wires = { openai, anthropic, google };

interface Route {
  wire: Wire;
  model?: string;
  isStream?: boolean;
}

function routeOf(method: string, path: string): Route | undefined {
  if (method === "POST" && path === "/v1/chat/completions") return { wire: openai };
  if (method === "POST" && path === "/v1/responses") return { wire: responses };
  if (method === "POST" && path === "/v1/messages") return { wire: anthropic };
  const generate = /^\/v1beta\/models\/([^:]+):(generateContent|streamGenerateContent)$/.exec(path);
  if (method === "POST" && generate?.[1]) {
    return { wire: google, model: decodeURIComponent(generate[1]), isStream: generate[2] === "streamGenerateContent" };
  }
  return undefined;
}

const keyOf = (headers: IncomingHttpHeaders, url: URL): string | undefined => {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? "")?.[1];
  const named = headers["x-api-key"] ?? headers["x-goog-api-key"] ?? url.searchParams.get("key") ?? undefined;
  return bearer ?? (typeof named === "string" ? named : undefined);
};

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error("request body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

const untilClosed = async (response: ServerResponse) => {
  if (!response.writableEnded && !response.destroyed) await once(response, "close");
};
