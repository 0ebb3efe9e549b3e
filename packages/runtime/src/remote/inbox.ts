import type { Duplex } from "node:stream";
import { createFrameReader, type Frame } from "./frames.ts";

/** The frames that arrive on a stream. */
export interface Inbox {
  /** The next frame; `undefined` once the stream has ended, in whatever way. */
  take(): Promise<Frame | undefined>;
  /** Reads on without keeping anything, so that the stream can end. */
  discard(): void;
}

/** Frames that wait for `take` before the stream is paused. */
const maxWaitingBytes = 262_144;

/** Reads a stream from now on. */
export function createInbox(stream: Duplex): Inbox {
  const read = createFrameReader();
  let queue: Frame[] = [];
  let waitingBytes = 0;
  let isEnded = stream.destroyed;
  let isDiscarded = false;
  let takers: ((frame: Frame | undefined) => void)[] = [];

  const finish = () => {
    isEnded = true;
    for (const taker of takers.splice(0)) taker(undefined);
  };
  stream.on("data", (chunk: Buffer) => {
    if (isDiscarded) return;
    try {
      for (const frame of read(chunk)) {
        const taker = takers.shift();
        if (taker) taker(frame);
        else {
          queue.push(frame);
          waitingBytes += frame.payload.length;
        }
      }
    } catch (error) {
      stream.destroy(error as Error);
    }
    if (waitingBytes > maxWaitingBytes) stream.pause();
  });
  stream.on("end", finish);
  stream.on("close", finish);
  stream.on("error", finish);

  return {
    async take() {
      const frame = queue.shift();
      if (frame) {
        waitingBytes -= frame.payload.length;
        if (waitingBytes <= maxWaitingBytes && stream.isPaused()) stream.resume();
        return frame;
      }
      if (isEnded) return undefined;
      return new Promise((resolve) => takers.push(resolve));
    },
    discard() {
      isDiscarded = true;
      queue = [];
      takers = [];
      stream.resume();
    },
  };
}
