import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Sandbox } from "@tesslate/runtime";
import type { TestUser } from "../../../testing/app.ts";
import { projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";

// Dozens of sequential git processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let app: ProjectsApp;
let ada: TestUser;
beforeAll(async () => {
  app = await projectsApp();
  ada = await app.signUp({ name: "Ada Lovelace" });
}, 60_000);
afterAll(() => app.close());

const git = () => app.as(ada).git;
/** A project with a repository of one commit: `a.txt` with forty lines. */
async function repository() {
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  const params = { project_id };
  const sandbox = await app.runtime.open({ id: project_id });
  await git().init({ body: { project_id } });
  await sandbox.files.write("a.txt", lines(40));
  await git().commit({ body: { project_id, message: "First" } });
  return {
    project_id,
    sandbox,
    write: (path: string, content: string) => sandbox.files.write(path, content),
    inside: (argv: string[], input?: string | Uint8Array) => inside(sandbox, argv, input),
    status: () => git().status({ params }),
    diff: (query: { staged?: boolean; path?: string; to?: string } = {}) => git().diff({ params, query }),
  };
}
const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join("");
async function inside(sandbox: Sandbox, argv: string[], input?: string | Uint8Array): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.exec(argv, input === undefined ? {} : { input });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  return stdout;
}
const bytes = (text: string) => Buffer.from(text, "latin1");

test("reads commits with unusual dates, authors and texts", async () => {
  const { project_id, inside, status } = await repository();
  const params = { project_id };
  const tree = (await inside(["git", "rev-parse", "HEAD^{tree}"])).trim();
  let parent = (await inside(["git", "rev-parse", "HEAD"])).trim();
  const people: [string, string][] = [
    ["A <a@b> 99999999999999999 +0000", "1970-01-01T00:00:00.000Z"],
    ["A <a@b> 253402300800 +0000", "1970-01-01T00:00:00.000Z"],
    ["A <a@b> 253402300799 +0000", "9999-12-31T23:59:59.000Z"],
    ["A <a@b> -86400 +0000", "1970-01-01T00:00:00.000Z"],
    ["A <a@b> 18446744073709551614 +9999999", "1970-01-01T00:00:00.000Z"],
    ["A <a@b>", "1970-01-01T00:00:00.000Z"],
    ["A a@b 1 +0000", "1970-01-01T00:00:00.000Z"],
    ["", "1970-01-01T00:00:00.000Z"],
    ["<> 1 +0000", "1970-01-01T00:00:01.000Z"],
    ["A\0B <a@b> 1 +0000", "1970-01-01T00:00:00.000Z"],
    ["A\x1fB\xe9 <a@b\x1f> 1 +0000", "1970-01-01T00:00:01.000Z"],
  ];
  for (const [person] of people) {
    const text = bytes(`tree ${tree}\nparent ${parent}\nauthor ${person}\ncommitter ${person}\n\nodd \x1f\xff\0text\n`);
    parent = (await inside(["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"], text)).trim();
    await inside(["git", "update-ref", "refs/heads/main", parent]);
    expect(await status()).toMatchObject({ last_commit: { sha: parent } });
  }
  const { items, total } = await git().log({ params, query: {} });
  expect(total).toBe(people.length + 1);
  expect(
    items
      .map(({ date }) => date)
      .toReversed()
      .slice(1),
  ).toEqual(people.map(([, date]) => date));
  expect(items[0]).toMatchObject({ author: "A\x1fB\ufffd", email: "a@b\x1f", message: "odd \x1f\ufffd", refs: ["main"] });
  expect((await git().branches({ params, query: {} })).items).toMatchObject([{ name: "main", sha: parent }]);
  expect(await git().diff({ params, query: { to: parent } })).toEqual({ files: [] });
  expect(await git().info({ params })).toMatchObject({ is_repository: true });
  expect((await git().conflicts({ params, query: {} })).items).toEqual([]);
});

