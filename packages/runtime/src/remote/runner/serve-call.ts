import { once } from "node:events";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { RuntimeError } from "../../errors.ts";
import type { RuntimeLog } from "../../log.ts";
import { findProblem } from "../checks.ts";
import { encodeFrame, encodeJson, piecesOf, type Frame, type FrameKind } from "../frames.ts";
import { createInbox } from "../inbox.ts";
import { createLink, type Link } from "../link.ts";
import { methods, type Args, type EventOf, type Input, type MethodName, type Result } from "../methods.ts";
import type { Method } from "../protocol.ts";
import { encodeError, parseJson } from "../wire-errors.ts";
import { noRunnerTracing, type CallSpan, type RunnerTracing } from "../tracing.ts";
import { checkCommands, type RunnerClient } from "./clients.ts";
import type { Usage } from "./usage.ts";

/** What a handler knows of the call that it serves. */
export interface ServedCall<M extends MethodName> {
  readonly client: RunnerClient;
  /** Aborts when the client ends the call or is gone. */
  readonly signal: AbortSignal;
  /** Resolves when more may be sent, also when nobody receives it any more. */
  event(value: EventOf<M>): Promise<void>;
  bytes(data: Uint8Array): Promise<void>;
  /** What the client sends after the arguments, until its end. Throws `aborted` when that is missing. */
  input(): AsyncGenerator<{ message: Input<M>; bytes?: never } | { bytes: Buffer }>;
}

export type Handler<M extends MethodName> = (args: Args<M>, call: ServedCall<M>) => Promise<Result<M> | void>;
export type Handlers = { [M in MethodName]: Handler<M> };

/** The two ways in which frames come and go: a stream, or a link that outlives it. */
interface Wire {
  take(): Promise<Frame>;
  send(kind: FrameKind, payload?: Uint8Array): Promise<void>;
}

/** How long a result is kept for a client that did not acknowledge it. */
const keptResultMs = 5 * 60_000;

