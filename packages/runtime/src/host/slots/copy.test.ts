import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { copiedFolders } from "./copied-folders.fixture.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`a copied data folder${isRoot ? "" : " (skipped: needs root)"}`, () => {
  let folders: ReturnType<typeof copiedFolders>;
  beforeEach(() => {
    folders = copiedFolders();
  });
  afterEach(() => folders.remove());
  const check = async (name: string) => {
    const { owners, expected, ...slots } = await folders.look(name);
    expect(owners).toEqual(expected);
    return slots;
  };

  test.each([
    ["runs", true],
    ["does not run", false],
  ])(
    "gets other user ids and addresses while the original %s, changes the owner of its files, and keeps them",
    async (_name, isRunning) => {
      const first = await folders.original();
      const before = first.slots.find("shop");
      if (!isRunning) await first.release({ isLeftRunning: false });
      // Also after a reboot, when no claims are held.
      if (!isRunning) for (const block of folders.blocksOf("original")) rmSync(`/run/tesslate-slots/${block}`, { force: true });
      folders.copy("original", "copy");
      const copied = await check("copy");
      expect(copied.shop?.uid).not.toBe(before?.uid);
      expect(copied.shop?.ip).not.toBe(before?.ip);
      expect(folders.blocksOf("copy")).not.toEqual(folders.blocksOf("original"));
      expect(existsSync(folders.state("copy", "sandboxes/shop/services/web/service.json"))).toBe(false);
      expect(await check("copy")).toEqual(copied);
      if (isRunning) await first.release({ isLeftRunning: false });
      expect((await check("original")).shop).toEqual(before);
      expect(existsSync(folders.state("original", "sandboxes/shop/services/web/service.json"))).toBe(true);
      // The copy of the copy, too.
      folders.copy("copy", "second");
      expect([before?.uid, copied.shop?.uid]).not.toContain((await check("second")).shop?.uid);
    },
  );

  test("a moved folder, or one replaced by its copy, keeps its ids", async () => {
    const first = await folders.original();
    const before = first.slots.find("shop");
    await first.release({ isLeftRunning: false });
    renameSync(join(folders.base, "original"), join(folders.base, "moved"));
    expect((await check("moved")).shop).toEqual(before);
    folders.copy("moved", "again");
    rmSync(join(folders.base, "moved"), { recursive: true });
    renameSync(join(folders.base, "again"), join(folders.base, "moved"));
    expect((await check("moved")).shop).toEqual(before);
  });

  test("a folder whose blocks another one took gets others", async () => {
    const first = await folders.original();
    const before = first.slots.find("shop");
    await first.release({ isLeftRunning: false });
    const other = await folders.open("other");
    // Like an earlier version, which did not detect copies.
    for (const block of folders.blocksOf("original")) writeFileSync(`/run/tesslate-slots/${block}`, folders.state("other"));
    writeFileSync(
      folders.state("other", "slots.json"),
      JSON.stringify({ ...folders.readJson("other"), blocks: folders.blocksOf("original") }),
    );
    expect((await check("original")).shop?.uid).not.toBe(before?.uid);
    await other.release({ isLeftRunning: false });
  });
});
