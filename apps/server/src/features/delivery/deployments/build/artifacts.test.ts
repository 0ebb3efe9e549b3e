import { execFileSync } from "node:child_process";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../../testing/temporary.ts";
import { createArtifactStore } from "./artifacts.ts";

const isRoot = process.getuid?.() === 0;
test.skipIf(!isRoot)("a full disk is reported as such, and stored files remain", async () => {
  const dir = temporaryFolder("artifacts");
  execFileSync("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "none", dir]);
  try {
    const artifacts = createArtifactStore({ dir });
    const ref = (id: string) => ({ project_id: "shop", id });
    const add = async (id: string, bytes: number) => {
      const writer = await artifacts.create(ref(id));
      await writer.add("index.html", 0o644, Readable.from([Buffer.alloc(bytes)]), { fileBytes: 4 << 20 });
      await writer.complete();
    };
    const full = { code: "storage_full" };
    await add("one", 600 << 10);
    await expect(add("two", 600 << 10)).rejects.toMatchObject(full);
    expect(await artifacts.find(ref("two"))).toBe(undefined);
    await expect(artifacts.copy(ref("one"), ref("three"))).rejects.toMatchObject(full);
    expect((await artifacts.find(ref("one")))?.totalBytes).toBe(600 << 10);
  } finally {
    execFileSync("/usr/bin/umount", ["-l", dir]);
  }
});
