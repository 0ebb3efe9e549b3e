import { StringDecoder } from "node:string_decoder";

/** Keeps the beginning and the end of a stream; drops the middle with a note. */
export interface Output {
  /** Returns the chunk as text, whole characters only. */
  push(chunk: Uint8Array): string;
  text(): string;
}

export function createOutput(maxBytes: number, encoding: "utf8" | "latin1" = "utf8"): Output {
  const decoder = new StringDecoder("utf8");
  const headMax = Math.ceil(maxBytes / 2);
  const tailMax = maxBytes - headMax;
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let dropped = 0;
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk);
      const fits = bytes.subarray(0, headMax - headBytes);
      if (fits.length > 0) {
        head.push(fits);
        headBytes += fits.length;
      }
      const rest = bytes.subarray(fits.length);
      if (rest.length > 0) {
        tail.push(rest);
        tailBytes += rest.length;
        // Trim rarely: concatenating every small chunk would be quadratic.
        if (tailBytes > 2 * tailMax + 65_536) trim();
      }
      return decoder.write(bytes);
    },
    text() {
      trim();
      const note = dropped === 0 ? [] : [Buffer.from(`\n… ${dropped} bytes omitted …\n`)];
      return Buffer.concat([...head, ...note, ...tail]).toString(encoding);
    },
  };
  function trim() {
    if (tailBytes <= tailMax) return;
    const all = Buffer.concat(tail);
    const kept = Buffer.from(all.subarray(all.length - tailMax));
    dropped += all.length - kept.length;
    tail = [kept];
    tailBytes = kept.length;
  }
}
