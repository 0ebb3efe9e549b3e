import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { freePort, say, script, startModelServer } from "@tesslate/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { createLogger } from "./platform/logger.ts";
import { checkUpgrade } from "./upgrade-check.ts";
import { asPage, enterPreview } from "./testing/projects.ts";
import { clientsAt } from "./testing/address.ts";
import { hasRelease, installRelease, releases, startRelease } from "./testing/releases.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe !== undefined;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!canRun)("the newest version on the data of an earlier one (needs a sandbox)", () => {
  const base = temporaryFolder("upgrades");
  const children: (SpawnedStudio["child"] | Awaited<ReturnType<typeof startRelease>>)[] = [];
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
  });

  test.for(releases)("$name: all data is there, and the project works", { timeout: 900_000 }, async (release, { skip }) => {
    skip(!(await hasRelease(release)), `${release.ref} is not in this clone: git fetch --unshallow brings it`);
    const [dir, templates, port] = [await installRelease(release), await tinyTemplates(), await freePort()];
    const dataDir = join(base, release.ref);
    const model = await startModelServer({ script: script([say("There are six places a day."), say("Seven of them tomorrow.")]) });
    const env = {
      PORT: String(port),
      DATA_DIR: dataDir,
      SECRET_KEY: "a secret key of the tests, 32+ characters",
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: model.openai_base_url,
      DEFAULT_MODELS: "openai/scripted",
      ORPHANED_STOP_MINUTES: "5",
    };
    const old = await startRelease(dir, templates, env);
    children.push(old);

    // Plain requests as of that version: today's client may send newer fields.
    let token = "";
    const call = async (method: string, path: string, json?: unknown) => {
      const answer = await fetch(`http://localhost:${port}${path}`, {
        method,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...(json !== undefined && { "content-type": "application/json" }) },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text.startsWith("{") ? (JSON.parse(text) as Record<string, never>) : {};
    };
    const sendMessage = async (project: string, message: string) => {
      const answer = await fetch(`http://localhost:${port}/api/chat/stream`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ project_id: project, message }),
      });
      return answer.text();
    };
    const done = async (taskId: string | null) => {
      for (let task; taskId !== null; await sleep(100)) {
        task = await call("GET", `/api/tasks/${taskId}`);
        if (task["completed_at"]) return void expect(task).toMatchObject({ status: "completed" });
      }
    };
    const person = { email: "ada@example.com", password: "correct horse battery" };
    await call("POST", "/api/auth/register", { ...person, name: "Ada" });
    const signIn = async () => {
      token = (await call("POST", "/api/auth/login", person))["access_token"] ?? "";
    };
    await signIn();
    const created = await call("POST", "/api/projects", { name: "Shop", base: "tiny" }).catch(() =>
      call("POST", "/api/projects", { name: "Shop" }),
    );
    const id = String(created["id"]);
    await done(created["task_id"] ?? null);
    await call("PUT", `/api/projects/${id}/files/notes.txt`, { content: "kept" });
    await call("POST", `/api/secrets/${id}`, { key: "SECRET_TOKEN", value: "s3cret-of-the-shop" });
    expect(await sendMessage(id, "How many places?")).toContain('"success":true');
    if (release.has.includes("git")) {
      await call("POST", "/api/git/init", { project_id: id });
      await call("POST", "/api/git/commit", { project_id: id, message: "The first one" });
    }
    if (release.has.includes("snapshots")) {
      await call("POST", `/api/projects/${id}/snapshots`, { label: "before the upgrade" });
      await expect
        .poll(async () => JSON.stringify(await call("GET", `/api/projects/${id}/snapshots`)), { timeout: 60_000 })
        .toContain('"ready"');
    }
    await done((await call("POST", `/api/projects/${id}/start`))["task_id"] ?? null);
    const ended = once(old, "exit");
    old.kill("SIGTERM");
    await ended;

    const findings = await checkUpgrade(readConfig({ ...env, DATA_DIR: dataDir }), {
      envFile: join(base, "none"),
      environment: {},
      log: createLogger("error"),
    });
    expect(findings.filter(({ mark }) => mark === "XX")).toEqual([]);
    expect(findings.find(({ name }) => name === "database")?.detail).toMatch(/^\d+ migrations are pending, from \d+_\w+ to \d+_\w+$/);

    const { child } = await spawnStudio({ port, dataDir, templatesDir: templates, env });
    children.push(child);
    await signIn();
    const newest = clientsAt(port);
    const ada = { token };
    const api = newest(ada);
    const params = { id };
    expect(await api.projects.get({ params })).toMatchObject({ name: "Shop", environment_status: "active", status: "running" });
    expect(await api.files.get({ params: { id, path: "notes.txt" } })).toMatchObject({ content: "kept" });
    expect((await api.secrets.list({ params: { project_id: id } })).items).toMatchObject([{ key: "SECRET_TOKEN" }]);
    const history = JSON.stringify(await call("GET", `/api/chat/history/${id}`));
    expect(history).toContain("How many places?");
    expect(history).toContain("There are six places a day.");
    if (release.has.includes("git"))
      expect((await api.git.log({ params: { project_id: id } })).items).toMatchObject([{ message: "The first one" }]);
    if (release.has.includes("snapshots")) {
      const { items } = await api.snapshots.list({ params });
      const kept = items.find(({ label }) => label === "before the upgrade");
      expect(kept).toBeDefined();
      await api.files.put({ params: { id, path: "notes.txt" }, body: { content: "changed" } });
      const { task_id } = await api.snapshots.restore({ params: { id, snapshot_id: kept?.id ?? "" } });
      await done(task_id);
      expect(await api.files.get({ params: { id, path: "notes.txt" } })).toMatchObject({ content: "kept" });
    }
    const page = async () => (await enterPreview({ port, as: newest }, ada, id)).fetch("/", { headers: asPage });
    expect(await page()).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
    // The project works: it stops, starts and answers.
    await api.projects.stop({ params });
    await done((await api.projects.start({ params })).task_id);
    expect((await page()).status).toBe(200);
    const answer = await sendMessage(id, "And tomorrow?");
    expect(answer).toContain("Seven of them tomorrow.");
    expect(answer).toContain('"success":true');
    const stopped = once(child, "exit");
    child.kill("SIGTERM");
    await stopped;
    await model.close();
  });
});
