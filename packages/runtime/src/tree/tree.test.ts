import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../run.ts";
import { createHostTree } from "./tree.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "tree-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));
const open = (dir = base) => {
  for (const name of ["files", "tmp"]) mkdirSync(join(dir, name), { recursive: true });
  return createHostTree({ host: join(dir, "files"), tmp: join(dir, "tmp"), inside: "/app", owner: undefined });
};

test("lists 10,000 files quickly without blocking others", async () => {
  const tree = open();
  for (let dir = 0; dir < 100; dir++) {
    mkdirSync(join(base, `files/d${dir}`));
    for (let file = 0; file < 100; file++) writeFileSync(join(base, `files/d${dir}/f${file}`), "x");
  }
  await tree.walk();
  const times: number[] = [];
  let longestPause = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longestPause = Math.max(longestPause, performance.now() - last);
    last = performance.now();
  }, 1);
  for (let i = 0; i < 5; i++) {
    const before = process.cpuUsage();
    expect(await tree.walk()).toHaveLength(10_100);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  clearInterval(beat);
  const best = Math.min(...times);
  process.stdout.write(
    `walk of 10,000 files: ${Math.round(best)} ms of processor at best of 5, longest pause for others ${Math.round(longestPause)} ms\n`,
  );
  // The target is 150 ms; a slow machine gets room. Load of other processes does not count.
  expect(best).toBeLessThan(600);
}, 60_000);

test("leaves nothing behind when it cannot write", async () => {
  const tree = open();
  await tree.write("f", "1");
  await expect(tree.write("f", "2", { ifMatch: "other" })).rejects.toMatchObject({ code: "etag_mismatch" });
  await expect(tree.write("f", "2", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "exists" });
  await expect(tree.write(`${"n".repeat(300)}`, "2")).rejects.toMatchObject({ code: "not_supported" });
  await tree.mkdir("d/e");
  await tree.write("d/e/f", "x");
  await tree.remove("d", { recursive: true });
  expect(readdirSync(join(base, "tmp"))).toEqual([]);
});

test("creates and reads links as written, and follows them only inside", async () => {
  const tree = open();
  await tree.write("real/file", "x");
  await tree.link("a/inner", "../real/file");
  await tree.link("outer", "/etc/passwd");
  await tree.link("up", "../../../etc/passwd");
  expect(await tree.readLink("a/inner")).toBe("../real/file");
  expect(await tree.readLink("outer")).toBe("/etc/passwd");
  expect(await tree.readLink("real/file")).toBeUndefined();
  expect(await tree.readLink("none")).toBeUndefined();
  expect((await tree.walk()).filter((entry) => entry.isLink).map((entry) => entry.path)).toEqual(["a/inner", "outer", "up"]);
  expect(new TextDecoder().decode((await tree.read("a/inner")).data)).toBe("x");
  for (const path of ["outer", "up"]) await expect(tree.read(path)).rejects.toMatchObject({ code: "outside_tree" });
  await expect(tree.link("outer", "x")).rejects.toMatchObject({ code: "exists" });
  await expect(tree.link("outer/below", "x")).rejects.toMatchObject({ code: "outside_tree" });
  expect(readdirSync(join(base, "tmp"))).toEqual([]);
});

test("keeps the mode of a file it replaces", async () => {
  const tree = open();
  await tree.write("run.sh", "#!/bin/sh", { mode: 0o755 });
  await tree.write("run.sh", "#!/bin/sh\necho hi");
  expect(await run([join(base, "files/run.sh")])).toBe("hi\n");
});

const isRoot = process.getuid?.() === 0;
test.skipIf(!isRoot)("reports a full disk and keeps what was there", async () => {
  const disk = join(base, "disk");
  mkdirSync(disk);
  await run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk]);
  try {
    const tree = open(disk);
    await tree.write("kept", "before");
    await expect(tree.write("kept", Buffer.alloc(2 << 20))).rejects.toMatchObject({ code: "storage_full" });
    await expect(tree.write("big", Buffer.alloc(2 << 20))).rejects.toMatchObject({ code: "storage_full" });
    expect(new TextDecoder().decode((await tree.read("kept")).data)).toBe("before");
    expect((await tree.walk()).map((e) => e.path)).toEqual(["kept"]);
    expect(readdirSync(join(disk, "tmp"))).toEqual([]);
  } finally {
    await run(["umount", "-l", disk]);
  }
});
