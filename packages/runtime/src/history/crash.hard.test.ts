import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../log.ts";
import { openHistory } from "./history.ts";
import { collectPoint, readTree, removeWorlds, scratch, world } from "./world.fixture.ts";

afterEach(removeWorlds);

describe("while someone swaps folders", () => {
  test("a folder repeatedly swapped for a link never leads outside", async () => {
    const { base, host, write, history } = world();
    const outside = join(base, "outside");
    mkdirSync(outside);
    for (let i = 0; i < 50; i++) {
      writeFileSync(join(outside, `f${i}`), "PLANTED SECRET");
      write(`d/f${i}`, "mine");
    }
    // -T: never into an existing folder; a restore may have restored the link.
    const swapper = spawn("sh", ["-c", `cd ${host} && while :; do mv -T d e && ln -sT ${outside} d && rm d && mv -T e d; done`], {
      stdio: "ignore",
    });
    try {
      for (let i = 0; i < 20; i++) {
        await history.capture(`p/${i}`).catch(() => undefined);
        await history.restore(`p/${i}`).catch(() => undefined);
      }
    } finally {
      swapper.kill("SIGKILL");
    }
    await sleep(50);
    for (const name of await history.names())
      for (const content of Object.values(await collectPoint(history, name))) expect(content).not.toContain("PLANTED");
    for (let i = 0; i < 50; i++) expect(readFileSync(join(outside, `f${i}`), "utf8")).toBe("PLANTED SECRET");
    expect(readdirSync(outside)).toHaveLength(50);
  });
});

describe("during an operation", () => {
  /** Enough files that a kill falls between two of them. */
  const fill = (write: (path: string, text: string) => void, mark: string, count = 400) => {
    for (let i = 0; i < count; i++) write(`d${i % 20}/f${i}`, `${mark} ${i}`);
    write(`only-${mark}`, mark);
  };

  test("kill -9 during a restore: the next opening finds the old or the new tree, nothing in between", { timeout: 120_000 }, async () => {
    const { base, host, tmp, write, open, history } = world();
    fill(write, "one", 1500);
    await history.capture("one");
    const one = readTree(host);
    rmSync(join(host, "only-one"));
    fill(write, "two", 1500);
    await history.capture("two");
    const two = readTree(host);
    const fixture = join(import.meta.dirname, "restore.fixture.ts");
    let wasCut = 0;
    let isOne = false;
    for (let round = 0; round < 10; round++) {
      const wanted = isOne ? "two" : "one";
      const child = spawn(process.execPath, [fixture, base, wanted], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      let isOver = false;
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const ended = new Promise((resolve) => child.once("close", () => resolve((isOver = true))));
      // Twice while everything is staged; then as soon as the first file has changed, or shortly after.
      if (round < 2) while (!isOver && !output.includes("staged")) await sleep(1);
      else {
        while (!isOver && !readFileSync(join(host, "d0/f0"), "utf8").startsWith(wanted)) await sleep(0);
        if (round > 4) await sleep(round - 4);
      }
      child.kill("SIGKILL");
      await ended;
      const isHalf = ![JSON.stringify(one), JSON.stringify(two)].includes(JSON.stringify(readTree(host)));
      if (isHalf) wasCut++;
      await open().recover();
      const now = readTree(host);
      isOne = JSON.stringify(now) === JSON.stringify(one);
      expect(now).toEqual(isOne ? one : two);
      if (isHalf || output.includes("done")) expect(isOne ? "one" : "two").toBe(wanted);
      expect(readdirSync(tmp)).toEqual([]);
    }
    expect(wasCut).toBeGreaterThan(0);
  });

  test("kill -9 while a point is taken: it is complete or absent, and the next one works", { timeout: 60_000 }, async () => {
    const { base, write, open, history } = world();
    fill(write, "one", 50);
    await history.capture("one");
    const fixture = join(import.meta.dirname, "restore.fixture.ts");
    let started = 0;
    for (let round = 0; round < 8; round++) {
      fill(write, `mark${round}`, 600);
      const child = spawn(process.execPath, [fixture, base, `capture:round-${round}`], { stdio: ["ignore", "pipe", "inherit"] });
      const ready = new Promise((resolve) => child.stdout.once("data", () => resolve((started += 1))));
      const ended = new Promise((resolve) => child.once("close", resolve));
      await Promise.race([ready, ended]);
      await sleep(round * 10);
      child.kill("SIGKILL");
      await ended;
      const next = open();
      await next.recover();
      for (const name of await next.names())
        if (name.startsWith("round-"))
          expect(Object.values(await collectPoint(next, name)).filter((text) => text === `mark${name.slice(6)} 7`)).toHaveLength(1);
      await next.capture("again");
      expect((await next.find("again"))?.files).toBe(600 + 2 + round);
    }
    expect(started).toBe(8);
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)(
    `a full disk leaves the tree and every point as they were${isRoot ? "" : " (skipped: mounting takes root)"}`,
    async () => {
      const base = scratch();
      execFileSync("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", base]);
      try {
        const [host, tmp, dir] = [join(base, "files"), join(base, "tmp"), join(base, "kept")];
        mkdirSync(host);
        mkdirSync(tmp);
        const history = openHistory({ dir, tree: { host, tmp, owner: undefined }, log: silentLog, reserveBytes: 0 });
        const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));
        writeFileSync(join(host, "a"), "1");
        writeFileSync(join(host, "b"), noise(3_000_000));
        await history.capture("a");
        const small = readTree(host);
        writeFileSync(join(host, "a"), "2");
        rmSync(join(host, "b"));
        await history.capture("b");
        writeFileSync(join(host, "filler"), noise(7_000_000));
        const full = readTree(host);
        await expect(history.capture("c")).rejects.toMatchObject({ code: "storage_full" });
        expect(await history.names()).toEqual(["a", "b"]);
        await expect(history.restore("a")).rejects.toMatchObject({ code: "storage_full" });
        expect(readTree(host)).toEqual(full);
        expect(readdirSync(tmp)).toEqual([]);
        rmSync(join(host, "filler"));
        await history.restore("a");
        expect(readTree(host)).toEqual(small);
      } finally {
        execFileSync("/usr/bin/umount", [base]);
      }
    },
  );
});
