import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";

// Dozens of sequential git processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let host: GitHost;
let limits: { networkMs: number };
let app: ProjectsApp;
let ada: TestUser;
beforeAll(async () => {
  host = await startGitHost();
  app = await projectsApp({
    env: { OUTBOUND_ALLOW_HOSTS: `localhost:${host.port}`, OUTBOUND_CA_FILE: host.caFile },
    configure: (config) => void (limits = config.git),
  });
  ada = await app.signUp({ name: "Ada Lovelace" });
}, 60_000);
afterAll(async () => {
  await app.close();
  await host.close();
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

test("a pull with conflicts names every path; resolved, committed and pushed, the remote has both", async () => {
  const url = host.add("clash", { files: { "a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n" } });
  const { project_id } = await cloned(url);
  await write(project_id, "a.txt", "ours\n");
  await write(project_id, "b.txt", "ours too\n");
  await git().commit({ body: { project_id, message: "ours" } });
  host.commit("clash", "a.txt", "theirs\n");
  host.commit("clash", "b.txt", "theirs too\n");
  host.commit("clash", "c.txt", "only theirs\n");
  await expect(git().push({ body: { project_id } })).rejects.toMatchObject({ status: 409, code: "push_rejected" });
  await expect(git().pull({ body: { project_id, strategy: "ff-only" } })).rejects.toMatchObject({ status: 409, code: "not_fast_forward" });
  expect(await git().pull({ body: { project_id } })).toMatchObject({ success: false, conflicts: ["a.txt", "b.txt"] });
  expect(await git().info({ params: { project_id } })).toMatchObject({ linked: { sync_status: "conflict" } });
  await git().resolve({ body: { project_id, path: "a.txt", side: "theirs" } });
  await git().resolve({ body: { project_id, path: "b.txt", side: "content", content: "both\n" } });
  await git().commit({ body: { project_id, message: "Merged" } });
  await git().push({ body: { project_id } });
  expect(host.git("clash", "show", "main:b.txt")).toBe("both\n");
  expect(host.git("clash", "log", "--format=%s", "-3", "main").split("\n")[0]).toBe("Merged");

  // With rebase, and files in the way first.
  host.commit("clash", "a.txt", "again theirs\n");
  await write(project_id, "a.txt", "not committed\n");
  await expect(git().pull({ body: { project_id } })).rejects.toMatchObject({
    status: 409,
    code: "local_changes",
    details: { files: ["a.txt"] },
  });
  await expect(git().pull({ body: { project_id, strategy: "rebase" } })).rejects.toMatchObject({
    status: 409,
    code: "local_changes",
    details: { files: ["a.txt"] },
  });
  await git().discard({ body: { project_id, paths: ["a.txt"] } });
  await write(project_id, "c.txt", "on top\n");
  await git().commit({ body: { project_id, message: "On top" } });
  expect(await git().pull({ body: { project_id, strategy: "rebase" } })).toMatchObject({ success: true });
  expect((await git().log({ params: { project_id }, query: { limit: 2 } })).items.map((item) => item.message)).toEqual([
    "On top",
    "elsewhere: a.txt",
  ]);
});

test("links a project to an empty repository and pushes; a force push requires having seen what it overwrites", async () => {
  const url = host.add("fresh", { files: {} });
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  await git().init({ body: { project_id } });
  await expect(git().push({ body: { project_id } })).rejects.toMatchObject({ status: 400 });
  await git().commit({ body: { project_id, message: "First" } });
  await expect(git().push({ body: { project_id } })).rejects.toMatchObject({ status: 400, code: "no_remote" });
  expect(await git().init({ body: { project_id, repo_url: url.replace("https://", "https://ada:a-token@") } })).toMatchObject({
    initialized: false,
    remote_url: url,
  });
  await app.as(ada).git.updateInfo({ params: { project_id }, body: { auto_push: true } });
  await write(project_id, "x.txt", "x\n");
  expect(await git().commit({ body: { project_id, message: "Second" } })).toMatchObject({ pushed: true });
  expect(host.git("fresh", "log", "--format=%s", "main")).toBe("Second\nFirst\n");

  host.commit("fresh", "y.txt", "y\n");
  await write(project_id, "x.txt", "xx\n");
  // The commit stays although the push failed, and the link reports it.
  expect(await git().commit({ body: { project_id, message: "Third" } })).toMatchObject({ pushed: false });
  expect(await git().info({ params: { project_id } })).toMatchObject({ linked: { sync_status: "error" } });
  await expect(git().push({ body: { project_id, force: true } })).rejects.toMatchObject({ status: 409, code: "push_rejected" });
  await git().fetch({ body: { project_id } });
  await git().push({ body: { project_id, force: true } });
  expect(host.git("fresh", "log", "--format=%s", "main")).toBe("Third\nSecond\nFirst\n");
  expect(await git().info({ params: { project_id } })).toMatchObject({ linked: { sync_status: "synced" } });

  // A branch that becomes a folder of branches.
  host.git("fresh", "branch", "topic", "main");
  await git().fetch({ body: { project_id } });
  host.git("fresh", "branch", "-D", "topic");
  host.git("fresh", "branch", "topic/one", "main");
  await git().fetch({ body: { project_id } });
  const { items } = await git().branches({ params: { project_id }, query: {} });
  expect(items.map(({ name }) => name)).toEqual(["main", "origin/main", "origin/topic/one"]);
  await git().unlink({ params: { project_id } });
  expect(await git().info({ params: { project_id } })).toEqual({ is_repository: true, linked: null });
  expect((await git().log({ params: { project_id }, query: {} })).total).toBe(3);
});

test("distinguishes a busy, unreachable or interrupted host and a missing branch, without losing state", async () => {
  const { project_id } = await cloned(host.add("flaky", { files: { "a.txt": "a\n" } }));
  const broken = { status: 502, code: "bad_gateway" };
  const sentences = new Set<unknown>();
  for (const [status, expected] of [
    [429, { status: 429, code: "rate_limited", retryAfterSeconds: 60 }],
    [500, broken],
    [503, broken],
    [0, broken],
    [404, { status: 409, code: "repo_not_found" }],
    [401, { status: 409, code: "repo_auth_required" }],
  ] as const) {
    const recover = host.fail("/flaky.git/", status);
    for (const request of [() => git().pull({ body: { project_id } }), () => git().fetch({ body: { project_id } })]) {
      const error: unknown = await request().catch((failure: unknown) => failure);
      expect(error, String(status)).toMatchObject(expected);
      sentences.add((error as Error).message);
    }
    recover();
  }
  // Two statuses share a message: the host fails.
  expect(sentences.size).toBe(5);
  await expect(git().pull({ body: { project_id, branch: "nowhere" } })).rejects.toMatchObject({
    status: 400,
    code: "bad_ref",
    message: "The remote has no branch nowhere.",
  });
  const releaseStall = host.stall("/flaky.git/");
  limits.networkMs = 300;
  await expect(git().pull({ body: { project_id } })).rejects.toMatchObject({ status: 504, code: "gateway_timeout" });
  limits.networkMs = 300_000;
  releaseStall();
  host.commit("flaky", "a.txt", "b\n");
  expect(await git().pull({ body: { project_id } })).toMatchObject({ success: true, updated_files: ["a.txt"] });
});

test("a clone in progress blocks other clones, restores and runs; cancelled, the files are unchanged", async () => {
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  await write(project_id, "mine.txt", "mine\n");
  const snapshot = await app.as(ada).snapshots.create({ params: { id: project_id }, body: {} });
  await ended(app, ada, snapshot.task_id);
  host.stall("/slow.git/");
  const { task_id } = await git().clone({ body: { project_id, repo_url: `${host.url}/slow.git` } });
  const busy = { status: 409, code: "project_busy" };
  await expect(git().clone({ body: { project_id, repo_url: `${host.url}/slow.git` } })).rejects.toMatchObject(busy);
  await expect(app.as(ada).snapshots.restore({ params: { id: project_id, snapshot_id: snapshot.id }, body: {} })).rejects.toMatchObject(
    busy,
  );
  await expect(app.as(ada).projects.start({ params: { id: project_id } })).rejects.toMatchObject(busy);
  await expect(git().init({ body: { project_id } })).rejects.toMatchObject(busy);
  await app.as(ada).tasks.cancel({ params: { task_id: task_id ?? "" } });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "cancelled" });
  expect(await read(project_id, "mine.txt")).toBe("mine\n");
});
