import { ApiError, reopen, type ConnectionHints } from "@tesslate/client/core";

export interface LiveSocketOptions<Received> {
  open: () => WebSocket;
  onFrame: (frame: Received) => void;
  /** After every connection: say again what the server forgot with the last one. */
  onOpen?: () => void;
  /** The connection was lost and will be opened again. */
  onBroken?: () => void;
  hints?: ConnectionHints;
  random?: () => number;
}

export interface LiveSocket<Sent> {
  /** Sends nothing while there is no connection. */
  send: (frame: Sent) => void;
  close: () => void;
}

/** What close codes mean after which the socket is not opened again: signed out, not found. */
const refusals: Readonly<Record<number, number>> = { 4401: 401, 4404: 404 };
/** A connection that is dead without a word is noticed at the next ping. */
const pingMs = 25_000;

/** A socket of the project that is opened again when it is lost. Its frames have a `type`. */
export function openLiveSocket<Received extends { type: string }, Sent>({
  open,
  onFrame,
  onOpen,
  onBroken,
  hints,
  random,
}: LiveSocketOptions<Received>): LiveSocket<Sent> {
  const ended = new AbortController();
  let current: WebSocket | undefined;

  async function* connect(signal: AbortSignal, onBytes: () => void): AsyncGenerator<Received> {
    const socket = open();
    const frames: Received[] = [];
    let closeCode: number | undefined;
    let wake: () => void = () => undefined;
    socket.onopen = () => {
      // Browsers report an error when a socket is closed while it connects.
      if (signal.aborted) return socket.close(1000);
      onBytes();
      current = socket;
      onOpen?.();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      frames.push(JSON.parse(String(data)) as Received);
      wake();
    };
    socket.onclose = ({ code }) => {
      closeCode = code;
      wake();
    };
    const end = () => wake();
    signal.addEventListener("abort", end);
    const pinger = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, pingMs);
    try {
      while (!signal.aborted) {
        const frame = frames.shift();
        if (frame) yield frame;
        else if (closeCode === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else {
          const status = refusals[closeCode];
          if (status) throw new ApiError(status, { detail: "The server refused the connection.", code: "refused" });
          return;
        }
      }
    } finally {
      clearInterval(pinger);
      signal.removeEventListener("abort", end);
      if (current === socket) current = undefined;
      if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    }
  }

  const follow = async () => {
    for await (const frame of reopen({ open: connect, signal: ended.signal, onBroken, hints, random })) onFrame(frame);
  };
  follow().catch(() => undefined);

  return {
    send: (frame) => {
      if (current?.readyState === WebSocket.OPEN) current.send(JSON.stringify(frame));
    },
    close: () => ended.abort(),
  };
}
