import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";

// Dozens of sequential git processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let host: GitHost;
/** Like a home network: without TLS. */
let plainHost: GitHost;
let app: ProjectsApp;
let ada: TestUser;
beforeAll(async () => {
  host = await startGitHost();
  plainHost = await startGitHost({ isPlain: true });
  app = await projectsApp({
    env: { OUTBOUND_ALLOW_HOSTS: `localhost:${host.port},localhost:${plainHost.port}`, OUTBOUND_CA_FILE: host.caFile },
  });
  ada = await app.signUp({ name: "Ada Lovelace" });
}, 60_000);
afterAll(async () => {
  await app.close();
  await host.close();
  await plainHost.close();
});

const git = () => app.as(ada).git;
const write = (id: string, path: string, content: string) => app.as(ada).files.put({ params: { id, path }, body: { content } });
const read = async (id: string, path: string) =>
  (await app.as(ada).files.batch({ params: { id }, body: { paths: [path] } })).files[0]?.content;
const cloned = async (repo_url: string, more: { branch?: string } = {}) => {
  const { project } = await setUpProject(app, ada);
  const { task_id } = await git().clone({ body: { project_id: project.id, repo_url, ...more } });
  return { project_id: project.id, task: await ended(app, ada, task_id) };
};
test("a clone replaces the files; commits, pushes and pulls work", async () => {
  const url = host.add("shop", { files: { "index.html": "<h1>Shop</h1>\n", "about.html": "about\n" }, history: 60 });
  const { project_id, task } = await cloned(`${url}/`);
  expect(task).toMatchObject({
    status: "completed",
    result: { branch: "main", repo_name: "shop", commit_sha: host.git("shop", "rev-parse", "main").trim() },
  });
  expect((await app.as(ada).files.tree({ params: { id: project_id } })).entries.map((entry) => entry.path)).toEqual([
    "about.html",
    "index.html",
  ]);
  expect(await git().info({ params: { project_id } })).toMatchObject({
    is_repository: true,
    linked: { repo_url: url, repo_name: "shop", default_branch: "main", sync_status: "synced", auto_push: false },
  });
  expect(await git().status({ params: { project_id } })).toMatchObject({ remote_branch: "origin/main", ahead: 0, behind: 0, changes: [] });

  const config = await (await app.runtime.open({ id: project_id })).files.read(".git/config");
  expect(new TextDecoder().decode(config.data)).toContain(`[user]\n\tname = "Ada Lovelace"\n\temail = "${ada.email}"\n`);
  await write(project_id, "index.html", "<h1>The shop</h1>\n");
  const { sha, pushed } = await git().commit({ body: { project_id, message: "A better title" } });
  expect(pushed).toBe(false);
  expect(await git().status({ params: { project_id } })).toMatchObject({ ahead: 1 });
  expect(await git().push({ body: { project_id } })).toEqual({ branch: "main", remote: "origin", sha });
  expect(host.git("shop", "log", "-1", "--format=%s %an <%ae>", "main")).toBe(`A better title Ada Lovelace <${ada.email}>\n`);
  expect(await git().status({ params: { project_id } })).toMatchObject({ ahead: 0 });

  const theirs = host.commit("shop", "about.html", "about us\n");
  expect(await git().fetch({ body: { project_id } })).toMatchObject({ behind: 1 });
  expect(await git().pull({ body: { project_id } })).toMatchObject({ success: true, conflicts: [], updated_files: ["about.html"] });
  expect(await read(project_id, "about.html")).toBe("about us\n");
  expect(await git().status({ params: { project_id } })).toMatchObject({ ahead: 0, behind: 0, last_commit: { sha: theirs } });
  expect(await git().pull({ body: { project_id } })).toMatchObject({ success: true, updated_files: [], message: "Already up to date." });
});

