import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianProblem, importNodeImage } from "@tesslate/testkit/debian-image";
import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { freePort } from "@tesslate/testkit";
import { npmProgram } from "@tesslate/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { asPage, ended, enterPreview } from "./testing/projects.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { version } from "./version.ts";

/**
 * The container image: built from a Debian that debootstrap makes, because there is no image registry, and started in a Docker engine of its
 * own. `STUDIO_IMAGE` names an image of the engine at `DOCKER_HOST` that is tested instead.
 */
const root = join(import.meta.dirname, "../../..");
const { STUDIO_IMAGE: given, DOCKER_HOST: givenHost } = process.env;
const own = given === undefined ? await startDockerEngine() : undefined;
const problem = given === undefined ? (own?.reason ?? debianProblem()) : undefined;
const engine = own?.host ?? givenHost ?? "";
const image = given ?? "tesslate-studio:test";
afterAll(() => own?.close());

const run = promisify(execFile);
const docker = async (...args: string[]) =>
  (await run("docker", ["--host", engine, ...args], { maxBuffer: 64 << 20, env: { ...process.env, DOCKER_BUILDKIT: "0" } })).stdout.trim();

/** What an unprivileged container needs to create sandboxes; docs/operations/docker-image.md. */
const sandboxes = ["--security-opt", `seccomp=${join(root, "deploy/docker/seccomp.json")}`, "--security-opt", "systempaths=unconfined"];
/** What gives projects networks, user ids and limits of their own. Mounting the control groups works with v1 and v2. */
const full = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
  .flatMap((name) => ["--cap-add", name])
  .concat("--user", "0", "--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup");

