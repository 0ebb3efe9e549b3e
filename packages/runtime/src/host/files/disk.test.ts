import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchDisk, type DiskWatch } from "./disk.ts";

let dir: string;
let disk: DiskWatch;
let walks = 0;
let cpu = 0;
let isActive = true;
let ended: () => void = () => {};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "disk-"));
  mkdirSync(join(dir, "files"));
  [walks, cpu, isActive] = [0, 0, true];
  disk = watch({});
});
const watch = (options: { isNew?: boolean }) =>
  watchDisk({
    folders: [join(dir, "files")],
    whole: [],
    owner: undefined,
    limitBytes: () => 24 * 2 ** 20,
    isActive: () => isActive,
    cpuSeconds: async () => cpu,
    // Called at every walk, and only then.
    more: async () => (walks++, 0),
    everyMs: 20,
    onGrowing: async () => {
      isActive = false;
      ended();
    },
    onError: (error) => {
      throw error;
    },
    ...options,
  });
afterEach(() => {
  disk.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("walks the tree of an idle project once, of a frozen one never", async () => {
  disk.ensureWatching();
  await expect.poll(() => walks).toBe(1);
  // Others may fill the disk: no program here used CPU time.
  writeFileSync(join(dir, "others"), Buffer.alloc(40 * 2 ** 20, 1));
  await sleep(300);
  expect(walks).toBe(1);
  isActive = false;
  disk.ensureWatching();
  cpu += 1;
  await sleep(100);
  expect(walks).toBe(1);
});

test("ends a project that exceeds its limit while it runs", async () => {
  disk.ensureWatching();
  await expect.poll(() => walks).toBe(1);
  const isEnded = new Promise<void>((resolve) => (ended = resolve));
  writeFileSync(join(dir, "files/big"), Buffer.alloc(40 * 2 ** 20, 1));
  cpu += 0.01;
  await isEnded;
  expect(walks).toBe(2);
});

test("a start in a new project does not wait for a walk; a write does, and so does a start in an older project", async () => {
  const created = watch({ isNew: true });
  await created.checkSpace();
  expect(walks).toBe(0);
  await created.checkSpace(1);
  expect(walks).toBe(1);
  writeFileSync(join(dir, "files/big"), Buffer.alloc(40 * 2 ** 20, 1));
  await expect(disk.checkSpace()).rejects.toMatchObject({ code: "storage_full" });
  expect(walks).toBe(2);
});
