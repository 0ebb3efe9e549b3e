import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copiesIn, sourceOf } from "./own-container.ts";

const volume = { type: "volume", source: "/var/lib/docker/volumes/data/_data", destination: "/data" };
const folder = { type: "bind", source: "/srv/projects", destination: "/data/projects" };
const memory = { type: "tmpfs", source: "", destination: "/data/cache" };

test("a path is found in the volume or folder of the host that is mounted nearest above it", () => {
  const mounts = [volume, folder, memory];
  expect(sourceOf("/data/runtime/a", { mounts })).toEqual({ Type: "bind", Source: "/var/lib/docker/volumes/data/_data/runtime/a" });
  expect(sourceOf("/data", { mounts })).toEqual({ Type: "bind", Source: "/var/lib/docker/volumes/data/_data" });
  expect(sourceOf("/data/projects/a", { mounts })).toEqual({ Type: "bind", Source: "/srv/projects/a" });
  for (const path of ["/data/cache/a", "/database", "/usr"]) expect(() => sourceOf(path, { mounts })).toThrow(`cannot mount ${path}`);
});

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "copies-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("folders of the image are copied once, and copies of another image are removed when nothing uses them", async () => {
  const tool = join(dir, "tool");
  const copies = join(dir, "copies");
  mkdirSync(tool);
  writeFileSync(join(tool, "program"), "one");
  const copy = (image: string, mayRemove: boolean) => copiesIn(copies, { image, mounts: [volume] }, { mayRemove })(tool);
  const first = await copy("one", false);
  expect(readFileSync(join(first, "program"), "utf8")).toBe("one");
  expect(await copy("one", true)).toBe(first);
  const second = await copy("two", false);
  expect(second).not.toBe(first);
  expect(readdirSync(copies)).toHaveLength(2);
  await copy("two", true);
  expect(readdirSync(copies)).toHaveLength(1);
  // What is mounted, the engine finds itself.
  expect(await copiesIn(copies, { image: "two", mounts: [volume] }, { mayRemove: false })("/data/tools")).toBe("/data/tools");
});