test("names that are not UTF-8 keep their bytes in every operation", async () => {
  const { project_id, inside, status, diff } = await repository();
  const odd = "caf\ufffde9.txt";
  const other = "caf\ufffde8.txt";
  const put = (name: string, content: string) => inside(["xargs", "-0", "sh", "-c", 'printf "$1" > "$2"', "sh", content], bytes(name));
  const read = (name: string) => inside(["xargs", "-0", "cat", "--"], bytes(name)).catch(() => undefined);
  const body = (path: string) => ({ body: { project_id, paths: [path] } });
  await put("caf\xe9.txt", "old\n");
  await put("caf\xe8.txt", "old too\n");
  expect((await status()).changes.map(({ path }) => path)).toEqual([other, odd]);
  expect((await diff({ path: odd })).files).toMatchObject([{ path: odd, status: "??", hunks: [{ lines: ["+old"] }] }]);
  expect((await git().stage(body(odd))).changes).toEqual([
    { path: odd, status: "A", staged: true },
    { path: other, status: "??", staged: false },
  ]);
  expect(await git().unstage(body(odd))).toMatchObject({ staged_count: 0, untracked_count: 2 });
  await git().stage({ body: { project_id } });
  const { sha } = await git().commit({ body: { project_id, message: "Both" } });

  await put("caf\xe9.txt", "line \\351\n");
  await put("caf\xe8.txt", "new too\n");
  const [, file] = (await diff()).files;
  expect(file).toMatchObject({ path: odd, hunks: [{ lines: ["-old", "+line \ufffd"] }] });
  // The hunk has the file's bytes, although the display text replaces some.
  const hunks = [{ path: odd, ids: [file?.hunks[0]?.id ?? ""] }];
  expect((await git().stage({ body: { project_id, hunks } })).changes).toContainEqual({ path: odd, status: "M", staged: true });
  expect((await diff()).files.map(({ path }) => path)).toEqual([other]);
  await git().unstage({ body: { project_id } });
  expect((await git().discard(body(odd))).changes).toEqual([{ path: other, status: "M", staged: false }]);
  expect([await read("caf\xe9.txt"), await read("caf\xe8.txt")]).toEqual(["old\n", "new too\n"]);
  await git().restore({ body: { project_id, paths: [other], from: sha } });
  expect(await read("caf\xe8.txt")).toBe("old too\n");
  await put("caf\xe7.txt", "not known\n");
  await git().discard(body("caf\ufffde7.txt"));
  expect(await read("caf\xe7.txt")).toBeUndefined();

  await git().checkout({ body: { project_id, branch: "theirs", create: true } });
  await put("caf\xe9.txt", "theirs\n");
  await put("caf\xe8.txt", "theirs\n");
  await git().commit({ body: { project_id, message: "theirs", files: [odd, other] } });
  await git().checkout({ body: { project_id, branch: "main" } });
  await put("caf\xe9.txt", "ours\n");
  await put("caf\xe8.txt", "ours\n");
  await git().commit({ body: { project_id, message: "ours" } });
  await inside(["git", "-c", "user.name=A", "-c", "user.email=a@b", "merge", "--quiet", "theirs"]).catch(() => undefined);
  const { items } = await git().conflicts({ params: { project_id }, query: {} });
  expect(items).toMatchObject([
    { path: other, ours: "ours\n", theirs: "theirs\n" },
    { path: odd, base: "old\n", ours: "ours\n", theirs: "theirs\n" },
  ]);
  await git().resolve({ body: { project_id, path: odd, side: "content", content: "both\n" } });
  expect(await git().resolve({ body: { project_id, path: other, side: "theirs" } })).toMatchObject({ has_conflicts: false });
  await git().commit({ body: { project_id, message: "Merged" } });
  expect([await read("caf\xe9.txt"), await read("caf\xe8.txt")]).toEqual(["both\n", "theirs\n"]);
  expect(await status()).toMatchObject({ changes: [] });
});

test("names are literal, with leading and trailing spaces and backslashes", async () => {
  const { project_id, write, sandbox, status } = await repository();
  const names = ["a\\b.txt", "a/b.txt", " c ", "c", "\ufffd", "x\n\"y'\t"];
  for (const name of names) await write(name, "new\n");
  expect(new Set((await status()).changes.map(({ path }) => path))).toEqual(
    new Set(names.map((name) => name.replace("\ufffd", "\ufffdef\ufffdbf\ufffdbd"))),
  );
  const paths = ["a\\b.txt", " c ", "\ufffdef\ufffdbf\ufffdbd"];
  expect((await git().stage({ body: { project_id, paths } })).changes.filter(({ staged }) => staged).map(({ path }) => path)).toEqual(
    paths.toSorted(),
  );
  await git().unstage({ body: { project_id } });
  await git().discard({ body: { project_id, paths } });
  expect((await sandbox.files.walk({ skip: new Set([".git"]) })).map(({ path }) => path)).toEqual(
    expect.arrayContaining(["a/b.txt", "c", "x\n\"y'\t"]),
  );
  expect((await status()).untracked_count).toBe(3);
});

