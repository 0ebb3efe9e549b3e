import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { spell, unspell } from "./names.ts";
import { collectPoint, git, readTree, removeWorlds, world } from "./world.fixture.ts";

afterEach(removeWorlds);

describe("taking and restoring", () => {
  test("restores content, modes, links, empty folders, .env and .git, and removes what was added later", async () => {
    const { host, write, history } = world();
    write("src/app.ts", "one\n");
    write(".env", "SECRET=1\n");
    write(".env.local", "LOCAL=1\n");
    write(".gitignore", ".env*\nignored.txt\n");
    write("ignored.txt", "kept all the same");
    write("run.sh", "#!/bin/sh\n");
    chmodSync(join(host, "run.sh"), 0o755);
    symlinkSync("src/app.ts", join(host, "link"));
    mkdirSync(join(host, "empty/deep"), { recursive: true });
    git(host, "init", "-q", "-b", "main");
    git(host, "add", ".");
    git(host, "commit", "-q", "-m", "first");
    const before = readTree(host);
    const point = await history.capture("snapshot/a");
    expect(point.files).toBe(Object.entries(before).filter(([path]) => !path.endsWith("/")).length);

    write("src/app.ts", "two\n");
    rmSync(join(host, ".env"));
    chmodSync(join(host, "run.sh"), 0o644);
    rmSync(join(host, "link"));
    write("link", "a file now");
    rmSync(join(host, "empty"), { recursive: true });
    write("new/file.ts", "later");
    git(host, "commit", "-q", "-am", "second");
    const later = readTree(host);
    await history.capture("snapshot/b");

    await history.restore("snapshot/a");
    expect(readTree(host)).toEqual(before);
    expect(git(host, "log", "--format=%s").trim()).toBe("first");
    expect(git(host, "fsck", "--strict")).toBe("");
    await history.restore("snapshot/b");
    expect(readTree(host)).toEqual(later);
    expect(git(host, "log", "--format=%s").trim()).toBe("second\nfirst");
  });

  test("keeps what the caller names at the top, whatever the point has of it", async () => {
    const { host, write, read, history } = world();
    write("a.txt", "1");
    git(host, "init", "-q", "-b", "main");
    git(host, "add", ".");
    git(host, "commit", "-q", "-m", "first");
    await history.capture("a");
    write("a.txt", "2");
    write("b.txt", "2");
    write("inner/.git/config", "2");
    git(host, "commit", "-q", "-am", "second");
    await history.restore("a", { keep: [".git"] });
    expect([read("a.txt"), read("b.txt"), read("inner/.git/config")]).toEqual(["1", undefined, undefined]);
    expect(git(host, "log", "--format=%s").trim()).toBe("second\nfirst");
    expect(git(host, "fsck", "--strict")).toBe("");
  });

  test("leaves what it does not store in place", async () => {
    const { host, write, read, history } = world();
    write("web/index.html", "1");
    await history.capture("a");
    write("web/index.html", "2");
    write("web/node_modules/react/index.js", "module");
    write("later/node_modules/vue/index.js", "module");
    write("later/page.vue", "x");
    write("env/pyvenv.cfg", "home = /usr");
    write("env/bin/python", "python");
    execFileSync("/usr/bin/mkfifo", [join(host, "pipe")]);
    await history.restore("a");
    expect(readTree(host)).toEqual({
      "web/": "",
      "web/index.html": "1",
      "web/node_modules/": "",
      "web/node_modules/react/": "",
      "web/node_modules/react/index.js": "module",
      "later/": "",
      "later/node_modules/": "",
      "later/node_modules/vue/": "",
      "later/node_modules/vue/index.js": "module",
      "env/": "",
      "env/pyvenv.cfg": "home = /usr",
      "env/bin/": "",
      "env/bin/python": "python",
    });
    expect(lstatSync(join(host, "pipe")).isFIFO()).toBe(true);
    expect(read("later/page.vue")).toBeUndefined();
  });

  test("files, folders and links can replace each other", async () => {
    const { host, write, history } = world();
    write("a", "file");
    write("b/c/d", "deep");
    write("e/f", "1");
    mkdirSync(join(host, "g"));
    await history.capture("one");
    const one = readTree(host);
    rmSync(join(host, "a"));
    write("a/x/y", "folder now");
    rmSync(join(host, "b"), { recursive: true });
    symlinkSync("/etc", join(host, "b"));
    rmSync(join(host, "e"), { recursive: true });
    write("e", "file now");
    write("g/h", "filled");
    await history.capture("two");
    const two = readTree(host);
    for (const [name, expected] of [
      ["one", one],
      ["two", two],
      ["one", one],
    ] as const) {
      await history.restore(name);
      expect(readTree(host)).toEqual(expected);
    }
    expect(existsSync("/etc/c")).toBe(false);
  });

  test("unusual names survive: not UTF-8, quotes, line ends, and all that git treats specially", async () => {
    const { host, write, history } = world();
    const names = [
      "new\nline",
      'quo"te',
      "back\\slash",
      " space ",
      "-dash",
      "tab\t",
      "ünï",
      ".git%",
      ".git%:empty",
      ".GIT",
      "git~1",
      ".gitmodules",
      "...",
      "#",
    ];
    for (const name of names) write(`odd/${name}`, name);
    write("nested/.git/config", "[core]\n\thooksPath = /evil\n");
    write("nested/.git%/x", "x");
    write(Buffer.concat([Buffer.from(`${host}/odd/`), Buffer.from([0xff, 0xfe, 0x2f - 1])]), "bytes");
    const listing = () => readdirSync(join(host, "odd"), "latin1").sort();
    const before = [listing(), readTree(join(host, "nested"))];
    await history.capture("a");
    rmSync(join(host, "odd"), { recursive: true });
    rmSync(join(host, "nested"), { recursive: true });
    await history.restore("a");
    expect([listing(), readTree(join(host, "nested"))]).toEqual(before);
    for (const name of [".git", ".git%", ".git%%", "a/.git/b", ".gitignore", "x.git", ".git%:empty"])
      expect(unspell(spell(name))).toBe(name);
  });

  test("detects a change with the same size and a faked time", async () => {
    const { host, write, read, history } = world();
    write("a", "1111");
    const time = new Date(1_700_000_000_000);
    utimesSync(join(host, "a"), time, time);
    await history.capture("one");
    await sleep(80);
    await history.capture("one");
    write("a", "2222");
    utimesSync(join(host, "a"), time, time);
    await history.capture("two");
    await history.restore("one");
    expect(read("a")).toBe("1111");
    await history.restore("two");
    expect(read("a")).toBe("2222");
  });

  test("streams large files; too large ones are omitted and left in place", async () => {
    const { host, write, read, history } = world();
    const large = Buffer.alloc(20 * 2 ** 20, "abcdefgh\n");
    writeFileSync(join(host, "large.bin"), large);
    write("small", "1");
    await history.capture("all");
    await history.capture("some", { maxFileBytes: 1000 });
    expect(Object.keys(await collectPoint(history, "some"))).toEqual(["file small"]);
    writeFileSync(join(host, "large.bin"), "x".repeat(2000));
    write("small", "2");
    await history.restore("some");
    expect([read("small"), read("large.bin")?.length]).toEqual(["1", 2000]);
    await history.restore("all");
    expect(readFileSync(join(host, "large.bin")).equals(large)).toBe(true);
  });

  test("says so when neither the restore nor reverting it succeeds", async () => {
    const { dir, write, history } = world();
    write("a", "1");
    write("b", "1");
    await history.capture("one");
    write("a", "2");
    write("b", "2");
    const abort = new AbortController();
    const onProgress = () => {
      abort.abort();
      // Without its repository nothing can be reverted.
      rmSync(join(dir, "git"), { recursive: true, force: true });
    };
    await expect(history.restore("one", { signal: abort.signal, onProgress })).rejects.toMatchObject({
      code: "aborted",
      message: expect.stringContaining("Reverting failed too, so some files may be restored and others not."),
      details: { isReverted: false },
    });
  });

  test("lists, finds and removes names; an unknown point is not found", async () => {
    const { write, history } = world();
    expect(await history.names()).toEqual([]);
    expect(await history.find("a")).toBeUndefined();
    await expect(history.restore("a")).rejects.toMatchObject({ code: "not_found" });
    write("a", "1");
    await history.capture("snapshot/a");
    await history.capture("checkpoint/b");
    expect(await history.names("snapshot/")).toEqual(["snapshot/a"]);
    expect(await history.find("snapshot/a")).toEqual({ files: 1, bytes: 1, attachments: [] });
    await history.remove(["snapshot/a", "snapshot/never"]);
    expect(await history.names()).toEqual(["checkpoint/b"]);
    await expect(history.restore("snapshot/a")).rejects.toMatchObject({ code: "not_found" });
    await expect(history.capture("../x")).rejects.toMatchObject({ code: "not_supported" });
  });

  test("reclaims what no point keeps, and everything else remains readable", async () => {
    const { write, read, dir, history } = world();
    const size = () => Number(execFileSync("du", ["-sk", join(dir, "git/objects")], { encoding: "utf8" }).split("\t")[0]);
    write("noise", Array.from({ length: 400_000 }, () => Math.random().toString(36)).join(""));
    await history.capture("big");
    write("noise", "quiet");
    for (let i = 0; i < 5; i++) {
      write("a", String(i));
      await history.capture(`p/${i}`);
    }
    const full = size();
    await history.remove(["big"]);
    await history.tidy();
    expect(size()).toBeLessThan(full / 10);
    await history.restore("p/2");
    expect([read("a"), read("noise")]).toEqual(["2", "quiet"]);
  });

  test("stores and reads attachments", async () => {
    const { write, history } = world();
    write("a", "1");
    const dump = { size: 9, data: () => [Buffer.from("select"), Buffer.from(" 1;")] };
    await history.capture("a", { attachments: { "databases/db/main.dump": dump } });
    expect((await history.find("a"))?.attachments).toEqual(["databases/db/main.dump"]);
    const found = await history.attachment("a", "databases/db/main.dump");
    expect([found?.size, Buffer.concat((await found?.data.toArray()) ?? []).toString()]).toEqual([9, "select 1;"]);
    expect(await history.attachment("a", "databases/other")).toBeUndefined();
    expect(Object.keys(await collectPoint(history, "a"))).toEqual(["file a"]);
    for (const size of [8, 10])
      await expect(history.capture("b", { attachments: { dump: { ...dump, size } } })).rejects.toMatchObject({ code: "not_supported" });
    expect(await history.find("b")).toBeUndefined();
  });
});

