import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { createOutbound } from "../../../platform/outbound.ts";
import { createLogger } from "../../../platform/logger.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createFetchRepository, createServerGit, repositoryLimits } from "../git/index.ts";

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

const create = (json: Record<string, unknown>) => app.request("/api/projects", { method: "POST", user: owner, json });
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

test("a branch arrives with its history, file modes and a working .git", async () => {
  const url = host.add("shop", {
    files: {
      "package.json": JSON.stringify({ scripts: { dev: "next dev" }, dependencies: { next: "16" } }),
      "pages/index.js": "export default () => null",
      "run.sh": { run: "#!/bin/sh\n" },
      "latest.js": { link: "pages/index.js" },
    },
    branch: "trunk",
    history: 2,
  });
  const { id, task, project } = await imported(url);
  expect(task).toMatchObject({ status: "completed", metadata: { source_type: "git" } });
  expect(project).toMatchObject({ has_git_repo: true, git_remote_url: url, environment_status: "stopped" });
  const { items } = await app.as(owner).containers.list({ params: { id } });
  expect(items).toMatchObject([{ name: "shop", directory: ".", internal_port: 3000, status: "stopped", position_x: 200 }]);
  const { entries } = await app.as(owner).files.tree({ params: { id } });
  expect(entries.map((e) => e.path)).toEqual(["latest.js", "package.json", "pages/", "pages/index.js", "run.sh"]);
  expect(await inside(id, "git", "status", "--short", "--branch")).toBe("## trunk...origin/trunk\n");
  expect((await inside(id, "git", "log", "--format=%s")).split("\n").slice(0, 3)).toEqual(["the files", "commit 1", "commit 0"]);
  expect(await inside(id, "git", "config", "--list", "--local", "--name-only")).not.toMatch(/proxy|extraheader|fsmonitor|hooks/i);
  expect(await inside(id, "/bin/sh", "-c", "test -x run.sh && readlink latest.js && ls .git")).toMatch(/^pages\/index.js\nHEAD\n/);
});

test("nothing of a hostile repository is executed or trusted", async () => {
  const url = host.add("evil", {
    files: {
      ".gitattributes": "* filter=evil\n",
      ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = https://127.0.0.1:1/x.git\n',
      "hooks/post-checkout": { run: "#!/bin/sh\ntouch /tmp/hooked\n" },
      ".githooks/post-checkout": { run: "#!/bin/sh\ntouch hooked\n" },
      out: { link: "/etc/passwd" },
      "up/one": { link: "../../../../etc" },
    },
  });
  const { id, task } = await imported(url);
  expect(task).toMatchObject({ status: "completed" });
  expect(await inside(id, "/bin/sh", "-c", "ls hooked .git/hooks 2>&1; cat .git/config")).not.toMatch(/^hooked$|filter|submodule/m);
  const response = await app.request(`/api/projects/${id}/files/out`, { user: owner });
  expect(response.status).toBe(400);
});

describe("rejected at once", () => {
  test.each([
    [{ git_repo_url: "http://localhost/x.git" }, 422],
    [{ git_repo_url: "ssh://git@localhost/x.git" }, 422],
    [{ git_repo_url: "file:///etc" }, 422],
    [{ git_repo_url: "ext::sh -c whoami" }, 422],
    [{ git_repo_url: "--upload-pack=touch /tmp/x" }, 422],
    [{ git_repo_url: "https://ada:token@example.com/x.git" }, 422],
    [{ git_repo_url: "https://example.com/x.git?x=1" }, 422],
    [{ git_repo_url: "https://example.com" }, 422],
    [{ source_type: "github" }, 422],
    [{ git_repo_url: "https://example.com/x.git", git_branch: "--upload-pack=x" }, 422],
    [{ git_repo_url: "https://example.com/x.git", git_branch: "a..b" }, 422],
    [{ git_repo_url: "https://169.254.169.254/x.git" }, 400],
    [{ git_repo_url: "https://2130706433/x.git" }, 400],
    [{ git_repo_url: "https://[::ffff:127.0.0.1]/x.git" }, 400],
    [{ git_repo_url: "https://localhost:1/x.git" }, 400],
  ])("%j", async (more, status) => {
    const before = (await app.as(owner).projects.list()).total;
    const response = await create({ name: "No", ...more });
    expect([more, response.status]).toEqual([more, status]);
    expect((await app.as(owner).projects.list()).total).toBe(before);
  });
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
  test("missing repository, missing branch, empty repository", async () => {
    expect(await failure(`${host.url}/nowhere.git`)).toMatch(/no repository at this URL/);
    const url = host.add("small", { files: { a: "1" } });
    expect(await failure(url, { git_branch: "missing" })).toBe("This repository has no branch missing.");
    expect(await failure(host.add("empty", { files: {} }))).toMatch(/is empty/);
  });
  test("unknown host, host without a trusted certificate", async () => {
    expect(await failure("https://nothing.invalid/x.git")).toBe("nothing.invalid could not be reached.");
    await using untrustedHost = await startGitHost();
    const outbound = createOutbound({ allowHosts: [`localhost:${untrustedHost.port}`] });
    const fetchRepository = createFetchRepository(
      createServerGit({ dir: temporaryFolder("clones"), outbound, log: createLogger("silent") }),
    );
    await expect(
      fetchRepository({
        url: untrustedHost.add("a", { files: { a: "1" } }),
        branch: null,
        limits: { ...repositoryLimits, packBytes: 1e6, treeBytes: 1e6 },
        signal: new AbortController().signal,
      }),
    ).rejects.toThrow("The host's TLS certificate is not trusted.");
    await outbound.close();
  });
  test("a private one", async () =>
    expect(await failure(host.add("private", { files: { a: "1" }, authorization: "Basic c2VjcmV0" }))).toMatch(/is private/));
});

