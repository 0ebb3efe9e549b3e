import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianProblem, importNodeImage } from "@tesslate/testkit/debian-image";
import { getDockerCompose } from "@tesslate/testkit/docker-compose";
import { importPostgres } from "@tesslate/testkit/docker-databases";
import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { importPrograms } from "@tesslate/testkit/docker-images";
import { freePort } from "@tesslate/testkit";
import { npmProgram } from "@tesslate/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { findCaddy } from "./testing/caddy.ts";
import { findPostgresPrograms } from "./platform/postgres/programs.ts";
import { asPage, ended, enterPreview } from "./testing/projects.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { requestOverTls, textOf } from "./testing/tls.ts";
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
  /** A server in a container. */
  type Studio = Pick<Awaited<ReturnType<typeof start>>, "port" | "as" | "output">;
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
    expect(output).toContain("--security-opt systempaths=unconfined");
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
    // It ended with the first container, and starts when somebody opens it.
    await showsPage(second, again, id);
    await docker("kill", second.id);

    const third = await start(data, sandboxes);
    await third.ready();
    await showsPage(third, await signIn(third), id);
    expect(await third.stop()).toBe(0);
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

  test("compose.yaml starts it with PostgreSQL and Caddy, and again after a stop", async ({ skip }) => {
    const [caddy, postgres] = [await findCaddy(), await findPostgresPrograms()];
    const compose = getDockerCompose();
    if ("missing" in compose) return skip(`no Docker Compose: ${compose.missing}`);
    if (caddy === undefined || postgres === undefined) return skip("needs Caddy and the bundled PostgreSQL");
    const folder = temporaryFolder("compose");
    // As with the files of a release.
    for (const [from, to] of [
      ["compose.yaml", "compose.yaml"],
      ["deploy/docker/seccomp.json", "seccomp.json"],
    ] as const)
      copyFileSync(join(root, from), join(folder, to));
    const secrets = {
      SECRET_KEY: randomBytes(32).toString("hex"),
      POSTGRES_PASSWORD: randomBytes(32).toString("hex"),
      DNS_TOKEN: "unused",
    };
    const example = readFileSync(join(root, "compose.env.example"), "utf8");
    const filled = Object.entries(secrets).reduce((text, [name, value]) => text.replace(`\n${name}=\n`, `\n${name}=${value}\n`), example);
    const images = `STUDIO_IMAGE=${image}\nPOSTGRES_IMAGE=compose-postgres:test\nCADDY_IMAGE=compose-caddy:test\nSECCOMP_PROFILE=./seccomp.json\n`;
    writeFileSync(join(folder, ".env"), filled + images);
    writeFileSync(join(folder, "studio.env"), "LOG_LEVEL=error\nTEMPLATE_PREPARATION=0\nBROWSER_DOWNLOAD=0\nRATE_LIMIT_FACTOR=0\n");
    const [port, tlsPort] = [await freePort(), await freePort()];
    // The plugin of a DNS provider is not part of Caddy, and there is no public authority here.
    const [, caddyfile = ""] = /\n {4}content: \|\n([\s\S]*)$/.exec(readFileSync(join(root, "compose.yaml"), "utf8")) ?? [];
    const local = caddyfile
      .replace(/tls \{\s*dns [^\n]*\n\s*\}/, "tls internal")
      .replace(/email [^\n]*/, "local_certs\n        skip_install_trust");
    writeFileSync(
      join(folder, "compose.override.yaml"),
      `services:
  studio:
    ports: ["127.0.0.1:${port}:8000"]
    volumes: ["${templates}:/opt/tesslate-studio/templates:ro"]
  database:
    user: "70"
  proxy:
    ports: !override ["127.0.0.1:${tlsPort}:443"]
configs:
  caddyfile:
    content: |
${local}`,
    );
    await importPostgres(engine, "compose-postgres:test", postgres, {
      volume: "/var/lib/postgresql",
      data: "/var/lib/postgresql/18/docker",
    });
    await importPrograms(engine, {
      tag: "compose-caddy:test",
      programs: [{ from: caddy, to: "/usr/bin/caddy" }],
      changes: [
        "ENV XDG_DATA_HOME=/data",
        "ENV XDG_CONFIG_HOME=/config",
        'CMD ["caddy","run","--config","/etc/caddy/Caddyfile","--adapter","caddyfile"]',
      ],
    });
    const [program = "", ...first] = compose;
    const up = async (...args: string[]) => {
      const { stdout, stderr } = await run(program, [...first, "--project-name", `studio-${process.pid}`, ...args], {
        cwd: folder,
        env: { ...process.env, DOCKER_HOST: engine },
      });
      return stdout + stderr;
    };
    const studio = { port, as: clientsAt(port), output: () => up("logs", "studio") };
    const isReady = () =>
      vi.waitFor(
        async () => {
          const response = await requestOverTls(tlsPort, "/ready");
          if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${await up("logs")}`);
        },
        { timeout: 90_000, interval: 500 },
      );
    try {
      await up("up", "--detach");
      await isReady();
      expect(await studio.output()).toContain("isolation full");
      const ada = await signUp(studio);
      const id = await createProject(studio, ada);
      // A preview is another host at the proxy, with the wildcard certificate.
      const { host, cookie } = await enterPreview(studio, ada, id);
      const page = await requestOverTls(tlsPort, "/", { host, headers: { ...asPage, cookie } });
      expect([page.statusCode, await textOf(page)]).toEqual([200, expect.stringContaining("hello")]);
      await expect(requestOverTls(tlsPort, "/", { host: "nobody.example.org" }), "no certificate for any name").rejects.toThrow();
      expect(await up("exec", "-T", "studio", "./studio", "status")).toContain("Tesslate Studio is running");
      expect(await up("exec", "-T", "studio", "./studio", "doctor")).toContain("PostgreSQL");

      await up("stop");
      await up("up", "--detach");
      await isReady();
      const again = await signIn(studio);
      expect(await studio.as(again).projects.get({ params: { id } })).toMatchObject({ name: "Shop" });
      await showsPage(studio, again, id);
      await up("stop");
      expect(await up("run", "--rm", "-T", "studio", "upgrade", "--check")).toContain("migration");
    } finally {
      await up("down", "--volumes", "--timeout", "30");
    }
  }, 1_200_000);
});
