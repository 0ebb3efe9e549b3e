/** The last bytes a terminal wrote, for whoever attaches later. Oldest bytes are dropped whole chunks at a time. */
export interface Scrollback {
  push(chunk: Uint8Array): void;
  /** Everything kept, starting at a character boundary. */
  read(): Uint8Array;
}
export function createScrollback(maxBytes: number): Scrollback {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.byteLength;
      while (size > maxBytes && chunks.length > 1) size -= chunks.shift()?.byteLength ?? 0;
      const only = chunks[0];
      if (size > maxBytes && only) {
        chunks[0] = only.subarray(only.byteLength - maxBytes);
        size = maxBytes;
      }
    },
    read() {
      const all = Buffer.concat(chunks);
      let start = 0;
      // 0b10xxxxxx continues a character whose beginning was dropped.
      while (start < 4 && start < all.length && (all.readUInt8(start) & 0xc0) === 0x80) start += 1;
      return all.subarray(start);
    },
  };
}
