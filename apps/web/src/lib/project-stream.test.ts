import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bindRoutes, type ConnectionHints } from "@tesslate/client/core";
import { routes } from "@tesslate/client/routes";
import type { Contract, ProjectEvent } from "@tesslate/contract";
import { createProjectStream, type StreamState } from "./project-stream.ts";

const encoder = new TextEncoder();
const frame = (seq: number) =>
  `id: ${seq}\ndata: ${JSON.stringify({ seq, ts: "2026-03-05T10:00:00Z", type: "notice", data: { level: "info", message: `n${seq}` } })}\n\n`;

/** A server by hand: every `open` waits until the test answers it. */
function fakeServer() {
  const requests: {
    lastEventId: string | null;
    signal: AbortSignal;
    answer: (status?: number) => void;
    send: (text: string) => void;
    end: () => void;
    fail: () => void;
  }[] = [];
  const fetch = (_url: string, init: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      const signal = init.signal!;
      const lastEventId = new Headers(init.headers).get("last-event-id");
      let out: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (out = controller) });
      signal.addEventListener("abort", () => {
        reject(new DOMException("aborted", "AbortError"));
        try {
          out.error(new DOMException("aborted", "AbortError"));
        } catch {
          // Already over.
        }
      });
      requests.push({
        lastEventId,
        signal,
        answer: (status = 200) => resolve(new Response(status === 200 ? body : null, { status })),
        send: (text) => out.enqueue(encoder.encode(text)),
        end: () => out.close(),
        fail: () => reject(new TypeError("network")),
      });
    });
  const at = (index: number) => {
    const request = requests[index];
    if (!request) throw new Error(`no request ${index}, only ${requests.length}`);
    return request;
  };
  return { fetch, requests, at };
}
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("project stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const start = () => {
    const server = fakeServer();
    let poke: Parameters<ConnectionHints>[0] | undefined;
    const unhint = vi.fn();
    const stream = createProjectStream({
      open: (options) => bindRoutes<Contract>(routes, { fetch: server.fetch }).projects.events({ params: { id: "p" } }, options),
      random: () => 1,
      hints: (given) => {
        poke = given;
        return unhint;
      },
    });
    const seen: number[] = [];
    const states: StreamState[] = [];
    stream.onEvent((event: ProjectEvent) => seen.push(event.seq));
    stream.onState((state) => states.push(state));
    return { server, stream, seen, states, unhint, hint: () => poke! };
  };

  test("asks from now on, then resumes behind the last event, each event once", async () => {
    const { server, stream, seen, states } = start();
    expect(server.at(0).lastEventId).toBeNull();
    server.at(0).answer();
    await settle();
    server.at(0).send(frame(7) + ": keepalive\n\n" + frame(8));
    await settle();
    server.at(0).end();
    await settle();
    expect(states).toEqual(["open", "reconnecting"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.at(1).lastEventId).toBe("8");
    server.at(1).answer();
    await settle();
    server.at(1).send(frame(8) + frame(9));
    await settle();
    expect(seen).toEqual([7, 8, 9]);
    expect(stream.getState()).toBe("open");
  });

  test("an event cut in two by the network is one event", async () => {
    const { server, seen } = start();
    server.at(0).answer();
    const text = frame(1);
    server.at(0).send(text.slice(0, 20));
    await settle();
    expect(seen).toEqual([]);
    server.at(0).send(text.slice(20));
    await settle();
    expect(seen).toEqual([1]);
  });

  test("waits longer with every failure and starts over after a byte", async () => {
    const { server } = start();
    server.at(0).fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(server.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    server.at(1).fail();
    await vi.advanceTimersByTimeAsync(1999);
    expect(server.requests).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    server.at(2).answer();
    await settle();
    server.at(2).send(": keepalive\n\n");
    await settle();
    server.at(2).end();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.requests).toHaveLength(4);
  });

  test("back on line: retries at once; off line: drops the dead connection", async () => {
    const { server, stream, hint } = start();
    server.at(0).answer();
    await settle();
    hint().drop();
    await settle();
    expect(stream.getState()).toBe("reconnecting");
    expect(server.requests).toHaveLength(1);
    hint().retryNow();
    await settle();
    expect(server.requests).toHaveLength(2);
    hint().retryNow();
    await settle();
    expect(server.requests).toHaveLength(2);
  });

  test("50 s of silence is a dead line", async () => {
    const { server, stream } = start();
    server.at(0).answer();
    await settle();
    await vi.advanceTimersByTimeAsync(40_000);
    server.at(0).send(": keepalive\n\n");
    await vi.advanceTimersByTimeAsync(40_000);
    expect(stream.getState()).toBe("open");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stream.getState()).toBe("reconnecting");
    expect(server.at(0).signal.aborted).toBe(true);
  });

  test("gives up when the project does not exist", async () => {
    const { server, stream } = start();
    server.at(0).answer(404);
    await settle();
    expect(stream.getState()).toBe("refused");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.requests).toHaveLength(1);
  });

  test("close ends everything", async () => {
    const { server, stream, unhint, seen } = start();
    server.at(0).answer();
    await settle();
    stream.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.at(0).signal.aborted).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(unhint).toHaveBeenCalledOnce();
    expect(seen).toEqual([]);
  });
});