test("repository settings do not affect operations", async () => {
  const { project_id, inside, write, status, diff, sandbox } = await repository();
  await inside(["sh", "-c", "printf '#!/bin/sh\\ntouch was-run\\n' > evil; chmod +x evil; printf '*.txt diff=evil\\n' > .gitattributes"]);
  await git().commit({ body: { project_id, message: "Second", files: ["evil", ".gitattributes"] } });
  const settings = {
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.external": "./evil",
    "diff.evil.textconv": "./evil",
    "diff.evil.command": "./evil",
    "diff.context": "0",
    "diff.interHunkContext": "100",
    "diff.algorithm": "patience",
    "diff.suppressBlankEmpty": "true",
    "diff.orderFile": "nowhere",
    "diff.submodule": "log",
    "diff.renames": "false",
    "diff.relative": "true",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "true",
    "core.pager": "./evil",
    "core.fsmonitor": "./evil",
    "status.short": "true",
    "status.branch": "false",
    "status.showUntrackedFiles": "no",
    "status.relativePaths": "true",
    "status.renames": "false",
    "status.aheadBehind": "false",
    "status.showStash": "true",
    "log.showSignature": "true",
    "log.date": "relative",
    "log.excludeDecoration": "*",
    "log.decorate": "full",
    "gpg.program": "./evil",
    "i18n.logOutputEncoding": "latin1",
    "i18n.commitEncoding": "latin1",
    "alias.status": "!./evil",
    "commit.verbose": "true",
    "commit.template": "nowhere",
    "author.name": "Forged",
    "committer.email": "forged@example.com",
    "branch.main.remote": ".",
    "branch.main.merge": "refs/heads/base",
    "pack.packSizeLimit": "1",
    "merge.ff": "only",
    "apply.whitespace": "error",
  };
  await inside(["git", "branch", "base"]);
  await inside(["git", "tag", "main"]);
  for (const [key, value] of Object.entries(settings)) await inside(["git", "config", key, value]);
  const before = (await inside(["git", "rev-parse", "HEAD"])).trim();

  const content = lines(40).replace("line 2\n", "\n");
  await write("a.txt", content.replace("line 5\n", "LINE 5 \n").replace("line 30\n", "LINE 30\n"));
  await write("ünï/new.txt", "new\n");
  expect(await status()).toMatchObject({
    branch: "main",
    remote_branch: "base",
    ahead: 0,
    behind: 0,
    changes: [
      { path: "a.txt", status: "M", staged: false },
      { path: "ünï/new.txt", status: "??", staged: false },
    ],
  });
  const [file] = (await diff()).files;
  expect(file).toMatchObject({ path: "a.txt", is_binary: false, hunks: [{ old_start: 1 }, { old_start: 27, old_lines: 7 }] });
  await git().stage({ body: { project_id, hunks: [{ path: "a.txt", ids: [file?.hunks[0]?.id ?? ""] }] } });
  expect((await diff({ staged: true })).files).toMatchObject([{ path: "a.txt", additions: 2, deletions: 2 }]);
  await git().commit({ body: { project_id, message: "Zwölf – é", staged_only: true } });
  await inside(["git", "-c", "core.fsmonitor=false", "mv", "evil", "moved"]);
  expect((await status()).changes).toContainEqual({ path: "moved", old_path: "evil", status: "R", staged: true });
  expect((await diff({ staged: true })).files).toMatchObject([{ path: "moved", old_path: "evil", status: "R" }]);
  const { items } = await git().log({ params: { project_id }, query: {} });
  expect(items).toMatchObject([
    { message: "Zwölf – é", author: "Ada Lovelace", email: ada.email, refs: ["main"], parents: [before] },
    { message: "Second", refs: ["tag: main", "base"] },
    { message: "First" },
  ]);
  expect(await inside(["git", "log", "-1", "--no-show-signature", "--format=%cn <%ce> %e"])).toContain(`Ada Lovelace <${ada.email}> \n`);
  expect((await git().branches({ params: { project_id }, query: {} })).items).toMatchObject([
    { name: "base", upstream: null },
    { name: "main", current: true, upstream: "base", ahead: 1, behind: 0 },
  ]);
  expect(await sandbox.files.stat("was-run")).toBeUndefined();
});

test("removes stale locks of a killed git, but not those of a running one", async () => {
  const { project_id, write, sandbox } = await repository();
  const locks = ["index.lock", "HEAD.lock", "config.lock", "shallow.lock", "packed-refs.lock", "refs/heads/main.lock"];
  const lock = () => Promise.all(locks.map((name) => write(`.git/${name}`, "")));
  const left = async () =>
    (await sandbox.files.walk({ under: ".git" })).filter(({ path }) => path.endsWith(".lock")).map(({ path }) => path);
  await write("b.txt", "new\n");
  await lock();
  const started = Promise.withResolvers<string>();
  const death = new AbortController();
  const forever = async function* () {
    yield "HEAD\n";
    await new Promise((resolve) => death.signal.addEventListener("abort", resolve));
  };
  const running = sandbox.exec(["git", "cat-file", "--batch-check"], { input: forever(), signal: death.signal, onOutput: started.resolve });
  await started.promise;
  await expect(git().commit({ body: { project_id, message: "Early" } })).rejects.toMatchObject({ status: 409, code: "git_busy" });
  expect(await left()).toHaveLength(locks.length);
  death.abort();
  await running;
  await git().commit({ body: { project_id, message: "Second" } });
  expect(await left()).toEqual([]);
  await lock();
  await git().checkout({ body: { project_id, branch: "other", create: true } });
  await lock();
  expect(await git().init({ body: { project_id, repo_url: "https://example.com/a/b" } })).toMatchObject({ initialized: false });
  expect((await git().log({ params: { project_id }, query: {} })).items.map(({ message }) => message)).toEqual(["Second", "First"]);
});
