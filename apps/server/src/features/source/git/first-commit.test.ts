import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestUser } from "../../../testing/app.ts";
import { createLogger } from "../../../platform/logger.ts";
import { chatWorld, eventually } from "../../../testing/chat.ts";
import { projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";
import { createProjectsStore } from "../../projects/projects/projects.store.ts";
import { createFirstCommits } from "./first-commit.ts";
import { createGitStore } from "./git.store.ts";

let app: ProjectsApp;
let ada: TestUser;
beforeAll(async () => {
  app = await projectsApp({ env: { PROJECT_GIT: "1" } });
  ada = await app.signUp({ name: "Ada Lovelace" });
}, 60_000);
afterAll(() => app.close());

test("a new project begins with a repository and one commit of its owner; nothing is left to commit, and secrets are ignored", async () => {
  const { project } = await setUpProject(app, ada);
  const params = { project_id: project.id };
  const { git, files, transfer } = app.as(ada);
  // Git waits for the commit.
  expect(await git.info({ params })).toMatchObject({ is_repository: true });
  const { items } = await git.log({ params, query: {} });
  expect(items).toMatchObject([{ message: expect.stringMatching(/^Start from /), author: "Ada Lovelace" }]);
  await files.put({ params: { id: project.id, path: ".env" }, body: { content: "KEY=1" } });
  const status = await git.status({ params });
  expect(status).toMatchObject({ branch: "main", changes: [] });
  const copy = await transfer.fork({ params: { id: project.id }, body: {} });
  await eventually(async () => (await app.as(ada).projects.get({ params: { id: copy.id } })).environment_status === "stopped");
  expect((await git.log({ params: { project_id: copy.id }, query: {} })).items.map(({ sha }) => sha)).toEqual(items.map(({ sha }) => sha));
});

test("a repository that a crash left without its commit gets it; one that the project came with stays as it is", async () => {
  await using world = await chatWorld();
  const { sandbox } = world;
  const project = await createProjectsStore(world.app.db).find(world.project.id);
  if (!project) throw new Error("no project");
  const { make } = createFirstCommits({
    sandboxOf: async () => sandbox,
    store: createGitStore(world.app.db),
    isOn: true,
    log: createLogger("silent"),
  });
  const head = async () => (await sandbox.exec(["git", "rev-parse", "--verify", "--quiet", "HEAD"])).exitCode;
  await sandbox.exec(["git", "init", "--quiet"]);
  await make({ ...project, has_git_repo: true }, "Start");
  expect(await head()).not.toBe(0);
  await make(project, "Start");
  expect(await head()).toBe(0);
});