test("redirects cannot reach private addresses or bypass the check", async () => {
  const victim = createServer().listen(0, "127.0.0.1");
  await once(victim, "listening");
  let touched = 0;
  victim.on("connection", (socket) => {
    touched += 1;
    socket.destroy();
  });
  const { port } = victim.address() as { port: number };
  for (const scheme of ["https", "http"]) {
    host.redirect(`/away-${scheme}.git/`, `${scheme}://127.0.0.1:${port}/x.git/info/refs?service=git-upload-pack`);
    const { task } = await imported(`${host.url}/away-${scheme}.git`);
    expect(task).toMatchObject({ status: "failed" });
  }
  expect(touched).toBe(0);
  victim.close();
});

test("a name that resolves to a private address after the check is not contacted", async () => {
  let lookups = 0;
  const outbound = createOutbound({
    allowHosts: [],
    ca: readFileSync(host.caFile, "utf8"),
    lookup: async () => [{ address: lookups++ === 0 ? "93.184.216.34" : "127.0.0.1", family: 4 }],
  });
  const fetchRepository = createFetchRepository(createServerGit({ dir: temporaryFolder("clones"), outbound, log: createLogger("silent") }));
  const before = host.requests.length;
  await expect(
    fetchRepository({
      url: `https://rebound.example:${host.port}/shop.git`,
      branch: null,
      limits: { ...repositoryLimits, packBytes: 1e6, treeBytes: 1e6 },
      signal: new AbortController().signal,
    }),
  ).rejects.toMatchObject({ code: "outbound_refused" });
  expect(lookups).toBe(2);
  expect(host.requests).toHaveLength(before);
  await outbound.close();
});

test("fetches less of a repository that is too large, and reports what was fetched", async () => {
  const outbound = createOutbound({ allowHosts: [`localhost:${host.port}`] });
  const git = createServerGit({
    dir: temporaryFolder("clones"),
    outbound,
    ca: readFileSync(host.caFile, "utf8"),
    log: createLogger("silent"),
  });
  const url = host.add("large", { files: { "a.txt": "a" }, history: 80 });
  const fetched = async (packBytes: number) => {
    const limits = { ...repositoryLimits, packBytes, treeBytes: 1e6 };
    await using repository = await createFetchRepository(git)({
      url,
      branch: null,
      wantsAll: true,
      limits,
      signal: new AbortController().signal,
    });
    return { ...repository.extent, names: repository.references.map(({ name }) => name) };
  };
  const main = "refs/remotes/origin/main";
  expect(await fetched(1e6)).toEqual({ depth: undefined, isWhole: true, names: [main] });
  host.commit("large", "video.txt", randomBytes(400_000).toString("base64"), "videos");
  expect(await fetched(200_000)).toEqual({ depth: 50, isWhole: false, names: [main] });
  expect(await fetched(2e6)).toEqual({ depth: undefined, isWhole: true, names: [main, "refs/remotes/origin/videos"] });
  await expect(fetched(100)).rejects.toMatchObject({ code: "payload_too_large" });
  await outbound.close();
});

test("gives up on a host that does not respond; an account's credential is not stored in the repository", async () => {
  const outbound = createOutbound({ allowHosts: [`localhost:${host.port}`] });
  const dir = temporaryFolder("clones");
  const fetchRepository = createFetchRepository(
    createServerGit({
      dir,
      outbound,
      ca: readFileSync(host.caFile, "utf8"),
      log: createLogger("silent"),
    }),
  );
  const common = { branch: null, signal: new AbortController().signal };
  const limits = { ...repositoryLimits, packBytes: 1e6, treeBytes: 1e6 };
  host.stall("/slow.git/");
  await expect(fetchRepository({ ...common, url: `${host.url}/slow.git`, limits: { ...limits, reachMs: 300 } })).rejects.toMatchObject({
    code: "gateway_timeout",
  });
  const url = host.add("mine", { files: { a: "1" }, authorization: "Basic dG9rZW4=" });
  const fetched = await fetchRepository({ ...common, url, limits, authorization: "Basic dG9rZW4=" });
  expect(fetched).toMatchObject({ branch: "main", files: 1, hasSubmodules: false });
  expect(readFileSync(`${fetched.packDir}/../../config`, "utf8")).not.toContain("dG9rZW4=");
  await fetched[Symbol.asyncDispose]();
  await outbound.close();
});
