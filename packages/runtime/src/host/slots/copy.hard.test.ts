import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { copiedFolders } from "./copied-folders.fixture.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`a copied data folder${isRoot ? "" : " (skipped: needs root)"}`, () => {
  test("killed before any of its steps, it shares nothing with the original afterwards", async () => {
    const folders = copiedFolders();
    const first = await folders.original();
    const before = { shop: first.slots.find("shop"), images: first.slots.find("@images") };
    folders.copy("original", "pristine");
    let kills = 0;
    for (let step = 1; ; step++) {
      rmSync(join(folders.base, "copy"), { recursive: true, force: true });
      folders.copy("pristine", "copy");
      const { signal, status, stderr } = spawnSync(process.execPath, [
        join(import.meta.dirname, "copy.fixture.ts"),
        join(folders.base, "copy"),
        String(step),
      ]);
      const { owners, expected, ...after } = await folders.look("copy");
      expect(owners).toEqual(expected);
      for (const name of ["shop", "images"] as const) {
        expect(after[name]?.uid).not.toBe(before[name]?.uid);
        expect(after[name]?.ip).not.toBe(before[name]?.ip);
      }
      if (signal === null) {
        expect(stderr.toString()).toBe("");
        expect(status).toBe(0);
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThan(8);
    await first.release({ isLeftRunning: false });
    expect(await folders.look("original")).toMatchObject(before);
    folders.remove();
  });
});
