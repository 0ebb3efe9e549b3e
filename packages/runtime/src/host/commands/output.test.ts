import { expect, test } from "vitest";
import { createOutput } from "./output.ts";
import { parseListeners } from "../services/ports.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ["all of it when it fits", 10, ["12345", "67890"], "1234567890"],
  ["nothing of nothing", 10, [], ""],
  ["both ends when it does not", 10, ["abcdefghijklmnop"], "abcde\n… 6 bytes omitted …\nlmnop"],
  ["both ends of many pieces", 4, [..."abcdefgh"], "ab\n… 4 bytes omitted …\ngh"],
])("output keeps %s", (_, max, pieces, text) => {
  const output = createOutput(max);
  for (const piece of pieces) output.push(bytes(piece));
  expect(output.text()).toBe(text);
});

test("binary output keeps its bytes", () => {
  const output = createOutput(100, "latin1");
  output.push(Buffer.from([0x63, 0xe9, 0x00, 0xff]));
  expect(output.text()).toBe("c\xe9\0\xff");
});

test("output returns whole characters as they complete", () => {
  const output = createOutput(100);
  const euro = bytes("€");
  expect([output.push(euro.subarray(0, 2)), output.push(euro.subarray(2))]).toEqual(["", "€"]);
  expect(output.text()).toBe("€");
});

test("listening rows of /proc/net/tcp", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1388 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1
`;
  expect(parseListeners(table)).toEqual([
    { port: 5000, inode: "4711" },
    { port: 3000, inode: "4713" },
  ]);
});