describe.skipIf(problem !== undefined)(`the container image${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
  const containers: string[] = [];
  const volumes: string[] = [];
  let templates: string;
  let network: string;
  beforeAll(async () => {
    templates = await tinyTemplates();
    // The user in the container is another one.
    await run("chmod", ["--recursive", "a+rX", templates]);
    network = await docker("network", "create", `studio-${process.pid}`);
    if (given !== undefined) return;
    const [node, npm] = npmProgram();
    await importNodeImage(engine, { tag: "node-on-debian:test", node, npm: join(npm, "../..") });
    const build = spawn(
      process.execPath,
      [join(root, "scripts/image.ts"), "build", "--tag", image, "--node-image", "node-on-debian:test", "--", "--network", "host"],
      {
        env: { ...process.env, DOCKER_HOST: engine, DOCKER_BUILDKIT: "0" },
        // The run would count as stuck without output.
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    expect((await once(build, "exit"))[0]).toBe(0);
  }, 1_800_000);
  afterEach(async () => {
    for (const id of containers.splice(0)) await docker("rm", "--force", "--volumes", id);
    for (const name of volumes.splice(0)) await docker("volume", "rm", "--force", name);
  });
  afterAll(async () => void (await docker("network", "rm", network)));

  const volume = async () => {
    const name = await docker("volume", "create");
    volumes.push(name);
    return name;
  };
  /** Starts a server; `data` is what is mounted at `/data`. */
  async function start(
    data: string,
    options: string[],
    { isOnHost = false, env = {} }: { isOnHost?: boolean; env?: Record<string, string> } = {},
  ) {
    const port = await freePort();
    const settings = {
      APP_BASE_URL: `http://localhost:${port}`,
      LOG_LEVEL: "error",
      TEMPLATE_PREPARATION: "0",
      BROWSER_DOWNLOAD: "0",
      RATE_LIMIT_FACTOR: "0",
      ...(isOnHost && { HOST: "127.0.0.1", PORT: String(port) }),
      ...env,
    };
    const id = await docker(
      "run",
      "--detach",
      ...(isOnHost ? ["--network", "host"] : ["--network", network, "--publish", `127.0.0.1:${port}:8000`]),
      "--volume",
      `${data}:/data`,
      "--volume",
      `${templates}:/opt/tesslate-studio/templates:ro`,
      ...Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...options,
      image,
    );
    containers.push(id);
    const output = async () => {
      const { stdout, stderr } = await run("docker", ["--host", engine, "logs", id]);
      return stdout + stderr;
    };
    const state = async () =>
      JSON.parse(await docker("inspect", "--format", "{{json .State}}", id)) as {
        Status: string;
        ExitCode: number;
        Health?: { Status: string };
      };
    const ready = () =>
      vi.waitFor(
        async () => {
          if ((await state()).Status === "exited") throw Object.assign(new Error(await output()), { isFinal: true });
          if (!(await fetch(`http://localhost:${port}/ready`).catch(() => undefined))?.ok) throw new Error(`not ready: ${await output()}`);
        },
        { timeout: 60_000, interval: 200 },
      );
    return {
      id,
      port,
      as: clientsAt(port),
      output,
      state,
      ready,
      exec: (...argv: string[]) => docker("exec", id, ...argv),
      /** Its exit code. */
      stop: async () => {
        await docker("stop", "--time", "30", id);
        return (await state()).ExitCode;
      },
      exited: async () => {
        const code = Number(await docker("wait", id));
        return { code, output: await output() };
      },
    };
  }
  type Studio = Awaited<ReturnType<typeof start>>;
  const person = { email: "ada@example.com", password: "correct horse battery" };
  async function signUp(studio: Studio) {
    const token = /Setup token.*: (\S+)/.exec(await studio.output())?.[1];
    await studio.as().auth.register({ body: { ...person, name: "Ada", ...(token !== undefined && { setup_token: token }) } });
    return signIn(studio);
  }
  const signIn = async (studio: Studio) => ({ token: (await studio.as().auth.login({ body: person })).access_token ?? "" });
  /** A project whose preview shows its page. */
  async function createProject(studio: Studio, user: { token: string }): Promise<string> {
    const { id, task_id } = await studio.as(user).projects.create({ body: { name: "Shop" } });
    expect(await ended(studio, user, task_id)).toMatchObject({ status: "completed", error: null });
    const started = await studio.as(user).projects.start({ params: { id } });
    const task = await ended(studio, user, started.task_id);
    expect(task, `${JSON.stringify(task)}\n${await studio.output()}`).toMatchObject({ status: "completed", error: null });
    await showsPage(studio, user, id);
    return id;
  }
  const showsPage = async (studio: Studio, user: { token: string }, id: string) =>
    vi.waitFor(
      async () => {
        const visit = await enterPreview(studio, user, id);
        expect(await visit.fetch("/", { headers: asPage })).toMatchObject({ status: 200, text: expect.stringContaining("hello") });
      },
      { timeout: 60_000, interval: 500 },
    );

  test("has the server without its development tools, under a user that is not root", async () => {
    const { Config } = JSON.parse(await docker("inspect", "--format", "{{json .}}", image)) as {
      Config: { User: string; StopSignal: string; Labels: Record<string, string>; Healthcheck: { Test: string[] }; Volumes: unknown };
    };
    expect(Config).toMatchObject({
      User: "1000:1000",
      StopSignal: "SIGTERM",
      Healthcheck: { Test: ["CMD", expect.stringContaining("healthcheck")] },
    });
    expect(Config.Labels["org.opencontainers.image.version"]).toBe(version);
    const inside = (script: string) => docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", script);
    expect(await inside("ls node_modules | grep -cxE 'vitest|vite|oxlint|esbuild|knip|drizzle-kit|react' || true")).toBe("0");
    expect(await inside("find . -name '*.test.ts' -not -path '*/node_modules/*' | wc -l; ls -d .git .env data 2>/dev/null | wc -l")).toBe(
      "0\n0",
    );
    expect(await inside("for p in bwrap git rg ip nft python3 tini setpriv flock; do command -v $p >/dev/null || echo $p; done")).toBe("");
    expect(await docker("run", "--rm", "--network", "none", image, "status").catch((error: { code: number }) => error.code)).toBe(3);
    await expect(docker("run", "--rm", "--network", "none", image, "test")).rejects.toThrow(/'test' needs a checkout/);
  }, 120_000);

  test("without the options that sandboxes need, it exits and names them", async () => {
    const { code, output } = await (await start(await volume(), [])).exited();
    expect(code).toBe(1);
    expect(output).toContain("--security-opt seccomp=deploy/docker/seccomp.json");
    expect(output).toContain("--security-opt systempaths=unconfined (docs/operations/docker-image.md)");
  }, 120_000);

  test("runs a project, stops in order, and continues with the same volume", async () => {
    const data = await volume();
    const first = await start(data, sandboxes);
    await first.ready();
    const ada = await signUp(first);
    const id = await createProject(first, ada);
    await expect.poll(async () => (await first.state()).Health?.Status, { timeout: 60_000, interval: 500 }).toBe("healthy");
    expect(await first.exec("./studio", "status")).toContain("Tesslate Studio is running");
    expect(await first.exec("./studio", "admin", "list")).toContain(person.email);
    expect(await first.stop()).toBe(0);

    const second = await start(data, sandboxes);
    await second.ready();
    expect(await second.output()).not.toContain("Setup token");
    const again = await signIn(second);
    expect(await second.as(again).projects.get({ params: { id } })).toMatchObject({ name: "Shop" });
    const { task_id } = await second.as(again).projects.start({ params: { id } });
    if (task_id !== null) await ended(second, again, task_id);
    await showsPage(second, again, id);
    expect(await second.stop()).toBe(0);
  }, 300_000);

  test("runs as any user and with a read-only root", async () => {
    const studio = await start(await volume(), [...sandboxes, "--user", "12345", "--read-only", "--tmpfs", "/tmp"]);
    await studio.ready();
    expect(await studio.exec("id", "-u")).toBe("12345");
    await createProject(studio, await signUp(studio));
    expect(await studio.stop()).toBe(0);

    const closed = await start(await volume(), [...sandboxes, "--user", "12345:12345"]);
    expect((await closed.exited()).output).toContain("/data is not writable for user 12345 and group 12345");
  }, 300_000);

  test("as root with control groups, projects are fully isolated", async () => {
    const studio = await start(await volume(), [...sandboxes, ...full]);
    await studio.ready();
    expect(await studio.output()).toContain("isolation full");
    await createProject(studio, await signUp(studio));
    // Another server of this machine has its data at the same path: neither touches the control groups of the other.
    const other = await start(await volume(), [...sandboxes, ...full]);
    await other.ready();
    const user = await signUp(other);
    const id = await createProject(other, user);
    expect(await studio.stop()).toBe(0);
    await showsPage(other, user, id);
    expect(await other.stop()).toBe(0);
  }, 300_000);

  test("a second container on the same volume exits, and the data stays intact", async () => {
    const data = await volume();
    const first = await start(data, sandboxes);
    await first.ready();
    const ada = await signUp(first);
    const { code, output } = await (await start(data, sandboxes)).exited();
    expect(code).toBe(1);
    expect(output).toMatch(/Another Tesslate Studio \(process \d+ on \w+, boot \w+\) uses \/data/);
    expect(await first.as(ada).users.me()).toMatchObject({ email: person.email });
    // As after a crash of the machine: nothing was closed.
    await docker("kill", first.id);
    const third = await start(data, sandboxes);
    await third.ready();
    await signIn(third);
    expect(await third.stop()).toBe(0);
  }, 300_000);

  describe("with the Docker driver and the engine's socket", () => {
    const socket = ["--user", "0", "--volume", `${engine.replace("unix://", "")}:/var/run/docker.sock`];
    const env = { RUNTIME_DRIVER: "docker", ORPHANED_STOP_MINUTES: "0" };

    test("projects run from a named volume, continue while the server is replaced, and are adopted", async () => {
      const data = await volume();
      const first = await start(data, socket, { isOnHost: true, env });
      await first.ready();
      expect(await first.output()).toContain("Project code runs in: docker, isolation full");
      const ada = await signUp(first);
      const id = await createProject(first, ada);
      const ours = async () => (await docker("ps", "--filter", "name=tesslate-", "--format", "{{.ID}}")).split("\n").sort();
      const before = await ours();
      expect(before.length).toBeGreaterThan(0);
      expect(await first.stop()).toBe(0);
      const second = await start(data, socket, { isOnHost: true, env });
      await second.ready();
      const again = await signIn(second);
      await showsPage(second, again, id);
      expect(await ours()).toEqual(before);
      const removed = await second.as(again).projects.remove({ params: { id } });
      await ended(second, again, removed.task_id);
      expect(await second.stop()).toBe(0);
    }, 300_000);

    test("without the host's network, or data that the engine can mount, it says what is missing", async () => {
      const inside = await start(await volume(), socket, { env });
      expect((await inside.exited()).output).toContain("start it with --network host");
      const layer = await start(await volume(), [...socket, "--env", "DATA_DIR=/var/lib/studio"], { isOnHost: true, env });
      const { output } = await layer.exited();
      expect(output).toContain("DATA_DIR (/var/lib/studio) is not on a volume");
      expect(output).toMatch(/cannot mount \/var\/lib\/studio\/runtime\S*, because it is only in the server's container/);
    }, 120_000);
  });
});