test("compares two points with lines, moves and binaries, and the current tree with a point", async () => {
  const { host, write, history } = world();
  write("same", "same\n");
  write("changed.txt", "one\ntwo\nthree\n");
  write("moved.txt", Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(""));
  write("gone.txt", "gone\n");
  write("pic.bin", "\0\0binary");
  write("repo/.git/HEAD", "x\n");
  await history.capture("a");
  write("changed.txt", "one\n2\nthree\nfour\n");
  mkdirSync(join(host, "to"));
  renameSync(join(host, "moved.txt"), join(host, "to/moved.txt"));
  rmSync(join(host, "gone.txt"));
  write("pic.bin", "\0\0other");
  write("repo/.git/HEAD", "y\n");
  write('new "file"', "hello\n-- not a head\n");
  mkdirSync(join(host, "empty"));
  const comparison = await history.compare("a", "now");
  expect(comparison).toEqual({
    totalFiles: 5,
    additions: 4,
    deletions: 2,
    files: [
      {
        path: "changed.txt",
        status: "modified",
        additions: 2,
        deletions: 1,
        isBinary: false,
        patch: expect.stringContaining("@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four"),
      },
      { path: "gone.txt", status: "deleted", additions: 0, deletions: 1, isBinary: false, patch: expect.stringContaining("-gone") },
      {
        path: 'new "file"',
        status: "added",
        additions: 2,
        deletions: 0,
        isBinary: false,
        patch: "@@ -0,0 +1,2 @@\n+hello\n+-- not a head",
      },
      { path: "pic.bin", status: "modified", additions: 0, deletions: 0, isBinary: true },
      { path: "to/moved.txt", oldPath: "moved.txt", status: "renamed", additions: 0, deletions: 0, isBinary: false },
    ],
  });
  await history.capture("b");
  expect(await history.compare("a", "b")).toEqual(comparison);
  expect((await history.compare("a", "b", { path: "changed.txt" })).files.map((f) => f.path)).toEqual(["changed.txt"]);
  expect((await history.compare("a", "b", { maxFiles: 2 })).files).toHaveLength(2);
  const short = await history.compare("a", "b", { maxPatchBytes: 60 });
  expect(short.files.filter((f) => f.patch !== undefined).length).toBeLessThan(3);
  expect((await history.compare("b", "now")).files).toEqual([]);
});

