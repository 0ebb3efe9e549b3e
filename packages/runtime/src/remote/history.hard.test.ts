import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { is } from "../conformance/observe.ts";
import { openSandboxDriver, unavailableHere } from "../sandbox/availability.ts";
import { overConnection } from "./conformance.fixture.ts";

const skip = unavailableHere() !== undefined;

async function open() {
  const dataDir = await mkdtemp(join(tmpdir(), "runner-"));
  const driver = await overConnection(await openSandboxDriver({ dataDir }));
  onTestFinished(async () => {
    await driver.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return driver.open({ id: "a" });
}
async function all(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.skipIf(skip)(
  "a point keeps attachments, and its entries are read on demand",
  async () => {
    const { files, history } = await open();
    const big = Buffer.alloc(300_000, "big");
    await files.write("a.txt", "small");
    await files.write("b.bin", big);
    await files.write("c.bin", big);
    await files.write("d.txt", "last");
    const dump = Buffer.alloc(500_000, "dump");
    const attachments = {
      "databases/one.sql": { size: dump.length, data: () => [dump] },
      "two.json": { size: 2, data: () => [Buffer.from("{}")] },
    };
    expect(await history.capture("snapshot/one", { attachments })).toMatchObject({ attachments: Object.keys(attachments) });
    const kept = await history.attachment("snapshot/one", "databases/one.sql");
    expect(kept?.size).toBe(dump.length);
    expect(Buffer.compare(await all(kept?.data as AsyncIterable<Buffer>), dump)).toBe(0);
    expect(await history.attachment("snapshot/one", "none")).toBeUndefined();
    const wrong = { "x.sql": { size: 3, data: () => [Buffer.from("more")] } };
    await expect(history.capture("snapshot/two", { attachments: wrong })).rejects.toSatisfy(is("not_supported"));

    const read: [string, number | string][] = [];
    for await (const { path, size, content } of history.read("snapshot/one"))
      if (path === "b.bin") read.push([path, "skipped"]);
      else if (path === "c.bin") read.push([path, (await all(content())).length]);
      else if (path === "a.txt") read.push([path, size]);
      else read.push([path, (await all(content())).toString()]);
    expect(read).toEqual([
      ["a.txt", 5],
      ["b.bin", "skipped"],
      ["c.bin", 300_000],
      ["d.txt", "last"],
    ]);
    for await (const { path } of history.read("snapshot/one")) if (path === "b.bin") break;
    await expect(all(history.read("none") as unknown as AsyncIterable<Uint8Array>)).rejects.toSatisfy(is("not_found"));
    const progress: number[] = [];
    await files.remove("c.bin");
    expect(await history.restore("snapshot/one", { onProgress: (done) => progress.push(done) })).toMatchObject({ written: 1 });
    expect(progress.length).toBeGreaterThan(0);
  },
  60_000,
);
