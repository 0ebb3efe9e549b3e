import { expect, test } from "vitest";
import { watchDataFrames } from "./websocket-frames.ts";

function frame(opcode: number, length: number, isMasked: boolean): Buffer {
  const size =
    length < 126
      ? Buffer.from([length])
      : length < 65_536
        ? Buffer.from([126, length >> 8, length & 255])
        : Buffer.from([127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]);
  if (isMasked) size[0] = (size[0] ?? 0) | 0x80;
  return Buffer.concat([
    Buffer.from([0x80 | opcode]),
    size,
    isMasked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0),
    Buffer.alloc(length, 0x81),
  ]);
}
const stream = Buffer.concat([
  frame(9, 4, true),
  frame(1, 15, true),
  frame(10, 0, false),
  frame(2, 300, false),
  frame(1, 70_000, true),
  frame(8, 2, true),
  frame(0, 0, false),
]);

test.each([1, 2, 3, 7, 100, stream.length])("counts data frames in pieces of %i bytes", (size) => {
  let count = 0;
  const watch = watchDataFrames(() => count++);
  for (let at = 0; at < stream.length; at += size) watch(stream.subarray(at, at + size));
  expect(count).toBe(4);
});
