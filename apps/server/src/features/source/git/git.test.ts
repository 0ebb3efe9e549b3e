import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestUser } from "../../../testing/app.ts";
import { projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";
import { lines, repositories } from "../../../testing/repositories.ts";

let app: ProjectsApp;
let ada: TestUser;
let repository: ReturnType<typeof repositories>;
beforeAll(async () => {
  app = await projectsApp();
  ada = await app.signUp({ name: "Ada Lovelace" });
  repository = repositories(app, ada);
}, 60_000);
afterAll(() => app.close());

const git = (user = ada) => app.as(user).git;
test("init is idempotent, a missing repository is reported, and commits carry their author", async () => {
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  await expect(git().status({ params: { project_id } })).rejects.toMatchObject({ status: 400, code: "not_a_repository" });
  await expect(git().commit({ body: { project_id, message: "x" } })).rejects.toMatchObject({ code: "not_a_repository" });
  expect(await git().info({ params: { project_id } })).toEqual({ is_repository: false, linked: null });
  await git().init({ body: { project_id, default_branch: "trunk" } });
  expect(await git().init({ body: { project_id } })).toMatchObject({ initialized: false, branch: "trunk" });
  // For commits made in the project by other programs.
  const inside = await app.runtime.open({ id: project_id });
  expect((await inside.exec(["git", "config", "--local", "--get-regexp", "^user"])).stdout).toBe(
    `user.name Ada Lovelace\nuser.email ${ada.email}\n`,
  );
  expect(await git().status({ params: { project_id } })).toMatchObject({ branch: "trunk", last_commit: null, detached: false });
  expect((await git().log({ params: { project_id }, query: {} })).items).toEqual([]);
  const made = await git().commit({ body: { project_id, message: "All of it" } });
  const { items, total } = await git().log({ params: { project_id }, query: {} });
  expect(total).toBe(1);
  expect(items).toMatchObject([
    { sha: made.sha, author: "Ada Lovelace", email: ada.email, message: "All of it", parents: [], refs: ["trunk"] },
  ]);
  await expect(git().commit({ body: { project_id, message: "again" } })).rejects.toMatchObject({ status: 400, code: "nothing_to_commit" });
  expect(await app.as(ada).projects.get({ params: { id: project_id } })).toMatchObject({ has_git_repo: true, git_remote_url: null });
});

test("status separates staged and unstaged changes, also before the first commit, with renames, deletions and unusual names", async () => {
  const { project_id, write, inside, status } = await repository();
  await write("a.txt", `${lines(40)}more\n`);
  expect((await status()).changes).toEqual([{ path: "a.txt", status: "M", staged: false }]);
  await git().stage({ body: { project_id, paths: ["a.txt"] } });
  await write("a.txt", `${lines(40)}more\nand more\n`);
  await inside("git", "mv", "old.txt", 'new "name"\tä.txt');
  await inside("rm", "b.txt");
  await write("folder/fresh.txt", "new\n");
  const now = await status();
  expect(now).toMatchObject({
    staged_count: 2,
    unstaged_count: 2,
    untracked_count: 1,
    has_conflicts: false,
    operation: null,
    ahead: 0,
    remote_branch: null,
  });
  expect(now.changes.toSorted((a, b) => a.path.localeCompare(b.path) || Number(a.staged) - Number(b.staged))).toEqual([
    { path: "a.txt", status: "M", staged: false },
    { path: "a.txt", status: "M", staged: true },
    { path: "b.txt", status: "D", staged: false },
    { path: "folder/fresh.txt", status: "??", staged: false },
    { path: 'new "name"\tä.txt', old_path: "old.txt", status: "R", staged: true },
  ]);
  const { files } = await git().diff({ params: { project_id }, query: { staged: true } });
  expect(files.map(({ path, status: s, hunks }) => [path, s, hunks.length])).toEqual([
    ["a.txt", "M", 1],
    ['new "name"\tä.txt', "R", 0],
  ]);
  const working = await git().diff({ params: { project_id }, query: {} });
  expect(working.files.map(({ path, status: s, additions, deletions }) => [path, s, additions, deletions])).toEqual([
    ["a.txt", "M", 1, 0],
    ["b.txt", "D", 0, 1],
    ["folder/fresh.txt", "??", 1, 0],
  ]);
  const staged = await git().commit({ body: { project_id, message: "only what is staged", staged_only: true } });
  expect((await git().diff({ params: { project_id }, query: { to: staged.sha } })).files).toHaveLength(2);
  expect(
    (await git().diff({ params: { project_id }, query: { from: `${staged.sha}~1`.replace("~1", ""), to: staged.sha } })).files,
  ).toEqual([]);
  expect((await status()).changes.map((change) => change.path)).toEqual(["a.txt", "b.txt", "folder/fresh.txt"]);
});

test("stages, unstages and discards one hunk of two; rejects a stale one", async () => {
  const { project_id, write, read, status } = await repository();
  const changed = lines(40).replace("line 3\n", "LINE 3\n").replace("line 30\n", "LINE 30\n");
  await write("a.txt", changed);
  const hunksOf = async (staged: boolean) =>
    (await git().diff({ params: { project_id }, query: { path: "a.txt", staged } })).files[0]?.hunks ?? [];
  const [first, second] = await hunksOf(false);
  await git().stage({ body: { project_id, hunks: [{ path: "a.txt", ids: [second?.id ?? ""] }] } });
  expect((await hunksOf(true)).map((hunk) => hunk.lines.filter((line) => /^[+-]/.test(line)))).toEqual([["-line 30", "+LINE 30"]]);
  expect((await hunksOf(false)).map((hunk) => hunk.id)).toEqual([first?.id]);
  const [staged] = await hunksOf(true);
  await git().unstage({ body: { project_id, hunks: [{ path: "a.txt", ids: [staged?.id ?? ""] }] } });
  expect(await status()).toMatchObject({ staged_count: 0, unstaged_count: 1 });
  await git().discard({ body: { project_id, hunks: [{ path: "a.txt", ids: [first?.id ?? ""] }] } });
  expect(await read("a.txt")).toBe(lines(40).replace("line 30\n", "LINE 30\n"));
  await expect(git().stage({ body: { project_id, hunks: [{ path: "a.txt", ids: [first?.id ?? ""] }] } })).rejects.toMatchObject({
    status: 409,
    code: "hunks_do_not_fit",
    details: { path: "a.txt", hunks: [first?.id] },
  });
});

test("creates, switches and deletes branches; names local changes in the way; rejects hostile names", async () => {
  const { project_id, write, read, first } = await repository();
  expect(await git().checkout({ body: { project_id, branch: "feature/x", create: true } })).toEqual({ branch: "feature/x", created: true });
  await expect(git().checkout({ body: { project_id, branch: "feature/x", create: true } })).rejects.toMatchObject({
    status: 409,
    code: "branch_exists",
  });
  await write("b.txt", "on the branch\n");
  await git().commit({ body: { project_id, message: "work", files: ["b.txt"] } });
  await git().checkout({ body: { project_id, branch: "main" } });
  expect(await read("b.txt")).toBe("one\n");
  await write("b.txt", "not committed\n");
  await expect(git().checkout({ body: { project_id, branch: "feature/x" } })).rejects.toMatchObject({
    status: 409,
    code: "local_changes",
    details: { files: ["b.txt"] },
  });
  const { items, current_branch } = await git().branches({ params: { project_id }, query: {} });
  expect(current_branch).toBe("main");
  expect(items).toMatchObject([
    { name: "feature/x", current: false, remote: false, upstream: null },
    { name: "main", current: true, sha: first.sha },
  ]);
  await expect(git().removeBranch({ params: { project_id }, query: { name: "main" } })).rejects.toMatchObject({
    code: "branch_is_current",
  });
  await expect(git().removeBranch({ params: { project_id }, query: { name: "feature/x" } })).rejects.toMatchObject({
    code: "branch_not_merged",
  });
  await git().removeBranch({ params: { project_id }, query: { name: "feature/x", force: true } });
  for (const branch of ["-f", "--orphan", "a..b", "x.lock", "a b", "a~1", "@{-1}", "nul\0"])
    await expect(git().checkout({ body: { project_id, branch, create: true } })).rejects.toMatchObject({
      status: expect.toBeOneOf([400, 422]) as number,
    });
  for (const from of ["--output=/tmp/x", "-p", "HEAD:a.txt", "a..b", ":/first"])
    await expect(git().diff({ params: { project_id }, query: { from } })).rejects.toMatchObject({ status: 400, code: "bad_ref" });
  await expect(git().checkout({ body: { project_id, branch: "none" } })).rejects.toMatchObject({ status: 404 });
  await expect(git().commit({ body: { project_id, message: "   " } })).rejects.toMatchObject({ status: 422 });
});

test("committing a conflicted file without conflict markers resolves it, as in git", async () => {
  const { project_id, write, inside, status } = await repository();
  await git().checkout({ body: { project_id, branch: "theirs", create: true } });
  await write("b.txt", "theirs\n");
  await write("old.txt", "theirs\n");
  await git().commit({ body: { project_id, message: "theirs" } });
  await git().checkout({ body: { project_id, branch: "main" } });
  await write("b.txt", "ours\n");
  await write("old.txt", "ours\n");
  await git().commit({ body: { project_id, message: "ours" } });
  await inside("git", "-c", "user.name=A", "-c", "user.email=a@b", "merge", "theirs").catch(() => undefined);
  const commit = (...files: string[]) => git().commit({ body: { project_id, message: "both", files } });
  const refusedFor = (...files: string[]) => ({ status: 409, code: "unresolved_conflicts", details: { files } });
  await expect(commit("b.txt", "old.txt")).rejects.toMatchObject(refusedFor("b.txt", "old.txt"));
  await write("b.txt", "both <<<<<<< of them\n");
  await expect(commit("b.txt")).rejects.toMatchObject(refusedFor("old.txt"));
  await expect(commit("b.txt", "old.txt")).rejects.toMatchObject(refusedFor("old.txt"));
  expect(await status()).toMatchObject({ has_conflicts: true });
  await inside("rm", "old.txt");
  await commit("b.txt", "old.txt");
  expect(await status()).toMatchObject({ has_conflicts: false, operation: null, changes: [] });
  expect(await inside("git", "log", "-1", "--format=%s %p")).toMatch(/^both \w+ \w+\n$/);
});

test("shows, resolves and commits a merge with every kind of conflict; aborts another", async () => {
  const { project_id, write, read, inside, status } = await repository();
  await git().checkout({ body: { project_id, branch: "theirs", create: true } });
  await write("b.txt", "theirs\n");
  await write("both.txt", "their new one\n");
  await inside("rm", "old.txt");
  await git().commit({ body: { project_id, message: "theirs" } });
  await git().checkout({ body: { project_id, branch: "main" } });
  await write("b.txt", "ours\n");
  await write("both.txt", "our new one\n");
  await write("old.txt", "changed here\n");
  await git().commit({ body: { project_id, message: "ours" } });
  await inside("git", "-c", "user.name=A", "-c", "user.email=a@b", "merge", "theirs").catch(() => undefined);
  expect(await status()).toMatchObject({ has_conflicts: true, operation: "merge" });
  const { items } = await git().conflicts({ params: { project_id }, query: {} });
  expect(items).toEqual([
    { path: "b.txt", base: "one\n", ours: "ours\n", theirs: "theirs\n", is_binary: false },
    { path: "both.txt", base: null, ours: "our new one\n", theirs: "their new one\n", is_binary: false },
    { path: "old.txt", base: lines(12, "old"), ours: "changed here\n", theirs: null, is_binary: false },
  ]);
  await expect(git().commit({ body: { project_id, message: "early" } })).rejects.toMatchObject({
    status: 409,
    code: "unresolved_conflicts",
  });
  await git().resolve({ body: { project_id, path: "b.txt", side: "content", content: "both of us\n" } });
  await git().resolve({ body: { project_id, path: "both.txt", side: "ours" } });
  expect(await git().resolve({ body: { project_id, path: "old.txt", side: "theirs" } })).toMatchObject({
    has_conflicts: false,
    operation: "merge",
  });
  await expect(git().resolve({ body: { project_id, path: "b.txt", side: "ours" } })).rejects.toMatchObject({ code: "no_conflict" });
  const merged = await git().commit({ body: { project_id, message: "Merge theirs" } });
  const { items: log } = await git().log({ params: { project_id }, query: {} });
  expect(log[0]).toMatchObject({ sha: merged.sha, message: "Merge theirs", parents: [expect.any(String), expect.any(String)] as string[] });
  expect([await read("b.txt"), await read("both.txt"), await read("old.txt")]).toEqual(["both of us\n", "our new one\n", undefined]);

  await inside("git", "-c", "user.name=A", "-c", "user.email=a@b", "revert", "--no-commit", "-m", "1", "HEAD");
  expect(await status()).toMatchObject({ operation: "revert" });
  expect(await git().abortMerge({ body: { project_id } })).toMatchObject({ operation: null, changes: [] });
  await expect(git().abortMerge({ body: { project_id } })).rejects.toMatchObject({ code: "no_conflict" });
});

test("serializes concurrent writes, and other users get 404", async () => {
  const { project_id, write } = await repository();
  await Promise.all(Array.from({ length: 3 }, (_, i) => write(`many/${i}.txt`, `${i}\n`)));
  const made = await Promise.all(
    Array.from({ length: 3 }, (_, i) => git().commit({ body: { project_id, message: `no ${i}`, files: [`many/${i}.txt`] } })),
  );
  expect(new Set(made.map(({ sha }) => sha)).size).toBe(3);
  expect((await git().log({ params: { project_id }, query: {} })).total).toBe(4);
  const bob = await app.signUp();
  const calls = await Promise.allSettled([
    git(bob).status({ params: { project_id } }),
    git(bob).commit({ body: { project_id, message: "x" } }),
    git(bob).clone({ body: { project_id, repo_url: "https://example.com/a/b" } }),
    git(bob).diff({ params: { project_id }, query: {} }),
  ]);
  for (const call of calls) expect(call).toMatchObject({ status: "rejected", reason: { status: 404, code: "not_found" } });
});
