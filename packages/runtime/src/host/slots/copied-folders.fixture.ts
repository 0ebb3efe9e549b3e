/** A data folder with a project and an image, and copies of it, in a temporary location. Needs root. */
import { spawnSync } from "node:child_process";
import { chownSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../log.ts";
import { openState } from "../state.ts";

export function copiedFolders() {
  const base = mkdtempSync(join(tmpdir(), "copy-"));
  const open = (name: string) => openState(join(base, name), undefined, silentLog);
  const state = (name: string, ...path: string[]) => join(base, name, "runtime", ...path);
  const readJson = (name: string) => JSON.parse(readFileSync(state(name, "slots.json"), "utf8")) as { blocks: number[] };
  return {
    base,
    open,
    state,
    readJson,
    blocksOf: (name: string) => readJson(name).blocks,
    /** Project and image share a file. */
    async original() {
      const opened = await open("original");
      const { uid } = opened.slots.allocate("shop");
      const images = opened.slots.allocate("@images").uid;
      for (const [folder, owner] of [
        [state("original", "sandboxes/shop/files"), uid],
        [state("original", "images/tiny"), images],
      ] as const) {
        mkdirSync(folder, { recursive: true });
        chownSync(folder, owner, owner);
        writeFileSync(join(folder, "own.txt"), "own");
        chownSync(join(folder, "own.txt"), owner, owner);
      }
      linkSync(state("original", "images/tiny/own.txt"), state("original", "sandboxes/shop/files/shared.txt"));
      mkdirSync(state("original", "sandboxes/shop/services/web"), { recursive: true });
      writeFileSync(state("original", "sandboxes/shop/services/web/service.json"), "{}");
      return opened;
    },
    copy(from: string, to: string) {
      const { status, stderr } = spawnSync("cp", ["-a", join(base, from), join(base, to)]);
      if (status !== 0) throw new Error(stderr.toString());
    },
    /** What the folder uses when it is opened, and who owns its files. */
    async look(name: string) {
      const opened = await open(name);
      const [shop, images] = [opened.slots.find("shop"), opened.slots.find("@images")];
      const owners = ["sandboxes/shop/files", "sandboxes/shop/files/own.txt", "images/tiny/own.txt", "sandboxes/shop/files/shared.txt"]
        .map((path) => lstatSync(state(name, path)))
        .map(({ uid, gid }) => `${uid}:${gid}`);
      await opened.release({ isLeftRunning: false });
      if (!shop || !images) throw new Error("the folder lost its slots");
      const expected = [shop, shop, images, images].map(({ uid }) => `${uid}:${uid}`);
      return { shop, images, owners, expected };
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
