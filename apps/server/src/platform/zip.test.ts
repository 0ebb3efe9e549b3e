import { once } from "node:events";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { fromBufferPromise } from "yauzl";
import { expect, test } from "vitest";
import { createZip, tieSource } from "./zip.ts";

test("any number of sources leave no listener at the archive", async () => {
  const { zip, out } = createZip();
  const before = out.listenerCount("close");
  for (let i = 0; i < 30; i++)
    zip.addReadStreamLazy(`${i}.txt`, {}, (give) => {
      expect(out.listenerCount("close")).toBeLessThan(before + 5);
      give(null, tieSource(out, Readable.from([Buffer.from("x")])));
    });
  zip.end();
  const read = await fromBufferPromise(await buffer(out), { lazyEntries: true });
  expect(read.entryCount).toBe(30);
  expect(out.listenerCount("close")).toBeLessThan(before + 5);
});

test("a source that fails destroys the archive", async () => {
  const { zip, out } = createZip();
  const source = new Readable({ read: () => source.destroy(new Error("the disk failed")) });
  zip.addReadStream(tieSource(out, source), "a.txt");
  zip.end();
  await expect(buffer(out)).rejects.toThrow("the disk failed");
});

test("a source of another size than declared destroys the archive", async () => {
  const { zip, out } = createZip();
  zip.addReadStream(Readable.from([Buffer.from("four")]), "a.txt", { size: 3 });
  zip.end();
  await expect(buffer(out)).rejects.toThrow("unexpected number of bytes");
});

test("an archive that is closed early destroys its source, also one that is added later", async () => {
  const { zip, out } = createZip();
  const source = new Readable({ read() {} });
  zip.addReadStream(tieSource(out, source), "a.txt");
  out.resume();
  out.destroy();
  await once(source, "close");
  expect(tieSource(out, Readable.from(["late"])).destroyed).toBe(true);
});