export function createCallServer(handlers: Handlers, usage: Usage, log: RuntimeLog, tracing: RunnerTracing = noRunnerTracing) {
  /** Calls that are served, so that a shutdown can wait for them. */
  const running = new Set<Promise<void>>();

  /** With a line in the log for what a server waited for, whose ids are those of the caller. */
  const run = (name: MethodName, wire: Wire, client: RunnerClient, signal: AbortSignal, received: IncomingHttpHeaders): Promise<void> =>
    tracing.serve(name, received, async (span) => {
      const started = performance.now();
      const code = await answer(name, wire, client, signal, span).finally(span.end);
      const facts = { method: name, duration_ms: Math.round((performance.now() - started) * 10) / 10 };
      log.debug({ ...facts, ...(code !== undefined && { error: code }) }, "call");
    });

  /** Returns the code of the error, if it failed. */
  async function answer<M extends MethodName>(
    name: M,
    wire: Wire,
    client: RunnerClient,
    signal: AbortSignal,
    span: CallSpan,
  ): Promise<string | undefined> {
    const method: Method = methods[name];
    const check = (schema: Method["args"], payload: Buffer, what: string): unknown => {
      const value = parseJson(payload);
      const problem = value === undefined ? "it is not JSON" : findProblem(schema, value);
      if (problem !== undefined) throw new RuntimeError("not_supported", `The ${what} of ${name} is not valid: ${problem}.`);
      return value;
    };
    /** Of a call that goes on until its client ends it, only what leads to its first message is traced. */
    const saw = method.isOpenEnded ? span.end : () => {};
    let kind: "result" | "error" = "result";
    let code: string | undefined;
    let used = () => {};
    let payload: Buffer;
    try {
      const first = await wire.take();
      const args = check(method.args, first.payload, "request") as Args<M>;
      used = usage.begin(name, args, client);
      const call: ServedCall<M> = {
        client,
        signal,
        event: (value) => {
          saw();
          return wire.send("message", encodeJson(value)).catch(() => {});
        },
        async bytes(data) {
          saw();
          for (const piece of piecesOf(data)) await wire.send("bytes", piece).catch(() => {});
        },
        async *input() {
          for (;;) {
            const frame = await wire.take();
            if (frame.kind === "end") return;
            if (frame.kind === "abort") throw new RuntimeError("aborted", "The call was aborted before all of it arrived.");
            if (frame.kind === "bytes") yield { bytes: frame.payload };
            else if (frame.kind === "message") yield { message: check(method.input, frame.payload, "input") as Input<M> };
          }
        },
      };
      const value = (await tracing.within(name, (part) => handle(name, args, call, part, method.isOpenEnded === true))) ?? null;
      const marks = "id" in args ? client.subscriptions.get(args.id) : undefined;
      payload = encodeJson({ value, ...(marks && { marks }) });
    } catch (error) {
      kind = "error";
      code = error instanceof RuntimeError ? error.code : "unavailable";
      span.fail(code);
      payload = encodeError(error, log, name);
    }
    await wire.send(kind, payload);
    used();
    return code;
  }

  /** The driver's part. Its span ends as that of the call. */
  async function handle<M extends MethodName>(
    name: M,
    args: Args<M>,
    call: ServedCall<M>,
    span: CallSpan,
    isOpenEnded: boolean,
  ): Promise<Result<M> | void> {
    const seen: ServedCall<M> = isOpenEnded ? { ...call, event: (value) => (span.end(), call.event(value)) } : call;
    try {
      return await (handlers[name] as Handler<M>)(args, seen);
    } catch (error) {
      span.fail(error instanceof RuntimeError ? error.code : "unavailable");
      throw error;
    } finally {
      span.end();
    }
  }

  const track = (name: MethodName, call: Promise<void>): void => {
    const { kind, isOpenEnded = kind === "stream" }: Method = methods[name];
    const tracked = call.catch(() => {}).finally(() => running.delete(tracked));
    if (!isOpenEnded) running.add(tracked);
  };

  return {
    /** Resolves when no call runs that ends by itself. */
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },

    /** A query or stream: it ends with its HTTP/2 stream. */
    serveStream(name: MethodName, stream: ServerHttp2Stream, client: RunnerClient, received: IncomingHttpHeaders): void {
      const ended = new AbortController();
      let isDone = false;
      const abort = () => {
        if (!isDone) ended.abort();
      };
      stream.on("aborted", abort);
      stream.on("close", abort);
      stream.on("error", abort);
      client.gone.addEventListener("abort", abort, { once: true });
      const inbox = createInbox(stream);
      const wire: Wire = {
        async take() {
          const frame = await inbox.take();
          if (!frame) throw new RuntimeError("aborted", "The call ended before all of it arrived.");
          return frame;
        },
        async send(kind, payload) {
          if (stream.destroyed || stream.closed || stream.writableEnded) return;
          if (!stream.write(encodeFrame(kind, payload))) await once(stream, "drain", { signal: ended.signal }).catch(() => {});
        },
      };
      stream.respond({ ":status": 200 });
      track(
        name,
        run(name, wire, client, ended.signal, received).finally(() => {
          isDone = true;
          client.gone.removeEventListener("abort", abort);
          if (!stream.destroyed && !stream.writableEnded) stream.end();
          inbox.discard();
        }),
      );
    },

    /** A command that arrives for the first time. */
    serveCommand(
      name: MethodName,
      { id, receivedHeader }: { id: string; receivedHeader: string },
      stream: ServerHttp2Stream,
      client: RunnerClient,
      received: IncomingHttpHeaders,
    ): void {
      const link = createLink();
      const controller = new AbortController();
      const { endsWithClient = false }: Method = methods[name];
      checkCommands(client);
      client.commands.set(id, { link, controller, endsWithClient });
      link.onAbort(() => controller.abort());
      resume(link, stream, 0, receivedHeader);
      track(
        name,
        run(name, link, client, controller.signal, received)
          .then(() => kept(link))
          .finally(() => {
            client.commands.delete(id);
            link.finish();
          }),
      );
    },

    /** A command whose client has a new connection. */
    resumeCommand: (link: Link, stream: ServerHttp2Stream, peerReceived: number, receivedHeader: string) =>
      resume(link, stream, peerReceived, receivedHeader),
  };

  function resume(link: Link, stream: ServerHttp2Stream, peerReceived: number, receivedHeader: string) {
    stream.respond({ ":status": 200, [receivedHeader]: String(link.received) });
    try {
      link.attach(stream, peerReceived);
    } catch (error) {
      stream.destroy(error as Error);
    }
  }
}

/** Waits until the result is acknowledged. */
async function kept(link: Link): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, keptResultMs);
    timer.unref();
  });
  await Promise.race([link.drained().catch(() => {}), tooLong]);
  clearTimeout(timer);
}
