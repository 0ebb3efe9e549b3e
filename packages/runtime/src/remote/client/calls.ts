import { once } from "node:events";
import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { RuntimeError } from "../../errors.ts";
import { isValid } from "../checks.ts";
import { encodeFrame, encodeJson, piecesOf, type Frame } from "../frames.ts";
import { createInbox, type Inbox } from "../inbox.ts";
import { createLink } from "../link.ts";
import { methods, type Args, type EventOf, type Input, type MethodName, type Result } from "../methods.ts";
import { headers, paths, type Method } from "../protocol.ts";
import { decodeError, notUnderstood, parseJson } from "../wire-errors.ts";
import { noClientTracing, type ClientTracing } from "../tracing.ts";
import type { Connection, Session } from "./connection.ts";

/** What arrives of a call. The result is the last part; an error is thrown instead. */
export type Part<M extends MethodName> =
  | { kind: "event"; event: EventOf<M> }
  | { kind: "bytes"; bytes: Buffer }
  | { kind: "result"; result: Result<M>; marks: Marks };

/** How many changes of states the runner had sent on a subscription before the result. */
export type Marks = { subscription: string; count: number } | undefined;

export interface OpenCall<M extends MethodName> {
  /** Rejects with the call's error, and `unavailable` when it was lost. */
  next(): Promise<Part<M>>;
  /** Resolves when more may be sent. */
  message(value: Input<M>): Promise<void>;
  bytes(data: Uint8Array): Promise<void>;
  /** Nothing follows. */
  end(): void;
  /** Asks the runner to end a command, whose result or error follows. Ends a stream at once. */
  abort(): void;
  /** Nobody takes parts any more: ends the call and drops what still arrives. */
  cancel(): void;
}