test("the replaced files are kept in a snapshot named in the result; all branches, tags and commits arrive", async () => {
  const url = host.add("full", { files: { "index.html": "new\n" }, history: 60 });
  host.commit("full", "side.txt", "side\n", "feature/side");
  host.git("full", "tag", "v1", "main");
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  await write(project_id, "mine.txt", "mine\n");
  const { task_id } = await git().clone({ body: { project_id, repo_url: url } });
  const { result, error } = await ended(app, ada, task_id);
  expect(error).toBeNull();
  expect(result).toMatchObject({ branches: 2, tags: 1, left_out: [] });
  expect(await read(project_id, "mine.txt")).toBeUndefined();
  const inside = await app.runtime.open({ id: project_id });
  const gitOutput = async (...argv: string[]) => (await inside.exec(["git", ...argv])).stdout.trim();
  expect(await gitOutput("rev-list", "--count", "HEAD")).toBe("61");
  expect(await gitOutput("tag", "--list")).toBe("v1");
  expect(await gitOutput("fsck", "--no-dangling")).toBe("");
  // One known already, and a later one.
  const at = host.commit("full", "later.txt", "later\n", "later");
  for (const branch of ["feature/side", "later"])
    expect(await git().checkout({ body: { project_id, branch } })).toEqual({ branch, created: true });
  expect(await git().status({ params: { project_id } })).toMatchObject({
    branch: "later",
    remote_branch: "origin/later",
    last_commit: { sha: at },
  });
  await expect(git().checkout({ body: { project_id, branch: "nowhere" } })).rejects.toMatchObject({ status: 404 });

  const { safety_snapshot_id: snapshot_id } = result as { safety_snapshot_id: string };
  const params = { id: project_id, snapshot_id };
  expect(await app.as(ada).snapshots.get({ params })).toMatchObject({
    snapshot_type: "safety",
    status: "ready",
    label: "Before cloning full",
  });
  await ended(app, ada, (await app.as(ada).snapshots.restore({ params, body: {} })).task_id);
  expect(await read(project_id, "mine.txt")).toBe("mine\n");
});

test("a host without TLS works only when the operator allows it", async () => {
  const url = plainHost.add("home", { files: { "a.txt": "a\n" }, authorization: `Basic ${btoa("ada:secret-token")}` });
  await app
    .as(ada)
    .gitProviders.connect({ params: { provider: "git" }, body: { base_url: plainHost.url, token: "secret-token", username: "ada" } });
  const { project_id, task } = await cloned(url);
  expect(task).toMatchObject({ status: "completed", error: null });
  await write(project_id, "a.txt", "b\n");
  await git().commit({ body: { project_id, message: "b" } });
  await git().push({ body: { project_id } });
  expect(plainHost.git("home", "show", "main:a.txt")).toBe("b\n");
  const created = await app.as(ada).projects.create({ body: { name: "Home", git_repo_url: url } });
  expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "completed", error: null });
  await using other = await startGitHost({ isPlain: true });
  const repo_url = other.add("a", { files: { a: "1" } });
  await expect(git().clone({ body: { project_id, repo_url } })).rejects.toMatchObject({ status: 400, code: "invalid_repo_url" });
  expect(other.requests).toEqual([]);
});

test("a failed clone leaves the files unchanged and gives the reason; addresses that lead elsewhere are rejected", async () => {
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  await write(project_id, "mine.txt", "mine\n");
  const locked = host.add("locked", { files: { "a.txt": "a" }, authorization: "Basic unknown" });
  for (const [repo_url, code] of [
    [`${host.url}/nowhere.git`, "repo_not_found"],
    [locked, "repo_auth_required"],
  ] as const) {
    const { task_id } = await git().clone({ body: { project_id, repo_url } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "failed", error: expect.stringMatching(`^${code}: `) as string });
  }
  expect(await read(project_id, "mine.txt")).toBe("mine\n");
  expect(await app.as(ada).projects.get({ params: { id: project_id } })).toMatchObject({ has_git_repo: false });
  for (const repo_url of [
    "http://localhost/a.git",
    "file:///etc",
    "ext::sh -c id",
    "git://example.com/a",
    "--upload-pack=x",
    "https://",
    "/etc/passwd",
  ])
    await expect(git().clone({ body: { project_id, repo_url } })).rejects.toMatchObject({ status: 400, code: "invalid_repo_url" });
  for (const repo_url of ["https://127.0.0.1/a.git", "https://169.254.169.254/a/b", "https://[::1]/a/b", "git@10.0.0.1:a/b.git"])
    await expect(git().clone({ body: { project_id, repo_url } })).rejects.toMatchObject({ status: 400, code: "outbound_refused" });
  await expect(git().clone({ body: { project_id, repo_url: locked, branch: "--upload-pack=x" } })).rejects.toMatchObject({
    code: "bad_ref",
  });
  await git().init({ body: { project_id } });
  const inside = await app.runtime.open({ id: project_id });
  for (const url of ["ext::sh -c id", "file:///etc", "/etc"]) {
    await inside.exec(["git", "config", "remote.origin.url", url]);
    await expect(git().pull({ body: { project_id } })).rejects.toMatchObject({ status: 400, code: "invalid_repo_url" });
  }
  for (const remote of ["https://example.com/a", "--upload-pack=x", "ext::id"])
    await expect(git().pull({ body: { project_id, remote } })).rejects.toMatchObject({ status: 400, code: "no_remote" });
});
