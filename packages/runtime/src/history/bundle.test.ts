import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { is } from "../conformance/observe.ts";
import { collectPoint, git, readTree, removeWorlds, scratch, world } from "./world.fixture.ts";
import type { History } from "./types.ts";

afterEach(removeWorlds);

async function bundleOf(history: History, name: string, base?: string) {
  const { data, commit, isFull } = await history.exportPoint(name, base === undefined ? {} : { base });
  return { commit, isFull, content: Buffer.concat((await data.toArray()) as Buffer[]) };
}
const add = (history: History, name: string, { commit, content }: { commit: string; content: Buffer }) =>
  history.importPoint(name, { commit, bytes: content.length, data: Readable.from([content]) });

test("a bundle is one that git reads, and odd names and kinds of files survive", async () => {
  const { host, write, history } = world();
  git(host, "init", "-q", "-b", "main");
  write(".git%/x", "1");
  write(".GIT/config", "2");
  write("git~1", "3");
  write(".gitmodules", '[submodule "a"]\n\tpath = ../../up\n\turl = -x\n');
  write(Buffer.concat([Buffer.from(`${host}/bad-`), Buffer.from([0xff])]), "4");
  write('a\nb"c', "5");
  execFileSync("/usr/bin/ln", ["-s", "../../../etc/passwd", join(host, "link")]);
  execFileSync("/usr/bin/mkdir", [join(host, "empty")]);
  await history.capture("snapshot/a");
  const bundle = await bundleOf(history, "snapshot/a");
  const dir = scratch();
  writeFileSync(join(dir, "a.bundle"), bundle.content);
  git(dir, "init", "-q");
  expect(git(dir, "bundle", "list-heads", "a.bundle")).toBe(`${bundle.commit} refs/points/snapshot/a\n`);
  git(dir, "bundle", "verify", "-q", "a.bundle");

  const other = world();
  await add(other.history, "snapshot/a", bundle);
  await other.history.restore("snapshot/a");
  expect(readdirSync(other.host, "buffer")).toEqual(readdirSync(host, "buffer"));
  expect(await collectPoint(other.history, "snapshot/a")).toEqual(await collectPoint(history, "snapshot/a"));
});

test("a full copy and nine later ones have each content once", async () => {
  const { host, write, history } = world();
  const other = world();
  for (let n = 0; n < 200; n++) write(`src/f${n}.txt`, `${Math.random()} of ${n}`);
  const sizes: number[] = [];
  for (let n = 0; n < 10; n++) {
    write(`src/f${n}.txt`, `changed ${n}`);
    write(`new-${n}/page.txt`, "x".repeat(n));
    await history.capture(`snapshot/${n}`);
    const bundle = await bundleOf(history, `snapshot/${n}`, n === 0 ? undefined : `snapshot/${n - 1}`);
    expect(bundle.isFull).toBe(n === 0);
    sizes.push(bundle.content.length);
    await add(other.history, `snapshot/${n}`, bundle);
    if (n === 4) await other.history.tidy();
  }
  expect(Math.max(...sizes.slice(1))).toBeLessThan((sizes[0] as number) / 5);
  await other.history.restore("snapshot/9");
  expect(readTree(other.host)).toEqual(readTree(host));
});

test("a point with a path that leads outside, of another kind or with missing parts is refused", async () => {
  const dir = scratch();
  git(dir, "init", "-q", "--bare");
  const put = (type: string, content: string | Buffer) =>
    execFileSync("git", ["hash-object", "-t", type, "-w", "--stdin", "--literally"], { cwd: dir, input: content }).toString().trim();
  const treeOf = (...entries: [mode: string, name: string, id: string][]) =>
    put(
      "tree",
      Buffer.concat(entries.map(([mode, name, id]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]))),
    );
  const blob = put("blob", "evil");
  const gone = "1".repeat(40);
  const facts = JSON.stringify({ files: 1, bytes: 4, attachments: [] });
  const commitOf = (tree: string) =>
    put("commit", `tree ${tree}\nauthor point <point> 1 +0000\ncommitter point <point> 1 +0000\n\n${facts}\n`);
  const packOf = (...objects: string[]) => execFileSync("git", ["pack-objects", "--stdout", "-q"], { cwd: dir, input: objects.join("\n") });
  const refused: Record<string, string[]> = {};
  const build = (what: string, inner: string, ...more: string[]) => {
    const root = treeOf(["40000", "files", inner]);
    const commit = commitOf(root);
    refused[what] = [commit, root, inner, ...more];
  };
  const bad = treeOf(["100644", "passwd", blob]);
  build("dots", treeOf(["40000", "..", bad]), bad, blob);
  build("spelled dots", treeOf(["100644", "a/../../b", blob]), blob);
  build("a submodule", treeOf(["160000", "sub", gone]));
  build("missing", treeOf(["100644", "a", gone]));
  const outside = treeOf(["40000", "elsewhere", bad]);
  refused["another folder"] = [commitOf(outside), outside, bad, blob];

  const { history, dir: kept } = world();
  for (const [what, objects] of Object.entries(refused)) {
    const [commit = ""] = objects;
    const content = Buffer.concat([Buffer.from(`# v2 git bundle\n${commit} refs/points/a\n\n`), packOf(...objects)]);
    await expect(add(history, "a", { commit, content }), what).rejects.toSatisfy(is("not_supported"));
  }
  for (const content of [
    Buffer.from("no bundle"),
    Buffer.alloc(10_000, "x"),
    Buffer.from(`# v2 git bundle\n${gone} refs/points/a\n\nPACK`),
  ])
    await expect(add(history, "a", { commit: gone, content })).rejects.toSatisfy(is("not_supported"));
  expect(await history.names()).toEqual([]);
  await history.tidy();
  expect(readdirSync(join(kept, "git/objects/pack"))).toEqual([]);
});
