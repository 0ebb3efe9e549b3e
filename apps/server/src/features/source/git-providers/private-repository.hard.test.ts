import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startGitHost } from "@tesslate/testkit/git-host";
import { startGitProviders, type GitProviders } from "@tesslate/testkit/git-providers";
import { call, say, script, startModelServer, when, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { eventually, modelEnv, plantedKey } from "../../../testing/chat.ts";
import { ended, projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";

// A dozen sequential git processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let world: GitProviders;
let model: ModelServer;
let app: ProjectsApp;
let ada: TestUser;
beforeAll(async () => {
  [world, model] = await Promise.all([
    startGitProviders(),
    startModelServer({
      apiKey: plantedKey,
      script: script([
        when(/better title/, [
          call("read_file", { file_path: "index.html" }),
          call("write_file", { file_path: "index.html", content: "<h1>The agent's shop</h1>\n" }),
          call("run_command", { command: "env; git config --list --show-origin; cat .git/config" }),
          say("Done."),
        ]),
        say("Yes."),
      ]),
    }),
  ]);
  app = await projectsApp({ env: { ...modelEnv(model), ...world.env, OUTBOUND_ALLOW_HOSTS: "localhost" } });
  ada = await app.signUp({ name: "Ada Lovelace" });
}, 60_000);
afterAll(async () => {
  await app?.close();
  await Promise.all([model?.close(), world?.close()]);
});

type Name = "github" | "gitlab" | "bitbucket" | "gitea";
const connect = async (name: Name, user = ada) => {
  const started = await app.request(`/api/git-providers/${name}/connect`, { method: "POST", user, json: {} });
  const { authorization_url } = (await started.json()) as { authorization_url: string };
  const cookie = started.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { search } = await world[name].consent(authorization_url);
  const done = await app.request(`/api/git-providers/${name}/callback${search}`, { headers: { cookie } });
  expect(done.headers.get("location")).toContain("success=true");
};
const write = (id: string, path: string, content: string) => app.as(ada).files.put({ params: { id, path }, body: { content } });
const git = (user = ada) => app.as(user).git;

/** Every file below these folders that contains one of the needles, and the number of files; for repositories also their packed objects. */
function searchFiles(dirs: string[], needles: Buffer[]) {
  const found = { files: 0, bytes: 0, repositories: 0, objectBytes: 0, hits: [] as string[] };
  const walk = (dir: string) => {
    const entries = readdirSync(dir, { withFileTypes: true });
    if (entries.some(({ name }) => name === "HEAD") && entries.some(({ name }) => name === "objects")) {
      const argv = ["--git-dir", dir, "cat-file", "--batch-all-objects", "--batch"];
      const { stdout } = spawnSync("git", argv, { env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" }, maxBuffer: 2 ** 26 });
      found.repositories += 1;
      found.objectBytes += stdout.length;
      if (needles.some((needle) => stdout.includes(needle))) found.hits.push(dir);
    }
    for (const entry of entries) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) {
        const data = readFileSync(path);
        found.files += 1;
        found.bytes += data.length;
        if (needles.some((needle) => data.includes(needle))) found.hits.push(path);
      }
    }
  };
  dirs.forEach(walk);
  return found;
}
/** Every value of every column of every table. */
async function searchDatabase(needles: Buffer[]) {
  const { pool } = app.studio.database;
  const tables = await pool.query<{ table_schema: string; table_name: string }>(
    "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')",
  );
  const found = { tables: tables.rows.length, rows: 0, values: 0, hits: [] as string[] };
  for (const { table_schema, table_name } of tables.rows) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from "${table_schema}"."${table_name}"`);
    found.rows += rows.length;
    for (const row of rows)
      for (const [column, value] of Object.entries(row)) {
        if (value === null) continue;
        found.values += 1;
        const data = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
        if (needles.some((needle) => data.includes(needle))) found.hits.push(`${table_schema}.${table_name}.${column}`);
      }
  }
  return found;
}
/** Command lines of all processes, repeatedly until disposed. */
function watchProcesses(needles: Buffer[]) {
  const seen = { samples: 0, commands: new Set<string>(), hits: [] as string[] };
  /** How often each was checked: a new process is first a copy of its parent. */
  let looks = new Map<string, number>();
  const look = () => {
    seen.samples += 1;
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    looks = new Map(pids.map((pid) => [pid, (looks.get(pid) ?? 0) + 1]));
    for (const pid of pids.filter((each) => (looks.get(each) ?? 0) <= 4)) {
      try {
        const data = readFileSync(`/proc/${pid}/cmdline`);
        const command = data.toString().replaceAll("\0", " ");
        seen.commands.add(command);
        if (needles.some((needle) => data.includes(needle))) seen.hits.push(command);
      } catch {
        // ended in between
      }
    }
  };
  const timer = setInterval(look, 20);
  return { seen, look, [Symbol.dispose]: () => clearInterval(timer) };
}
/** The token in all of its encodings. */
const formsOf = (token: string): Buffer[] =>
  [token, Buffer.from(`x-access-token:${token}`).toString("base64"), Buffer.from(token).toString("hex")].map((text) => Buffer.from(text));

test("clones a private repository, edits by hand and by the agent, pushes, resolves a conflict and never leaks the token", async () => {
  const fake = world.github;
  const url = fake.add("ada/shop", { files: { "index.html": "<h1>Shop</h1>\n", "about.html": "about\n" } });
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  const refused = await git().clone({ body: { project_id, repo_url: url } });
  expect((await ended(app, ada, refused.task_id)).error).toMatch(/^repo_auth_required: /);
  await connect("github");
  const token = fake.tokens.at(-1) ?? "";
  const needles = formsOf(token);
  const folders = [app.dataDir, app.runtimeDir];

  // While git waits for a response: everything that is publicly readable.
  using processes = watchProcesses(needles);
  const releaseStall = fake.stall("/ada/shop.git/");
  const slow = await git().clone({ body: { project_id, repo_url: url } });
  await eventually(() => [...processes.seen.commands].some((command) => command.includes("git ls-remote") && command.includes(url)));
  await sleep(100);
  const filesDuringClone = searchFiles(folders, needles);
  await app.as(ada).tasks.cancel({ params: { task_id: slow.task_id ?? "" } });
  expect(await ended(app, ada, slow.task_id)).toMatchObject({ status: "cancelled" });
  releaseStall();
  const { task_id } = await git().clone({ body: { project_id, repo_url: url } });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  expect(fake.gitAuthorizations.at(-1)).toBe(`Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`);
  expect(await git().info({ params: { project_id } })).toMatchObject({ linked: { provider: "github", repo_owner: "ada", repo_url: url } });

  await write(project_id, "about.html", "about us\n");
  await git().commit({ body: { project_id, message: "By hand" } });
  const body = { project_id, message: "A better title, please", edit_mode: "allow" } as const;
  for await (const _ of app.as(ada).chat.stream({ body }));
  // What the run changed is committed after it.
  await eventually(async () => (await git().log({ params: { project_id }, query: {} })).items[0]?.message !== "By hand");
  await git().push({ body: { project_id } });
  expect(fake.git("ada/shop", "show", "main:index.html")).toBe("<h1>The agent's shop</h1>\n");
  fake.commit("ada/shop", "index.html", "<h1>Another person's shop</h1>\n");
  await write(project_id, "index.html", "<h1>My shop</h1>\n");
  await git().commit({ body: { project_id, message: "Mine" } });
  await expect(git().push({ body: { project_id } })).rejects.toMatchObject({ status: 409, code: "push_rejected" });
  expect(await git().pull({ body: { project_id } })).toMatchObject({ success: false, conflicts: ["index.html"] });
  await git().resolve({ body: { project_id, path: "index.html", side: "content", content: "<h1>Our shop</h1>\n" } });
  await git().commit({ body: { project_id, message: "Both" } });
  await git().push({ body: { project_id } });
  expect(fake.git("ada/shop", "log", "--format=%s", "--topo-order", "main").trim().split("\n")).toEqual(
    expect.arrayContaining(["Both", "Mine", "elsewhere: index.html", "By hand", "the files"]),
  );
  expect(fake.git("ada/shop", "show", "main:index.html")).toBe("<h1>Our shop</h1>\n");

  // A planted one is found in each of the four places; nothing else is found.
  const canary = `canary-${token}`;
  const planted = join(app.dataDir, "canary.txt");
  writeFileSync(planted, canary);
  await app.studio.database.pool.query("update projects set description = $1 where id = $2", [canary, project_id]);
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)", canary], { stdio: "ignore" });
  await eventually(() => (processes.look(), processes.seen.hits.length > 0));
  child.kill();
  expect(searchFiles(folders, needles).hits).toContain(planted);
  expect((await searchDatabase(needles)).hits).toEqual(["public.projects.description"]);
  expect(needles.some((needle) => Buffer.from(`${app.logs()}${canary}`).includes(needle))).toBe(true);
  processes.seen.hits = processes.seen.hits.filter((command) => !command.includes(canary));
  rmSync(planted);
  await app.studio.database.pool.query("update projects set description = null where id = $1", [project_id]);

  const [files, database] = [searchFiles(folders, needles), await searchDatabase(needles)];
  const log = Buffer.from(app.logs());
  const prompts = Buffer.from(JSON.stringify(model.requests.map(({ body }) => body)));
  const gitConfigs = readdirSync(app.runtimeDir, { recursive: true }).filter((path) => String(path).endsWith(".git/config"));
  process.stdout.write(
    `\nsearched for the token (${needles.length} forms): ${files.files} files (${files.bytes} bytes), ${files.repositories} repositories (${files.objectBytes} bytes of objects), while cloning ${filesDuringClone.files} files; ` +
      `${database.tables} tables, ${database.rows} rows, ${database.values} values; ${log.length} bytes of log; ${prompts.length} bytes of prompts; ` +
      `${processes.seen.samples} samples of /proc, ${processes.seen.commands.size} command lines\n`,
  );
  expect(gitConfigs.length).toBeGreaterThan(0);
  expect(files.repositories).toBeGreaterThan(1);
  expect(files.objectBytes).toBeGreaterThan(1000);
  expect(files.files).toBeGreaterThan(20);
  expect(filesDuringClone.files).toBeGreaterThan(10);
  expect(database.values).toBeGreaterThan(500);
  expect(log.length).toBeGreaterThan(1000);
  expect(prompts.toString()).toContain("A better title");
  expect([...processes.seen.commands].some((command) => /git .*push/.test(command))).toBe(true);
  expect([...filesDuringClone.hits, ...files.hits, ...database.hits, ...processes.seen.hits]).toEqual([]);
  expect(needles.filter((needle) => log.includes(needle) || prompts.includes(needle))).toEqual([]);
});

test.each([
  ["gitlab", "team/inner/shop", "gitlab"],
  ["bitbucket", "ada-bb/shop", "bitbucket"],
  ["gitea", "ada-tea/shop", "git"],
] as const)("%s: creates a project from a private repository with an expired token and pushes", async (name, path, source_type) => {
  const fake = world[name];
  const url = fake.add(path, { files: { "index.html": "<h1>Shop</h1>\n" } });
  await connect(name);
  fake.expireAccess();
  const created = await app.as(ada).projects.create({ body: { name: "Shop", source_type, git_repo_url: url } });
  expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "completed", error: null });
  const project_id = created.id;
  expect(await git().info({ params: { project_id } })).toMatchObject({
    linked: { provider: name, repo_owner: path.slice(0, -"/shop".length) },
  });
  await git().updateInfo({ params: { project_id }, body: { auto_push: true } });
  await write(project_id, "index.html", "<h1>The shop</h1>\n");
  // Expired again, and the host detects it first.
  fake.expireAccess();
  expect(await git().commit({ body: { project_id, message: "A better title" } })).toMatchObject({ pushed: true });
  expect(fake.git(path, "log", "-1", "--format=%s", "main")).toBe("A better title\n");
  const config = await (await app.runtime.open({ id: project_id })).files.read(".git/config", { maxBytes: 10_000 });
  for (const token of fake.tokens) expect(new TextDecoder().decode(config.data)).not.toContain(token);
  // Revoked: the commit stays, and the push reports why.
  fake.revokeAll();
  await write(project_id, "index.html", "<h1>My shop</h1>\n");
  expect(await git().commit({ body: { project_id, message: "Stays here" } })).toMatchObject({ pushed: false });
  await expect(git().push({ body: { project_id } })).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
  await expect(git().fetch({ body: { project_id } })).rejects.toMatchObject({ status: 409, code: "provider_token_expired" });
});

test("an account works for its owner and host only: not for others, other addresses or redirects", async () => {
  const fake = world.github;
  await connect("github");
  const url = fake.add("ada/own", { files: { "a.txt": "a\n" } });
  const bob = await app.signUp();
  const theirs = await app.as(bob).projects.create({ body: { name: "Own", source_type: "github", git_repo_url: url } });
  expect(await ended(app, bob, theirs.task_id)).toMatchObject({ status: "failed" });
  expect(fake.gitAuthorizations.at(-1)).toBeUndefined();

  const authorizations: (string | undefined)[] = [];
  // It also echoes what it received.
  await using evil = await startGitHost({
    certificate: world.certificate,
    serve: ({ url: path, headers: { authorization = "" } }, response) => {
      if (!path?.startsWith("/echo.git/") || authorization === "") return false;
      const echo = `ERR not found ${authorization} ${Buffer.from(authorization.slice(6), "base64").toString()}`;
      response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" });
      response.end(`001e# service=git-upload-pack\n0000${(echo.length + 4).toString(16).padStart(4, "0")}${echo}`);
      return true;
    },
  });
  const trap = evil.add("ada/own", { files: { "a.txt": "a\n" }, authorization: (header) => authorizations.push(header) > 0 });
  const { project } = await setUpProject(app, ada);
  const project_id = project.id;
  const cloned = await git().clone({ body: { project_id, repo_url: url } });
  expect(await ended(app, ada, cloned.task_id)).toMatchObject({ status: "completed" });
  // Project code changes the remote, and the host redirects.
  const inside = await app.runtime.open({ id: project_id });
  await inside.exec(["git", "config", "remote.origin.url", trap]);
  await git().fetch({ body: { project_id } });
  await inside.exec(["git", "config", "remote.origin.url", url]);
  expect(authorizations.length).toBeGreaterThan(0);
  fake.redirect("/ada/own.git/", `${evil.url}/ada/own.git/info/refs?service=git-upload-pack`);
  await expect(git().fetch({ body: { project_id } })).rejects.toMatchObject({ status: 400 });
  expect(authorizations.filter((header) => header !== undefined)).toEqual([]);

  // A plain host uses the given token with any name.
  await app
    .as(ada)
    .gitProviders.connect({ params: { provider: "git" }, body: { token: "plain-token", base_url: evil.url, username: "ada" } });
  const plain = evil.add("plain", {
    files: { "a.txt": "a\n" },
    authorization: `Basic ${Buffer.from("ada:plain-token").toString("base64")}`,
  });
  const imported = await app.as(ada).projects.create({ body: { name: "Plain", source_type: "git", git_repo_url: plain } });
  expect(await ended(app, ada, imported.task_id)).toMatchObject({ status: "completed", error: null });
  const echoed = await app.as(ada).projects.create({ body: { name: "Echo", source_type: "git", git_repo_url: `${evil.url}/echo.git` } });
  const task = await ended(app, ada, echoed.task_id);
  expect(task).toMatchObject({ status: "failed" });
  expect(app.logs()).toContain("not found Basic [hidden] ada:[hidden]");
  for (const form of ["plain-token", Buffer.from("ada:plain-token").toString("base64")])
    expect(`${JSON.stringify(task)}${app.logs()}`).not.toContain(form);
  await app.as(ada).gitProviders.disconnect({ params: { provider: "git" }, query: {} });
  await expect(git().fetch({ body: { project_id: imported.id } })).rejects.toMatchObject({ status: 409, code: "repo_auth_required" });
});
