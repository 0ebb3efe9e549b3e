import { hash } from "node:crypto";

/** SHA-256 of the content, base64url. */
export type ChunkId = string;
export const idOf = (data: Uint8Array): ChunkId => hash("sha256", data, "base64url");

/** Sizes of chunks in bytes. `averageBits`: a border after about 2^20 bytes. */
const sizes = { minimum: 256 * 1024, maximum: 4 * 2 ** 20, averageBits: 20 };

/** One random number per byte value. Changing them would change every border, and with it what later backups share with earlier ones. */
const gear = (() => {
  const table = new Int32Array(256);
  let state = 0x9e3779b9;
  for (let i = 0; i < 256; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    table[i] = state;
  }
  return table;
})();
const mask = (2 ** sizes.averageBits - 1) << (32 - sizes.averageBits);

/** The length of the first chunk of `data`. */
function firstBorder(data: Uint8Array): number {
  const end = Math.min(data.length, sizes.maximum);
  let hash = 0;
  for (let i = sizes.minimum; i < end; i++) {
    hash = ((hash << 1) + (gear[data[i] as number] as number)) | 0;
    if ((hash & mask) === 0) return i + 1;
  }
  return end;
}

/**
 * Splits a stream where its content says so (a rolling hash): an insertion changes the chunks around it only, so a dump or a file that
 * changed in one place shares the rest with its previous backup. Files below 256 KiB are one chunk.
 */
export async function* splitChunks(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let rest: Buffer = Buffer.alloc(0);
  const waiting: Buffer[] = [];
  let length = 0;
  const collect = () => {
    rest = waiting.length === 0 ? rest : Buffer.concat([rest, ...waiting.splice(0)]);
    length = 0;
  };
  for await (const part of source) {
    waiting.push(Buffer.from(part));
    length += part.byteLength;
    if (rest.length + length < sizes.maximum) continue;
    collect();
    while (rest.length >= sizes.maximum) {
      const border = firstBorder(rest);
      yield rest.subarray(0, border);
      rest = rest.subarray(border);
    }
  }
  collect();
  while (rest.length > 0) {
    const border = firstBorder(rest);
    yield rest.subarray(0, border);
    rest = rest.subarray(border);
  }
}
