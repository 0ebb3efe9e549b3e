/** The last bytes a terminal wrote, for clients that attach later: a ring buffer of up to `maxBytes`. */
export interface Scrollback {
  push(chunk: Uint8Array): void;
  /** Everything kept. After truncation it begins with a whole line if one is near, otherwise with a whole character. */
  read(): Uint8Array;
}

const firstBytes = 16 * 1024;
/** Maximum distance to the first line end. */
const lineReach = 4096;

export function createScrollback(maxBytes: number): Scrollback {
  let ring = Buffer.alloc(Math.min(maxBytes, firstBytes));
  let start = 0;
  let size = 0;
  let hasForgotten = false;
  const inOrder = () =>
    Buffer.concat([ring.subarray(start, Math.min(start + size, ring.length)), ring.subarray(0, Math.max(0, start + size - ring.length))]);
  return {
    push(chunk) {
      const given = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const bytes = given.subarray(Math.max(0, given.length - maxBytes));
      if (bytes.length < given.length) hasForgotten = true;
      if (size + bytes.length > ring.length && ring.length < maxBytes) {
        const grown = Buffer.alloc(Math.min(maxBytes, Math.max(ring.length * 2, size + bytes.length)));
        inOrder().copy(grown);
        ring = grown;
        start = 0;
      }
      const end = (start + size) % ring.length;
      const untilWrap = Math.min(bytes.length, ring.length - end);
      bytes.copy(ring, end, 0, untilWrap);
      bytes.copy(ring, 0, untilWrap);
      size += bytes.length;
      if (size > ring.length) {
        start = (start + size - ring.length) % ring.length;
        size = ring.length;
        hasForgotten = true;
      }
    },
    read() {
      const all = inOrder();
      if (!hasForgotten) return all;
      const line = all.subarray(0, lineReach).indexOf(0x0a);
      if (line !== -1 && line + 1 < all.length) return all.subarray(line + 1);
      let at = 0;
      // 0b10xxxxxx continues a truncated character.
      while (at < 4 && at < all.length && (all.readUInt8(at) & 0xc0) === 0x80) at += 1;
      return all.subarray(at);
    },
  };
}