describe("comparing without ignored files", () => {
  const changed = async (history: ReturnType<typeof world>["history"], from = "a", to = "now") => {
    const { files, totalFiles } = await history.compare(from, to, { withoutIgnored: true });
    expect(totalFiles).toBe(files.length);
    return files.map((f) => `${f.status} ${f.path}`);
  };

  test("by the rules of every folder, also without a repository", async () => {
    const { write, history } = world();
    write(".gitignore", "dist/\n*.log\n!keep.log\n/cache\n");
    write("web/.gitignore", "out\n");
    write("dist/old.js", "1");
    write("dist/gone.js", "1");
    await history.capture("a");
    for (const path of [
      "src/a.ts",
      "dist/old.js",
      "dist/new.js",
      "web/dist/x.js",
      "web/out/y",
      "out/z",
      "a.log",
      "keep.log",
      "cache/c",
      "web/cache/c",
    ])
      write(path, `${path} now\n`);
    write("dist/:(top) odd\nname", "x");
    const shown = ["added keep.log", "added out/z", "added src/a.ts", "added web/cache/c"];
    expect(await changed(history)).toEqual(shown);
    expect((await history.compare("a", "now", { withoutIgnored: true })).additions).toBe(4);
    await history.capture("b");
    expect(await changed(history, "a", "b")).toEqual(shown);
    expect((await history.compare("a", "b", { path: "dist/new.js" })).files).toHaveLength(1);
    expect((await history.compare("a", "b")).totalFiles).toBeGreaterThan(8);
  });

  test.each([2, 4])(
    "a tracked file counts although a pattern matches it (index version %i), and so does one that was not ignored before",
    async (version) => {
      const { host, write, history } = world();
      write(".gitignore", "dist/\n");
      write("dist/kept.js", "1");
      write("dist/other.js", "1");
      write("src/a.ts", "1");
      git(host, "init", "-q");
      git(host, "add", "-f", ".gitignore", "dist/kept.js", "dist/other.js");
      git(host, "rm", "-q", "--cached", "dist/other.js");
      git(host, "update-index", "--index-version", String(version));
      write(".git/info/exclude", "*.tmp\n");
      await history.capture("a");
      write("dist/kept.js", "2");
      write("dist/other.js", "2");
      write("a.tmp", "2");
      write(".gitignore", "dist/\nsrc/\n");
      write("src/a.ts", "2");
      write("src/b.ts", "2");
      expect(await changed(history)).toEqual(["modified .gitignore", "modified dist/kept.js", "modified src/a.ts"]);
    },
  );

  test("nothing is paired with an ignored file: a move into one is a deletion", async () => {
    const { host, write, history } = world();
    write(".gitignore", "dist\n");
    write("moves.txt", Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(""));
    await history.capture("a");
    mkdirSync(join(host, "dist"));
    renameSync(join(host, "moves.txt"), join(host, "dist/moves.txt"));
    expect(await changed(history)).toEqual(["deleted moves.txt"]);
    rmSync(join(host, ".gitignore"));
    expect(await changed(history)).toEqual(["deleted .gitignore", "renamed dist/moves.txt"]);
  });

  test("a broken index, a huge list and a list that is a link are ignored", async () => {
    const { base, host, write, history } = world();
    writeFileSync(join(base, "outside"), "*\n");
    symlinkSync(join(base, "outside"), join(host, ".gitignore"));
    write("sub/.gitignore", "x\n".repeat(400_000));
    write("other/.gitignore", "*.js\n");
    write(".git/index", `DIRC\0\0\0\u0004\u00ff\u00ff\u00ff\u00ff${"\u00ff".repeat(200)}`);
    await history.capture("a");
    for (const path of ["a", "sub/x", "other/x.js"]) write(path, "1");
    expect(await changed(history)).toEqual(["added a", "added sub/x"]);
    rmSync(join(host, ".gitignore"));
    rmSync(join(host, "sub"), { recursive: true });
    rmSync(join(host, "a"));
    expect(await changed(history)).toEqual(["deleted .gitignore", "deleted sub/.gitignore"]);
  });
});

