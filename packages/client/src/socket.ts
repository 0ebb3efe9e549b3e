import { ApiError } from "./api-error.ts";

/** An authenticated WebSocket. Iterate it for the frames of the server; they are kept until they are read. */
export interface Socket<Received, Sent> extends AsyncIterable<Received> {
  /** Throws when the socket is closed. */
  send(frame: Sent): void;
  /** Ends the iteration as well. */
  close(): void;
}

/** What a close code of the server means, as a status of the API. */
const statusOf: Readonly<Record<number, [status: number, code: string]>> = {
  4401: [401, "unauthorized"],
  4404: [404, "not_found"],
  4408: [408, "idle"],
  4410: [410, "stopped"],
};

/**
 * Opens a socket and authenticates it with a first frame, because tokens never go into a URL. Rejects with an `ApiError` if the server does not
 * answer or refuses. The iteration ends when the socket is closed normally, and throws an `ApiError` when it is closed otherwise.
 */
export async function openSocket<Received, Sent>(url: string, token: string, signal?: AbortSignal): Promise<Socket<Received, Sent>> {
  signal?.throwIfAborted();
  const socket = new WebSocket(url);
  const received: Received[] = [];
  let isAuthenticated = false;
  let ended: { error?: ApiError } | undefined;
  let wake: () => void = () => undefined;
  const changed = () => new Promise<void>((resolve) => (wake = resolve));
  let isClosing = false;
  const close = () => {
    isClosing = true;
    socket.close(1000);
  };

  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "auth", token })));
  socket.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data)) as Received;
    if (!isAuthenticated && (frame as { type?: string }).type === "authenticated") isAuthenticated = true;
    else received.push(frame);
    wake();
  });
  socket.addEventListener("close", ({ code, reason }) => {
    signal?.removeEventListener("abort", close);
    const [status, name] = statusOf[code] ?? [0, "network"];
    const detail = reason || (status === 0 ? `The connection was closed (${code}).` : "The server refused the connection.");
    ended = code === 1000 || isClosing ? {} : { error: new ApiError(status, { detail, code: name }) };
    wake();
  });
  signal?.addEventListener("abort", close);

  while (!isAuthenticated && !ended) await changed();
  if (!isAuthenticated) {
    signal?.throwIfAborted();
    throw ended?.error ?? new ApiError(0, { detail: "The server closed the connection.", code: "network" });
  }
  return {
    send(frame) {
      if (ended) throw ended.error ?? new ApiError(0, { detail: "The socket is closed.", code: "network" });
      socket.send(JSON.stringify(frame));
    },
    close,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = received.shift();
        if (next !== undefined) yield next;
        else if (ended) {
          if (ended.error) throw ended.error;
          return;
        } else await changed();
      }
    },
  };
}
