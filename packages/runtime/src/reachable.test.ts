import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reachable, releaseHolder, releaseReachable } from "./reachable.ts";
import { run } from "./run.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "reach-"));
  chmodSync(base, 0o755);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test("a folder that everybody can traverse keeps its path", async () => {
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

  test("returns another path, and the same one repeatedly", async () => {
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

  test("the next caller removes mounts of deleted folders", async () => {
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

  const mountsAt = (path: string) =>
    readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.split(" ")[4] === path);

  test("it stays until its last holder released it", async () => {
    const path = await reachable(dir, { holder: "one" });
    expect(await reachable(dir, { holder: "two" })).toBe(path);
    await releaseReachable(dir, { holder: "one" });
    expect(await asNobody("cat", join(path, "file"))).toBe("content");
    await releaseHolder("two");
    expect(existsSync(path)).toBe(false);
  });

  test("concurrent callers, in one process or several, get one mount, and it is removed once", async () => {
    const other = join(base, "home/other");
    mkdirSync(other);
    // Something to clean up for all of them.
    const orphan = await reachable(other);
    rmSync(other, { recursive: true });
    const here = Array.from({ length: 20 }, (_, i) => reachable(dir, { holder: `here-${i}` }));
    const script = `import { reachable, releaseReachable } from ${JSON.stringify(join(import.meta.dirname, "reachable.ts"))};
      const [dir] = process.argv.slice(1);
      const paths = await Promise.all(Array.from({ length: 6 }, (_, i) => reachable(dir, { holder: String(i) })));
      await Promise.all(Array.from({ length: 6 }, (_, i) => releaseReachable(dir, { holder: String(i) })));
      if (new Set(paths).size !== 1) process.exit(9);`;
    const there = Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, dir], { stdio: ["ignore", "inherit", "inherit"] });
      return (await once(child, "exit"))[0] as number | null;
    });
    const paths = await Promise.all(here);
    expect(await Promise.all(there)).toEqual([0, 0, 0, 0, 0]);
    const [path = ""] = paths;
    expect(new Set(paths).size).toBe(1);
    expect(mountsAt(path)).toHaveLength(1);
    expect(mountsAt(orphan)).toEqual([]);
    expect(await asNobody("cat", join(path, "file"))).toBe("content");
    await Promise.all(here.map((_, i) => releaseReachable(dir, { holder: `here-${i}` })));
    expect(mountsAt(path)).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  test("a holder that never released it does not keep it forever", async () => {
    const script = `import { reachable } from ${JSON.stringify(join(import.meta.dirname, "reachable.ts"))};
      process.stdout.write(await reachable(process.argv[1], { holder: "killed" })); process.kill(process.pid, "SIGKILL");`;
    const path = await run([process.execPath, "--input-type=module", "-e", script, dir]).catch(() => "");
    expect(path).toBe("");
    const again = await reachable(dir);
    await releaseReachable(dir);
    expect(existsSync(again)).toBe(false);
  });
});