describe("a hostile tree", () => {
  test("runs nothing: filters, hooks, attributes and configuration are only content", async () => {
    const { base, host, write, history } = world();
    const proof = join(base, "proof");
    const script = `touch ${proof}`;
    write(".gitattributes", "* filter=evil diff=evil merge=evil textconv=evil\n");
    write(
      ".git/config",
      `[core]\n\thooksPath = .git/hooks\n\tfsmonitor = "${script}"\n[filter "evil"]\n\tclean = ${script}\n\tsmudge = ${script}\n\trequired = true\n[diff "evil"]\n\tcommand = ${script}\n\ttextconv = ${script}\n`,
    );
    write(".gitconfig", `[core]\n\tpager = ${script}\n`);
    for (const hook of ["post-checkout", "post-commit", "reference-transaction", "post-index-change"]) {
      write(`.git/hooks/${hook}`, `#!/bin/sh\n${script}\n`);
      chmodSync(join(host, `.git/hooks/${hook}`), 0o755);
    }
    write("sub/.git/config", `[core]\n\tsshCommand = ${script}\n`);
    write("sub/.git/HEAD", "ref: refs/heads/main\n");
    write(".gitmodules", `[submodule "x"]\n\tpath = sub\n\turl = ext::sh -c '${script}'\n\tupdate = !${script}\n`);
    write("a", "1");
    const before = readTree(host);
    await history.capture("a");
    write("a", "2");
    write(".gitattributes", "changed");
    await history.compare("a", "now");
    await history.restore("a");
    await history.tidy();
    expect(readTree(host)).toEqual(before);
    expect(existsSync(proof)).toBe(false);
  });

  test("stores links out of the tree as links and never follows them", async () => {
    const { base, host, write, history } = world();
    const outside = join(base, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "untouched");
    symlinkSync("/etc/passwd", join(host, "passwd"));
    symlinkSync(outside, join(host, "out"));
    write("in/secret", "mine");
    await history.capture("links");
    expect(await collectPoint(history, "links")).toEqual({ "link out": outside, "link passwd": "/etc/passwd", "file in/secret": "mine" });
    // The point has a folder where a link leads out now: it is replaced, not followed.
    rmSync(join(host, "in"), { recursive: true });
    symlinkSync(outside, join(host, "in"));
    await history.restore("links");
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("untouched");
    expect(readFileSync(join(host, "in/secret"), "utf8")).toBe("mine");
    expect(lstatSync(join(host, "in")).isDirectory()).toBe(true);
  });

  test("rejects endlessly nested folders", async () => {
    const { host, history } = world();
    mkdirSync(join(host, "d/".repeat(250)), { recursive: true });
    await expect(history.capture("a")).rejects.toMatchObject({ code: "not_supported", message: expect.stringContaining("nested") });
  });
});
