import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { folderSource } from "./file-source.ts";

let folder: string | undefined;
afterEach(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});
const fill = async (): Promise<string> => {
  folder = await mkdtemp(join(tmpdir(), "source-"));
  await mkdir(join(folder, "src/deep"), { recursive: true });
  await writeFile(join(folder, "readme.txt"), "read me");
  await writeFile(join(folder, "src/deep/main.js"), "main");
  return folder;
};

test("the id of a folder follows every change of its files, and is that of a source that never read it before", async () => {
  const dir = await fill();
  // Also what was changed just now.
  const source = folderSource(dir, Number.NEGATIVE_INFINITY);
  const ids = [await source.id()];
  const change = async (work: Promise<unknown>) => {
    await work;
    ids.push(await source.id());
    expect(await source.id()).toBe(ids.at(-1));
    expect(await folderSource(dir).id()).toBe(ids.at(-1));
  };
  await change(writeFile(join(dir, "src/deep/main.js"), "longer"));
  await change(writeFile(join(dir, "src/deep/new.js"), "new"));
  await change(rename(join(dir, "src/deep/new.js"), join(dir, "src/moved.js")));
  await change(mkdir(join(dir, "empty")));
  await change(rm(join(dir, "readme.txt")));
  expect(new Set(ids).size).toBe(ids.length);
  // Links are left out.
  await symlink("/etc/passwd", join(dir, "link"));
  expect(await source.id()).toBe(ids.at(-1));
  await rm(dir, { recursive: true });
  await expect(source.id()).rejects.toThrow("ENOENT");
});

test("a file that may have changed twice at the same time is read again", async () => {
  const dir = await fill();
  const source = folderSource(dir);
  const first = await source.id();
  await writeFile(join(dir, "readme.txt"), "READ ME");
  expect(await source.id()).not.toBe(first);
});
