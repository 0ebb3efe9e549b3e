import { duplexPair, type Duplex } from "node:stream";
import { expect, test } from "vitest";
import { createLink, type Link } from "./link.ts";

const number = (n: number) => Buffer.from(String(n));

/** Two links on one stream; `cut` loses what is on its way and attaches both to another one. */
function pair(windowBytes = 10_000) {
  const left = createLink({ windowBytes });
  const right = createLink({ windowBytes });
  let streams: Duplex[] = [];
  const attach = () => {
    const [a, b] = duplexPair();
    streams = [a, b];
    const received = [left.received, right.received] as const;
    left.attach(a, received[1]);
    right.attach(b, received[0]);
  };
  attach();
  return {
    left,
    right,
    detach: () => {
      for (const stream of streams) stream.destroy();
    },
    attach,
    cut() {
      for (const stream of streams) stream.destroy();
      attach();
    },
  };
}

async function takeNumbers(link: Link, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) taken.push(Number((await link.take()).payload.toString()));
  return taken;
}
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

test("frames arrive once and in order, however often the stream is lost", async () => {
  const { left, right, cut } = pair();
  const sending = (async () => {
    for (const n of numbers(3000)) {
      await Promise.all([left.send("bytes", number(n)), right.send("bytes", number(n))]);
      if (n % 97 === 0) cut();
    }
  })();
  const [there, back] = await Promise.all([takeNumbers(right, 3000), takeNumbers(left, 3000)]);
  await sending;
  expect(there).toEqual(numbers(3000));
  expect(back).toEqual(numbers(3000));
});

test("a consumer that does not take holds up the producer", async () => {
  const { left, right, cut } = pair(10_000);
  let sent = 0;
  const sending = (async () => {
    while (sent < 1000) {
      await left.send("bytes", Buffer.alloc(1000));
      sent += 1;
    }
  })();
  await new Promise((resolve) => setImmediate(resolve));
  cut();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBeLessThan(25);
  for (let n = 0; n < 1000; n++) expect((await right.take()).payload).toHaveLength(1000);
  await sending;
});

test("without a stream the producer waits, and continues on the next one", async () => {
  const { left, right, detach, attach } = pair(1000);
  detach();
  const sending = (async () => {
    for (const n of numbers(100)) await left.send("message", number(n));
  })();
  await new Promise((resolve) => setImmediate(resolve));
  attach();
  expect(await takeNumbers(right, 100)).toEqual(numbers(100));
  await sending;
});

test("everyone who waits fails with the link", async () => {
  const { left, right } = pair(100);
  const sending = left.send("bytes", Buffer.alloc(1000));
  const taking = left.take();
  const draining = left.drained();
  left.fail(new Error("gone"));
  for (const waiting of [sending, taking, draining]) await expect(waiting).rejects.toThrow("gone");
  await expect(left.send("bytes")).rejects.toThrow("gone");
  expect((await right.take()).payload).toHaveLength(1000);
});

test("a peer cannot have received more than was sent", () => {
  const link = createLink();
  expect(() => link.attach(duplexPair()[0], 1)).toThrow("cannot have been received");
});
