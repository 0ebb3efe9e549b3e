import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { call, load, say, when } from "@tesslate/testkit";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import { testApp } from "../../../testing/app.ts";
import { chatWorld, eventually, studioProcess } from "../../../testing/chat.ts";
import { setUpProject } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();

const runtimeDir = temporaryFolder("runtime");
const open = () => createRuntime({ driver: "auto", dataDir: runtimeDir });
const children: SpawnedStudio[] = [];
let host: GitHost;
beforeAll(async () => {
  host = await startGitHost();
});
afterAll(async () => {
  for (const child of children) await child.kill();
  await host.close();
  if (!probe) return;
  const runtime = await open();
  for (const { id } of await runtime.list()) await runtime.remove(id);
  await runtime.close();
});

test.skipIf(!probe)(
  `kill -9 of the server during a clone: the next start finishes it, and never leaves half a tree${probe ? "" : " (skipped: needs a sandbox)"}`,
  { timeout: 180_000 },
  async () => {
    const env = { OUTBOUND_ALLOW_HOSTS: `localhost:${host.port}`, OUTBOUND_CA_FILE: host.caFile };
    const templatesDir = await tinyTemplates();
    const app = await testApp({ swap: { runtime: await open(), templatesDir }, dataDir: temporaryFolder("data"), env });
    const ada = await app.signUp();
    const api = app.as(ada);
    const { project } = await setUpProject(app, ada);
    await app.studio.close();
    const spawn = async () => {
      const child = await spawnStudio({ ...app, runtimeDir, templatesDir, env });
      children.push(child);
      return child;
    };
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`d${i % 20}/f${i}.txt`, `${i}\n`]));
    const repo_url = host.add("big", { files });
    const server = await spawn();
    const { task_id } = await api.git.clone({ body: { project_id: project.id, repo_url } });
    // The tree is empty now, and its content is saved.
    for await (const { data } of api.tasks.events({ params: { task_id: task_id ?? "" } }))
      if (data.completed_at || data.progress.message.startsWith("Checking out")) break;
    await server.kill();
    await spawn();
    const clones = async () =>
      (await api.tasks.list({ query: { project_id: project.id, limit: 50 } })).items.filter((task) => task.type === "git_clone");
    for (let n = 0; (await clones()).some(({ status }) => status === "queued" || status === "running"); n++) {
      if (n > 900) throw new Error("the clone never ended");
      await sleep(100);
    }
    expect(await clones()).toMatchObject([{ status: "completed", error: null }, { status: "failed" }]);
    const { entries } = await api.files.tree({ params: { id: project.id } });
    expect(entries.filter((entry) => !entry.is_directory).length).toBe(600);
    expect(await api.git.status({ params: { project_id: project.id } })).toMatchObject({ changes: [], branch: "main" });
    expect(await api.git.info({ params: { project_id: project.id } })).toMatchObject({ linked: { repo_url } });
  },
);

test(
  "kill -9 of the server while the message of a run's commit is written: the next start makes the commit at once",
  { timeout: 120_000 },
  async () => {
    const env = { AGENT_COMMIT_MESSAGES: "1", DEFAULT_MODELS: "openai/gpt-5.1" };
    const script = [
      when(/Write the commit message/, [load({ tokensPerSecond: 1, tokens: 600 }), say("Add a greeting")]),
      when(/.*/, [call("write_file", { file_path: "hello.txt", content: "hello" }), say("Done.")]),
    ];
    const before = await chatWorld({ env, script, ownServer: true });
    const project_id = before.project.id;
    await before.app.as(before.owner).git.init({ body: { project_id } });
    await before.app.close();
    const server = await studioProcess(before, env);
    children.push(server);
    await before.run("Greet people");
    const asked = () => before.model.requests.some(({ request }) => /Write the commit message/.test(request?.messages[0]?.text ?? ""));
    await eventually(asked, 20_000);
    await server.kill();
    await using world = await chatWorld({ env: { ...env, AGENT_COMMIT_MESSAGES: "0" }, after: before, ownServer: true });
    const api = world.app.as(world.owner);
    const messages = async () => (await api.git.log({ params: { project_id }, query: {} })).items.map(({ message }) => message);
    await eventually(async () => (await messages())[0] === "Greet people", 20_000);
    expect(await messages()).toEqual(["Greet people"]);
  },
);
