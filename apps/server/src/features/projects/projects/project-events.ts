import { projectEventFrames, type ProjectEvent, type Static } from "@tesslate/contract";
import { createFrameCheck, readFrames } from "../../../http/frames.ts";
import type { FrameSocket } from "../../../http/sockets.ts";
import type { EventLog } from "../../../platform/events.ts";

/** How long to wait for the `subscribe` frame before the stream starts at the newest event. */
const subscribeWithinMs = 1000;

const check = createFrameCheck(projectEventFrames);

/**
 * The project's event stream over a WebSocket. A first frame `{type: "subscribe", after_seq}` resumes after that event; a later one
 * repositions the stream. `{type: "ping"}` is answered by `{type: "pong"}`. Ends when the socket closes or the project is deleted.
 */
export async function serveEventSocket(events: EventLog, projectId: string, socket: FrameSocket, ended: AbortSignal): Promise<void> {
  const streamSignal = AbortSignal.any([socket.signal, ended]);
  const startSeq = await events.lastSeq(projectId);
  let current: { abort: AbortController; done: Promise<void> } | undefined;
  const follow = async (afterSeq: number) => {
    current?.abort.abort();
    await current?.done;
    const abort = new AbortController();
    current = { abort, done: pump(events.follow(projectId, { afterSeq, signal: AbortSignal.any([streamSignal, abort.signal]) }), socket) };
  };
  const late = setTimeout(() => void (current ?? follow(startSeq)), subscribeWithinMs);
  try {
    await readFrames(socket, streamSignal, async (frame) => {
      const checked = check(frame);
      if ("problem" in checked) socket.send({ type: "error", data: checked.problem });
      else if (checked.name === "ping") socket.send({ type: "pong" });
      else await follow((frame as Static<typeof projectEventFrames.subscribe>).after_seq ?? startSeq);
    });
  } finally {
    clearTimeout(late);
    current?.abort.abort();
    await current?.done;
  }
}

async function pump(events: AsyncIterable<ProjectEvent>, socket: FrameSocket): Promise<void> {
  for await (const event of events) {
    if (!socket.send(event)) return;
    await socket.drained();
  }
}
