/** The bodies of calls, in both directions: a byte for the kind, four for the length of the payload (big endian), the payload. */

export const frameKinds = {
  /** JSON. From the client the arguments, then further messages of the call; from the runner its events. */
  message: 1,
  bytes: 2,
  /** JSON, the last frame from the runner. */
  result: 3,
  /** JSON (`WireError`), the last frame from the runner. */
  error: 4,
  /** How many frames were consumed, as a 32-bit number. Not counted itself. */
  ack: 5,
  /** Nothing follows from the client. */
  end: 6,
  /** The client asks to end the call; its result or error follows. */
  abort: 7,
} as const;
export type FrameKind = keyof typeof frameKinds;

export interface Frame {
  kind: FrameKind;
  payload: Buffer;
}

const names = Object.fromEntries(Object.entries(frameKinds).map(([name, number]) => [number, name])) as Record<number, FrameKind>;
const headerBytes = 5;
/** A larger frame is a protocol error. Bytes are sent in pieces of `pieceBytes`. */
export const maxFrameBytes = 32 * 2 ** 20;
export const pieceBytes = 65_536;

const empty = Buffer.alloc(0);

export function encodeFrame(kind: FrameKind, payload: Uint8Array = empty): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame[0] = frameKinds[kind];
  frame.writeUInt32BE(payload.length, 1);
  frame.set(payload, headerBytes);
  return frame;
}

export const encodeJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value ?? null));

export function encodeAck(count: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(count >>> 0);
  return encodeFrame("ack", payload);
}

/** Bytes in pieces, so that one large value does not hold up the other streams of a connection. */
export function* piecesOf(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes);
}

/** Returns the frames that a chunk completes. Throws on what is no frame. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let parts: Buffer[] = [];
  let length = 0;
  /** Bytes of the frame that is being received, once its header is known. */
  let wanted = headerBytes;
  const join = () => {
    const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length);
    parts = [all];
    return all;
  };
  return (chunk) => {
    parts.push(chunk);
    length += chunk.length;
    const frames: Frame[] = [];
    while (length >= wanted) {
      const all = join();
      const size = all.readUInt32BE(1);
      const kind = names[all[0] ?? 0];
      if (kind === undefined || size > maxFrameBytes) throw new Error(`a frame of kind ${all[0]} with ${size} bytes is not known`);
      wanted = headerBytes + size;
      if (length < wanted) break;
      frames.push({ kind, payload: all.subarray(headerBytes, wanted) });
      length -= wanted;
      parts = length === 0 ? [] : [all.subarray(wanted)];
      wanted = headerBytes;
    }
    return frames;
  };
}
