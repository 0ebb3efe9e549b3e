import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildS3Gateway, startS3Gateway, type S3Gateway } from "@tesslate/testkit/s3-gateway";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../testing/temporary.ts";
import { describeObjectStore } from "./conformance.ts";
import { createFolderStore } from "./folder-store.ts";
import { createS3Store } from "./s3-store.ts";

const keys = { accessKeyId: "AKIATEST", secretAccessKey: "the-secret-key" };
const built = buildS3Gateway();

describe.skipIf("missing" in built)(`a real S3 server${"missing" in built ? ` (skipped: ${built.missing})` : ""}`, () => {
  let gateway: S3Gateway;
  let opened = 0;
  beforeAll(async () => {
    gateway = await startS3Gateway("program" in built ? built.program : "", { bucket: "studio", ...keys });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  const open = (prefix: string) => {
    const scratchDir = temporaryFolder("scratch");
    const store = createS3Store({
      bucket: "studio",
      prefix,
      region: "us-east-1",
      endpoint: gateway.endpoint,
      isPathStyle: true,
      ...keys,
      scratchDir,
    });
    return { store, scratchDir, [Symbol.asyncDispose]: async () => undefined };
  };
  describeObjectStore("the Versity gateway", async () => open(`prefix ${opened++}/of it`), { partBytes: 8 * 2 ** 20 });

  test("parts of a killed upload are found and aborted after their time", async () => {
    const { store } = open("killed");
    const started = Promise.withResolvers<void>();
    async function* endless() {
      yield Buffer.alloc(17 * 2 ** 20);
      started.resolve();
      await new Promise<never>(() => undefined);
    }
    void store.put("exports/a", endless());
    await started.promise;
    await expect.poll(() => store.removeUnfinished(new Date(Date.now() + 3_600_000))).toBe(1);
    expect(await store.removeUnfinished(new Date(Date.now() + 3_600_000))).toBe(0);
    expect(await store.head("exports/a")).toBeUndefined();
  });
});

/** Writes objects without an end, and prints each key when it is stored. */
const writer = (dir: string, module: string) => `
import { createFolderStore } from ${JSON.stringify(module)};
const store = createFolderStore({ dir: ${JSON.stringify(dir)}, scratchDir: ${JSON.stringify(join(dir, "scratch"))} });
for (let i = 0; ; i++) {
  const key = "exports/" + (i % 7) + "/" + i;
  await store.put(key, (async function* () { for (let n = 0; n < 8; n++) yield Buffer.alloc(100_000, String(i % 10)); })());
  process.stdout.write(key + "\\n");
}`;

test("kill -9 during writes: each object is complete or absent, and acknowledged ones are there", async () => {
  for (const ms of [150, 250, 400, 600]) {
    const dir = temporaryFolder("killed");
    const file = join(temporaryFolder("writer"), "writer.ts");
    writeFileSync(file, writer(dir, join(import.meta.dirname, "folder-store.ts")));
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await once(child.stdout, "data");
    setTimeout(() => child.kill("SIGKILL"), ms);
    await once(child, "close");
    const store = createFolderStore({ dir, scratchDir: join(dir, "scratch") });
    const found = new Map<string, number>();
    for await (const { key, bytes } of store.list("exports/")) found.set(key, bytes);
    const acknowledged = output.split("\n").slice(0, -1);
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const key of acknowledged) expect(found.get(key)).toBe(800_000);
    expect([...found.values()].every((bytes) => bytes === 800_000)).toBe(true);
    await store.removeUnfinished(new Date(Date.now() + 60_000));
    expect(await store.removeUnfinished(new Date(Date.now() + 60_000))).toBe(0);
  }
});
