import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestUser } from "../../../testing/app.ts";
import { projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";
import { repositories } from "../../../testing/repositories.ts";

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

test("stages, unstages and discards files, deletes untracked ones and touches nothing outside", async () => {
  const { project_id, write, read, status, first } = await repository();
  await write("b.txt", "two\n");
  await write("fresh/one.txt", "1\n");
  await git().stage({ body: { project_id } });
  expect(await status()).toMatchObject({ staged_count: 2, untracked_count: 0 });
  await git().unstage({ body: { project_id, paths: ["fresh"] } });
  expect(await status()).toMatchObject({ staged_count: 1, untracked_count: 1 });
  await git().unstage({ body: { project_id } });
  await git().discard({ body: { project_id, paths: ["b.txt", "fresh/"] } });
  expect(await status()).toMatchObject({ changes: [] });
  expect([await read("b.txt"), await read("fresh/one.txt")]).toEqual(["one\n", undefined]);
  await expect(git().discard({ body: { project_id } })).rejects.toMatchObject({ status: 400 });
  await expect(git().discard({ body: { project_id, paths: ["none.txt"] } })).rejects.toMatchObject({ status: 404 });
  for (const path of ["../../etc/passwd", "/../x", "a\0b", ".git/config", "x/.git/hooks/post-commit"])
    await expect(git().stage({ body: { project_id, paths: [path] } })).rejects.toMatchObject({
      status: expect.toBeOneOf([400, 403, 422]) as number,
    });
  // Restored from a commit; staged changes stay.
  await write("b.txt", "two\n");
  const { sha: second } = await git().commit({ body: { project_id, message: "two" } });
  const back = await git().restore({ body: { project_id, paths: ["b.txt"], from: first.sha } });
  expect(back.changes).toEqual([{ path: "b.txt", status: "M", staged: false }]);
  expect(await read("b.txt")).toBe("one\n");
  await write("later.txt", "stays\n");
  await git().restore({ body: { project_id, paths: ["."], from: second } });
  expect([await read("b.txt"), await read("later.txt")]).toEqual(["two\n", "stays\n"]);
  await git().discard({ body: { project_id, paths: ["later.txt"] } });
  await expect(git().restore({ body: { project_id, paths: ["none.txt"], from: first.sha } })).rejects.toMatchObject({ status: 404 });
  await expect(git().restore({ body: { project_id, paths: ["b.txt"], from: "nowhere" } })).rejects.toMatchObject({ code: "bad_ref" });
  // A file name that looks like an option is a file name.
  await write("--force", "a file\n");
  expect((await git().stage({ body: { project_id, paths: ["--force"] } })).changes).toEqual([
    { path: "--force", status: "A", staged: true },
  ]);
});

test("hostile repository settings and hooks have no effect", async () => {
  const { project_id, inside, write, status } = await repository();
  await write("evil.sh", "#!/bin/sh\ntouch was-run\n");
  await inside("chmod", "+x", "evil.sh");
  await inside("mkdir", "-p", ".git/hooks");
  for (const hook of ["pre-commit", "post-checkout", "post-commit"]) await inside("cp", "evil.sh", `.git/hooks/${hook}`);
  await inside("git", "config", "core.fsmonitor", "./evil.sh");
  await inside("git", "config", "diff.external", "./evil.sh");
  await inside("git", "config", "user.email", "forged@example.com");
  await git().commit({ body: { project_id, message: "under siege" } });
  await git().checkout({ body: { project_id, branch: "other", create: true } });
  await git().diff({ params: { project_id }, query: { to: "HEAD" } });
  expect((await status()).changes.map((change) => change.path)).toEqual([]);
  expect((await git().log({ params: { project_id }, query: {} })).items[0]).toMatchObject({ email: ada.email });
});

test("commits for a user whose name git would reject", async () => {
  const eve = await app.signUp({ name: "...", username: "eve-the-first" });
  const { project } = await setUpProject(app, eve);
  const params = { project_id: project.id };
  await git(eve).init({ body: params });
  await git(eve).commit({ body: { ...params, message: "First" } });
  expect((await git(eve).log({ params, query: {} })).items).toMatchObject([{ author: "eve-the-first" }]);
});
