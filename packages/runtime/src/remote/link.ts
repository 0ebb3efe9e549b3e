import type { Duplex } from "node:stream";
import { createFrameReader, encodeAck, encodeFrame, type Frame, type FrameKind } from "./frames.ts";

/**
 * One end of a call that survives its connection. Frames are numbered by their order; each end keeps what the other has not acknowledged,
 * at most `windowBytes`, and sends it again on the next stream. Nothing is lost or repeated, and a slow consumer slows the producer down.
 */
export interface Link {
  /** Frames received so far, consumed or not. */
  readonly received: number;
  readonly isAttached: boolean;
  /** Continues on a stream. `peerReceived`: how many of our frames the other end has. Throws when it cannot have that many. */
  attach(stream: Duplex, peerReceived: number): void;
  /** Leaves the stream as it is. */
  detach(): void;
  /** Resolves when the other end may be sent more. Rejects after `fail`. */
  send(kind: FrameKind, payload?: Uint8Array): Promise<void>;
  /** The next frame. Taking it acknowledges it. Rejects after `fail`. */
  take(): Promise<Frame>;
  /** Resolves when the other end consumed everything that was sent. */
  drained(): Promise<void>;
  /** Takes no more, sends no more, lets everybody who waits fail. */
  fail(error: Error): void;
  /** Acknowledges the last frame and ends the stream. */
  finish(): void;
  onDetach(listener: () => void): void;
  /** Called when an `abort` arrives, before the frames ahead of it are taken. */
  onAbort(listener: () => void): void;
}

/** What a frame costs besides its payload: many small ones count too. */
const overheadBytes = 64;

export function createLink({ windowBytes = 2 ** 20 }: { windowBytes?: number } = {}): Link {
  let stream: Duplex | undefined;
  let failure: Error | undefined;
  let detached = () => {};
  let aborted = () => {};

  const unacked: { frame: Buffer; cost: number }[] = [];
  let sent = 0;
  let unackedBytes = 0;
  const senders: PromiseWithResolvers<void>[] = [];

  const queue: Frame[] = [];
  let received = 0;
  let consumed = 0;
  let acked = 0;
  let consumedBytes = 0;
  let taker: PromiseWithResolvers<Frame> | undefined;

  const wakeSenders = () => {
    for (const sender of senders.splice(0)) sender.resolve();
  };
  const acknowledge = () => {
    if (acked === consumed || !stream || stream.destroyed || stream.writableEnded) return;
    acked = consumed;
    consumedBytes = 0;
    stream.write(encodeAck(consumed));
  };
  const consume = (frame: Frame): Frame => {
    consumed += 1;
    consumedBytes += frame.payload.length + overheadBytes;
    if (consumedBytes > windowBytes / 8 || frame.kind === "result" || frame.kind === "error") acknowledge();
    return frame;
  };

  function dropAcked(count: number) {
    const first = sent - unacked.length;
    if (count > sent) throw new Error(`${count} frames cannot have been received, ${sent} were sent`);
    // After a reconnect the other end may still consume what it received before.
    for (const { cost } of unacked.splice(0, Math.max(0, count - first))) unackedBytes -= cost;
    if (unackedBytes <= windowBytes) wakeSenders();
  }

  function accept(frame: Frame) {
    if (frame.kind === "ack") return dropAcked(frame.payload.readUInt32BE(0));
    received += 1;
    if (frame.kind === "abort") aborted();
    if (taker) {
      const { resolve } = taker;
      taker = undefined;
      resolve(consume(frame));
    } else queue.push(frame);
  }

  let stopReading = () => {};
  function detach(from = stream) {
    if (stream === undefined || stream !== from) return;
    stream = undefined;
    stopReading();
    detached();
  }

  async function settle(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (failure) throw failure;
      const sender = Promise.withResolvers<void>();
      senders.push(sender);
      await sender.promise;
    }
  }

  return {
    get received() {
      return received;
    },
    get isAttached() {
      return stream !== undefined;
    },
    attach(next, peerReceived) {
      const previous = stream;
      stream = undefined;
      stopReading();
      previous?.destroy();
      dropAcked(peerReceived);
      stream = next;
      acked = 0;
      const read = createFrameReader();
      const onData = (chunk: Buffer) => {
        try {
          for (const frame of read(chunk)) accept(frame);
        } catch (error) {
          next.destroy(error as Error);
        }
      };
      next.on("data", onData);
      stopReading = () => next.off("data", onData);
      next.on("error", () => {});
      next.on("close", () => detach(next));
      for (const { frame } of unacked) next.write(frame);
      if (consumed > 0) acknowledge();
      if (next.destroyed) detach(next);
    },
    detach: () => detach(),
    async send(kind, payload) {
      if (failure) throw failure;
      const frame = encodeFrame(kind, payload);
      const cost = frame.length + overheadBytes;
      unacked.push({ frame, cost });
      sent += 1;
      unackedBytes += cost;
      stream?.write(frame);
      await settle(() => unackedBytes <= windowBytes);
    },
    async take() {
      const frame = queue.shift();
      if (frame) return consume(frame);
      if (failure) throw failure;
      taker = Promise.withResolvers<Frame>();
      return taker.promise;
    },
    drained: () => settle(() => unacked.length === 0),
    fail(error) {
      if (failure) return;
      failure = error;
      wakeSenders();
      taker?.reject(error);
      taker = undefined;
    },
    finish() {
      acknowledge();
      stream?.end();
    },
    onDetach(listener) {
      detached = listener;
    },
    onAbort(listener) {
      aborted = listener;
    },
  };
}
