import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@tesslate/testkit";
import { asOrdinaryUser, noOrdinaryUserHere, ordinaryUid } from "@tesslate/testkit/ordinary-user";
import { afterEach, expect, test, vi } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { ended, enterPreview } from "./testing/projects.ts";

const count = 10;
const skip = noOrdinaryUserHere();

/** Processes of the ordinary user that have not ended. */
const processes = (): string[] =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid !== ordinaryUid) return [];
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    return command === "" ? [] : [`${pid} ${command}`];
  });
const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended
  }
};

let server: ChildProcess | undefined;
let folder: string | undefined;
afterEach(() => {
  // Its network and its services end with it, however the test ended.
  for (const line of processes()) process.kill(Number.parseInt(line, 10), "SIGKILL");
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Hostile code of a project: `/probe` connects to the addresses, and reads the files, that a request names. */
const config = `import { connect } from "node:net";
import { readFileSync } from "node:fs";
const tryConnect = ([host, port]) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: 5000 });
  const end = (result) => { socket.destroy(); resolve(result); };
  socket.on("connect", () => end("connected")).on("timeout", () => end("silence")).on("error", (error) => end(error.code));
});
const tryRead = (path) => { try { return readFileSync(path, "utf8").slice(0, 100); } catch (error) { return error.code; } };
const probe = { name: "probe", configureServer: (server) => void server.middlewares.use("/probe", async (request, response) => {
  const { connect = [], read = [] } = JSON.parse(new URL(request.url, "http://x").searchParams.get("what"));
  response.end(JSON.stringify({ connect: await Promise.all(connect.map(tryConnect)), read: read.map(tryRead) }));
}) };
export default { plugins: [probe], server: { port: Number(process.env.PORT), strictPort: true, allowedHosts: true } };
`;

test.skipIf(skip !== undefined)(
  `ten projects of a server that an ordinary user runs use one port at once, apart from each other and from the machine${skip === undefined ? "" : ` (skipped: ${skip})`}`,
  async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "studio-ordinary-")));
    const dataDir = folder;
    chownSync(dataDir, ordinaryUid, ordinaryUid);
    const port = await freePort();
    const as = clientsAt(port);
    const app = { port, as };
    const start = async () => {
      const [file = "", ...args] = asOrdinaryUser([process.execPath, join(import.meta.dirname, "main.ts")]);
      const child = spawn(file, args, {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: dataDir,
          PORT: String(port),
          DATA_DIR: dataDir,
          RUNTIME_DRIVER: "sandbox",
          LOG_LEVEL: "warn",
          RATE_LIMIT_FACTOR: "0",
          TIER_MAX_PROJECTS_FREE: "20",
          TIER_MAX_RUNNING_FREE: "20",
          TEMPLATE_PREPARATION: "0",
          BROWSER_DOWNLOAD: "0",
          PROJECT_GIT: "0",
        },
      });
      server = child;
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
      await vi.waitFor(
        async () => {
          if (child.exitCode !== null) throw new Error(`the server ended: ${output}`);
          expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
        },
        { timeout: 120_000, interval: 100 },
      );
      return child;
    };
    await start();
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).json()).toMatchObject({ runtime: { isolation: "no-netns" } });

    const credentials = { email: "ada@example.com", password: "correct horse battery" };
    await as().auth.register({ body: { ...credentials, name: "Ada" } });
    const user = { token: (await as().auth.login({ body: credentials })).access_token ?? "" };
    const api = as(user);
    const create = async (i: number) => {
      const created = await api.projects.create({ body: { name: `Site ${i}`, source_type: "template", base_id: "static" } });
      expect(await ended(app, user, created.task_id)).toMatchObject({ status: "completed", error: null });
      const params = { id: created.id };
      for (const [path, content] of [
        ["index.html", `<!doctype html><h1>page ${i}</h1>`],
        ["vite.config.js", config],
      ] as const)
        await api.files.put({ params: { ...params, path }, body: { content } });
      const { task_id } = await api.projects.start({ params });
      expect(await ended(app, user, task_id)).toMatchObject({ status: "completed", error: null });
      return created.id;
    };
    const ids = await Promise.all(Array.from({ length: count }, (_, i) => create(i)));
    const visits = await Promise.all(ids.map((id) => enterPreview(app, user, id)));
    const pages = () => Promise.all(visits.map(async (visit) => /page \d+/.exec((await visit.fetch("/")).text)?.[0]));
    const expected = ids.map((_, i) => `page ${i}`);
    expect(await pages()).toEqual(expected);

    // Where the others are: from the server's own record, which a project cannot read.
    const { pool, slots } = JSON.parse(readFileSync(join(dataDir, "runtime/slots.json"), "utf8")) as {
      pool: string;
      slots: Record<string, number>;
    };
    const addressOf = (id: string) => {
      const number = pool.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + (slots[id] ?? 0) * 4 + 2;
      return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
    };
    const [first = ""] = ids;
    const host = Object.values(networkInterfaces())
      .flat()
      .flatMap((entry) => (entry?.family === "IPv4" && !entry.internal ? [entry.address] : []));
    const targets = [
      ...ids.slice(1).map((id) => [addressOf(id), 5173]),
      ...["127.0.0.1", ...host.slice(0, 3)].map((address) => [address, port]),
      ["169.254.169.254", 80],
    ];
    const files = ids
      .slice(1)
      .map((id) => join(dataDir, "runtime/sandboxes", id, "files/index.html"))
      .concat(join(dataDir, "secret.key"));
    const probe = async (what: object) =>
      JSON.parse((await visits[0]?.fetch(`/probe?what=${encodeURIComponent(JSON.stringify(what))}`))?.text ?? "") as {
        connect: string[];
        read: string[];
      };
    expect(await probe({ connect: [["127.0.0.1", 5173]] })).toMatchObject({ connect: ["connected"] });
    expect(await probe({ connect: targets, read: files })).toEqual({
      connect: targets.map(() => "ECONNREFUSED"),
      read: files.map(() => "ENOENT"),
    });

    // The next server adopts every service.
    const kill = async (signal: NodeJS.Signals) => {
      const exited = server && once(server, "exit");
      server?.kill(signal);
      await exited;
    };
    const viteOf = () => processes().filter((line) => line.includes("node_modules/.bin/vite"));
    const before = viteOf().sort();
    expect(before.length).toBeGreaterThanOrEqual(count);
    await kill("SIGKILL");
    await start();
    await vi.waitFor(async () => expect(await pages()).toEqual(expected), { timeout: 60_000, interval: 200 });
    expect(viteOf().sort()).toEqual(before);
    expect(await probe({ connect: targets.slice(0, 2) })).toMatchObject({ connect: ["ECONNREFUSED", "ECONNREFUSED"] });

    await api.projects.stop({ params: { id: first } });
    for (const id of ids.slice(1)) {
      const { task_id } = await api.projects.remove({ params: { id } });
      expect(await ended(app, user, task_id)).toMatchObject({ status: "completed" });
    }
    await vi.waitFor(() => expect(viteOf()).toEqual([]), { timeout: 20_000 });
    await kill("SIGTERM");
    await vi.waitFor(() => expect(processes()).toEqual([]), { timeout: 20_000 });
  },
  600_000,
);
