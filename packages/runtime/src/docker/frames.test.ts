import { expect, test } from "vitest";
import { createFrames } from "./frames.ts";

test("reassembles frames from any chunks", () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([frame(1, "out ü\n"), frame(2, ""), frame(2, "err\n"), frame(1, "x".repeat(3_000))]);
  for (const size of [1, 7, 8, 9, 512, bytes.length]) {
    const seen: [string, string][] = [];
    const take = createFrames((stream, payload) => seen.push([stream, payload.toString()]));
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
    expect(seen).toEqual([
      ["stdout", "out ü\n"],
      ["stderr", ""],
      ["stderr", "err\n"],
      ["stdout", "x".repeat(3_000)],
    ]);
  }
});
