import { expect, test } from "vitest";
import { createFrameReader, encodeFrame, encodeJson, maxFrameBytes } from "./frames.ts";

const frames = [
  encodeFrame("message", encodeJson({ path: "ünï" })),
  encodeFrame("bytes", Buffer.alloc(200_000, 7)),
  encodeFrame("end"),
  encodeFrame("result", encodeJson(undefined)),
];

test.each([1, 3, 4096, 1_000_000])("frames are read from pieces of %i bytes", (size) => {
  const all = Buffer.concat(frames);
  const read = createFrameReader();
  const seen = [];
  for (let at = 0; at < all.length; at += size) seen.push(...read(all.subarray(at, at + size)));
  expect(seen.map(({ kind, payload }) => [kind, payload.length])).toEqual([
    ["message", 16],
    ["bytes", 200_000],
    ["end", 0],
    ["result", 4],
  ]);
  expect(seen[0]?.payload.toString()).toBe('{"path":"ünï"}');
});

test("what is no frame is an error before it fills the memory", () => {
  expect(() => createFrameReader()(Buffer.from("HTTP/1.1 200 OK"))).toThrow("not known");
  const header = encodeFrame("bytes");
  header.writeUInt32BE(maxFrameBytes + 1, 1);
  expect(() => createFrameReader()(header)).toThrow("not known");
});
