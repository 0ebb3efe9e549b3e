import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reachable, releaseReachable } from "./reachable.ts";
import { run } from "./run.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "reach-"));
  chmodSync(base, 0o755);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test("a folder that everybody can enter keeps its path", async () => {
  const dir = join(base, "open");
  mkdirSync(dir, { mode: 0o700 });
  expect(await reachable(dir)).toBe(dir);
  await releaseReachable(dir);
});

const isRoot = process.getuid?.() === 0;
describe.skipIf(!isRoot)(`below a closed home${isRoot ? "" : " (skipped: not root)"}`, () => {
  const asNobody = (...argv: string[]) => run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--", ...argv]);
  let dir: string;
  beforeEach(() => {
    mkdirSync(join(base, "home"), { mode: 0o700 });
    dir = join(base, "home/data");
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, "file"), "content");
    chmodSync(join(dir, "file"), 0o644);
  });

  test("it is reached by another path, the same one again and again", async () => {
    await expect(asNobody("cat", join(dir, "file"))).rejects.toThrow("Permission denied");
    const path = await reachable(dir);
    expect(path).toMatch(/^\/run\/tesslate-[0-9a-f]{12}\/at$/);
    expect(await asNobody("cat", join(path, "file"))).toBe("content");
    expect(await reachable(dir)).toBe(path);
    writeFileSync(join(path, "new"), "through the mount");
    expect(readFileSync(join(dir, "new"), "utf8")).toBe("through the mount");
    await releaseReachable(dir);
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("content");
  });

  test("mounts of deleted folders are taken away by the next caller", async () => {
    const path = await reachable(dir);
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    expect(existsSync(join(path, "file"))).toBe(false);
    const again = await reachable(dir);
    writeFileSync(join(dir, "file"), "new content");
    chmodSync(join(dir, "file"), 0o644);
    expect(await asNobody("cat", join(again, "file"))).toBe("new content");
    await releaseReachable(dir);
  });
});
