import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { repositoryLimits } from "../git/index.ts";

let host: GitHost;
let app: ProjectsApp;
let owner: TestUser;
beforeAll(async () => {
  host = await startGitHost();
  app = await projectsApp({
    env: { OUTBOUND_ALLOW_HOSTS: `localhost:${host.port}`, OUTBOUND_CA_FILE: host.caFile, PROJECT_DISK_MB: "40" },
  });
  owner = await app.signUp();
}, 60_000);
afterAll(async () => {
  await app.close();
  await host.close();
});

const imported = async (git_repo_url: string, more: Record<string, unknown> = {}) => {
  const created = await app.as(owner).projects.create({ body: { name: "Imported", git_repo_url, ...more } });
  const task = await ended(app, owner, created.task_id);
  return { id: created.id, task, project: await app.as(owner).projects.get({ params: { id: created.id } }) };
};
const inside = async (id: string, ...argv: string[]) => {
  const sandbox = await app.runtime.open({ id });
  const { stdout, stderr } = await sandbox.exec(argv);
  return stdout + stderr;
};

test("clones another branch by name and truncates a long history", async () => {
  const url = host.add("long", { files: { "index.html": "hi" }, branch: "main", history: repositoryLimits.depth + 10 });
  host.git("long", "branch", "feat/x", "main~1");
  const { id, task } = await imported(url, { git_branch: "feat/x" });
  expect(task.status).toBe("completed");
  expect(await inside(id, "git", "rev-parse", "--abbrev-ref", "HEAD")).toBe("feat/x\n");
  expect(await inside(id, "git", "rev-list", "--count", "HEAD")).toBe(`${repositoryLimits.depth}\n`);
  expect(await inside(id, "git", "fsck")).not.toMatch(/error|missing|broken/);
});

describe("failed setups give the reason", () => {
  const failure = async (url: string, more: Record<string, unknown> = {}) => {
    const { task, id } = await imported(url, more);
    expect(task.status).toBe("failed");
    await vi.waitFor(async () =>
      expect(await app.as(owner).projects.get({ params: { id } })).toMatchObject({
        environment_status: "setup_failed",
        has_git_repo: false,
      }),
    );
    const status = await app.as(owner).projects.status({ params: { id } });
    expect(status.error).toBe(task.error);
    return task.error;
  };
  test("aborts a repository that is too large while it downloads", async () => {
    const noise = Buffer.alloc(30 * 2 ** 20);
    for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE((Math.random() * 2 ** 32) >>> 0, i);
    expect(await failure(host.add("huge", { files: { "noise.bin": noise } }))).toMatch(/import limit of 20 MiB/);
  });
  test("aborts one that unpacks to too much", async () =>
    expect(await failure(host.add("bomb", { files: { "zeros.bin": Buffer.alloc(25 * 2 ** 20) } }))).toMatch(/limit of 20 MiB/));
});