export interface Reply<M extends MethodName> {
  result: Result<M>;
  events: EventOf<M>[];
  bytes: Buffer[];
  marks: Marks;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface Calls {
  /** Asks, again after a lost connection, and returns everything that was sent. */
  query<M extends MethodName>(name: M, args: Args<M>, options?: CallOptions): Promise<Reply<M>>;
  /** Executes a command at most once, across connections. `body` is sent after the arguments. */
  command<M extends MethodName>(
    name: M,
    args: Args<M>,
    options?: CallOptions & { body?: Uint8Array; onEvent?: (event: EventOf<M>) => void },
  ): Promise<{ result: Result<M>; marks: Marks }>;
  /** A command or stream whose parts are taken one by one. A stream is open once its first part arrives. */
  open<M extends MethodName>(name: M, args: Args<M>, options?: CallOptions): OpenCall<M>;
}

/** The connection ended before the response did, or the runner did not take the call. */
class Lost extends Error {}

/** How often a query is sent again. */
const attempts = 5;
/** How long an aborted command waits for its result. */
const abortPatienceMs = 5_000;

const abortedError = (name: MethodName) => new RuntimeError("aborted", `${name} was aborted.`);

export function createCalls(connection: Connection, client: string, tracing: ClientTracing = noClientTracing): Calls {
  let count = 0;

  const lostError = (name: MethodName) =>
    new RuntimeError("unavailable", `The connection to the runner was lost while ${name} ran. It may have been executed; try again.`);

  function read<M extends MethodName>(name: M, { kind, payload }: Frame): Part<M> {
    const { event, result } = methods[name];
    if (kind === "bytes") return { kind: "bytes", bytes: payload };
    if (kind === "error") throw decodeError(payload);
    const value = parseJson(payload);
    if (kind === "message" && isValid(event, value)) return { kind: "event", event: value as EventOf<M> };
    if (kind === "result" && typeof value === "object" && value !== null && "value" in value && isValid(result, value.value))
      return { kind: "result", result: value.value as Result<M>, marks: (value as { marks?: Marks }).marks };
    throw new RuntimeError("unavailable", notUnderstood);
  }

  /** Opens a stream. What is wrong with it shows when it is read. */
  function request(session: Session, name: MethodName, more: Readonly<Record<string, string>>): ClientHttp2Stream {
    try {
      const stream = session.request(paths.call + name, more);
      stream.on("error", () => {});
      return stream;
    } catch {
      throw new Lost();
    }
  }

  /** The frames of a response. Rejects with what the runner refuses, and `Lost`. */
  async function inboxOf(stream: ClientHttp2Stream): Promise<Inbox> {
    const response = await responseOf(stream);
    if (statusOf(response) !== 200) throw await readRefusal(stream, response);
    return createInbox(stream);
  }

  /** The span of a call: it ends with the result or the error, and with the first part of what goes on until its client ends it. */
  function begin(name: MethodName) {
    const { isOpenEnded = false }: Method = methods[name];
    const span = tracing.begin(name);
    return {
      headers: span.headers,
      saw: ({ kind }: { kind: "event" | "bytes" | "result" }) => {
        if (kind === "result" || isOpenEnded) span.end();
      },
      failed: (error: unknown) => {
        span.fail(error instanceof RuntimeError ? error.code : "unavailable");
        span.end();
      },
    };
  }

  async function query<M extends MethodName>(name: M, args: Args<M>, { signal }: CallOptions = {}): Promise<Reply<M>> {
    const span = begin(name);
    const sent = ask(name, args, signal, span.headers);
    sent.then(() => span.saw({ kind: "result" }), span.failed);
    return sent;
  }

  async function ask<M extends MethodName>(
    name: M,
    args: Args<M>,
    signal: AbortSignal | undefined,
    more: Readonly<Record<string, string>>,
  ): Promise<Reply<M>> {
    const payload = encodeFrame("message", encodeJson(args));
    for (let attempt = 1; ; attempt++) {
      const session = await connection.session({ signal });
      let stream: ClientHttp2Stream | undefined;
      const onAbort = () => stream?.close(cancelled);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        stream = request(session, name, more);
        stream.end(payload);
        const reply: Omit<Reply<M>, "result" | "marks"> = { events: [], bytes: [] };
        const inbox = await inboxOf(stream);
        for (;;) {
          const frame = await inbox.take();
          if (!frame) throw new Lost();
          const part = read(name, frame);
          if (part.kind === "result") return { ...reply, result: part.result, marks: part.marks };
          if (part.kind === "bytes") reply.bytes.push(part.bytes);
          else reply.events.push(part.event);
        }
      } catch (error) {
        if (signal?.aborted) throw abortedError(name);
        if (!(error instanceof Lost)) throw error;
        if (attempt === attempts) throw lostError(name);
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    }
  }

  function openCommand<M extends MethodName>(name: M, args: Args<M>, { signal }: CallOptions): OpenCall<M> {
    const id = `${client}-${++count}`;
    const link = createLink();
    const span = begin(name);
    let isDone = false;
    let timer: NodeJS.Timeout | undefined;
    /** The runner that has or may have the command. */
    let instance: string | undefined;

    /** Continues on the next connection until the command is done. */
    async function stay(): Promise<void> {
      while (!isDone) {
        const session = await connection.session();
        if (isDone) return;
        if (instance !== undefined && instance !== session.hello.instance)
          throw new RuntimeError(
            "unavailable",
            `The runner restarted while ${name} ran. It may have been executed; check before you repeat it.`,
          );
        try {
          await attach(session, instance !== undefined);
        } catch (error) {
          if (!(error instanceof Lost)) throw error;
        }
      }
    }

    /** Attaches to a session and resolves when the stream has ended. */
    async function attach(session: Session, isAgain: boolean): Promise<void> {
      const ended = Promise.withResolvers<void>();
      link.onDetach(ended.resolve);
      if (isAgain) {
        const stream = request(session, name, { ...span.headers, [headers.call]: id, [headers.received]: String(link.received) });
        const response = await responseOf(stream);
        if (statusOf(response) === 200) {
          link.attach(stream, Number(response[headers.received]));
          return ended.promise;
        }
        if (statusOf(response) !== 404) throw await readRefusal(stream, response);
        // The runner does not know it, so it never arrived.
      }
      const stream = request(session, name, { ...span.headers, [headers.call]: id });
      instance = session.hello.instance;
      let refused: Promise<Error> | undefined;
      stream.once("response", (response) => {
        if (statusOf(response) === 200) return;
        refused = readRefusal(stream, response);
        link.detach();
      });
      link.attach(stream, 0);
      await ended.promise;
      const error = await refused;
      if (error) throw error;
    }

    const fail = (error: Error) => {
      isDone = true;
      link.fail(error);
    };
    const abort = () => {
      if (isDone || timer) return;
      void link.send("abort").catch(() => {});
      timer = setTimeout(
        () => fail(new RuntimeError("unavailable", `${name} was aborted, but the runner did not confirm it.`)),
        abortPatienceMs,
      );
    };
    const settle = () => {
      isDone = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      link.finish();
    };

    link.send("message", encodeJson(args)).catch(() => {});
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    stay().catch((error: unknown) => fail(error instanceof RuntimeError ? error : lostError(name)));

    const call: OpenCall<M> = {
      async next() {
        try {
          const part = read(name, await link.take());
          span.saw(part);
          if (part.kind === "result") settle();
          return part;
        } catch (error) {
          span.failed(error);
          settle();
          throw error;
        }
      },
      message: (value) => link.send("message", encodeJson(value)),
      async bytes(data) {
        for (const piece of piecesOf(data)) await link.send("bytes", piece);
      },
      end: () => void link.send("end").catch(() => {}),
      abort,
      cancel() {
        if (isDone) return;
        abort();
        const drop = (): Promise<void> => call.next().then((part) => (part.kind === "result" ? undefined : drop()));
        drop().catch(() => {});
      },
    };
    return call;
  }

  function openStream<M extends MethodName>(name: M, args: Args<M>, { signal }: CallOptions): OpenCall<M> {
    let stream: ClientHttp2Stream | undefined;
    let inbox: Inbox | undefined;
    let isOpen = false;
    let isAborted = false;
    const span = begin(name);
    const abort = () => {
      isAborted = true;
      stream?.close(cancelled);
      span.failed(abortedError(name));
    };
    signal?.addEventListener("abort", abort, { once: true });

    const connect = async () => {
      const session = await connection.session({ signal });
      if (isAborted) throw abortedError(name);
      stream = request(session, name, span.headers);
      stream.write(encodeFrame("message", encodeJson(args)));
      inbox = await inboxOf(stream);
    };
    const write = async (frame: Buffer) => {
      if (!stream || stream.destroyed || stream.closed || stream.writableEnded) throw lostError(name);
      if (stream.write(frame)) return;
      const closed = new AbortController();
      const onClose = () => closed.abort();
      stream.once("close", onClose);
      try {
        await once(stream, "drain", { signal: closed.signal });
      } catch {
        throw lostError(name);
      } finally {
        stream.off("close", onClose);
      }
    };
    return {
      async next() {
        for (let attempt = 1; ; attempt++)
          try {
            if (!inbox) await connect();
            const frame = await inbox?.take();
            if (!frame) throw new Lost();
            isOpen = true;
            const part = read(name, frame);
            span.saw(part);
            if (part.kind === "result") {
              signal?.removeEventListener("abort", abort);
              if (stream && !stream.writableEnded) stream.end();
            }
            return part;
          } catch (error) {
            if (isAborted) throw abortedError(name);
            if (!(error instanceof Lost)) {
              span.failed(error);
              stream?.close(cancelled);
              throw error;
            }
            if (isOpen || attempt === attempts) {
              span.failed(error);
              throw lostError(name);
            }
            inbox = undefined;
          }
      },
      message: (value) => write(encodeFrame("message", encodeJson(value))),
      async bytes(data) {
        for (const piece of piecesOf(data)) await write(encodeFrame("bytes", piece));
      },
      end: () => {
        if (stream && !stream.closed) stream.end(encodeFrame("end"));
      },
      abort,
      cancel: abort,
    };
  }

  const open: Calls["open"] = (name, args, options = {}) =>
    methods[name].kind === "command" ? openCommand(name, args, options) : openStream(name, args, options);

  return {
    query,
    open,
    async command(name, args, { signal, body, onEvent } = {}) {
      const call = open(name, args, { signal });
      if (body)
        call.bytes(body).then(
          () => call.end(),
          () => {}, // `next` rejects too
        );
      for (;;) {
        const part = await call.next();
        if (part.kind === "result") return { result: part.result, marks: part.marks };
        if (part.kind === "event") onEvent?.(part.event);
      }
    },
  };
}

const statusOf = (response: IncomingHttpHeaders) => Number(response[":status"]);

/** `NGHTTP2_CANCEL`. */
const cancelled = 8;

/** Rejects when the connection is lost. */
function responseOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    stream.once("response", resolve);
    stream.once("close", () => reject(new Lost()));
  });
}

/** The error that a response without status 200 has. */
async function readRefusal(stream: ClientHttp2Stream, response: IncomingHttpHeaders): Promise<Error> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
      if (chunks.length < 16) chunks.push(chunk);
  } catch {
    return new Lost();
  }
  return statusOf(response) === 503 ? new Lost() : decodeError(Buffer.concat(chunks));
}
