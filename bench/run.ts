/** `./studio bench [--only runtime,preview,routes,tokens,idle]`: ratios, side by side, in one run. Read the ratios; the absolutes are this machine's. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { load, script, startModelServer, turn } from "@tesslate/testkit";
import { createProject, finished, signUp, type Account } from "../e2e/account.ts";
import { enterPreview } from "../e2e/preview.ts";
import { freePort, startStudio, type RunningStudio } from "../e2e/studio.ts";
import { treeMiB, treeOf } from "./memory.ts";
import { ms, print, quantile, type Row } from "./report.ts";

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
const wants = (part: string) => !values.only || values.only.split(",").includes(part);
const rows: Row[] = [];
const since = (start: number) => performance.now() - start;

const firstLine = async (child: ReturnType<typeof spawn>): Promise<string> => {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
};

/** Where the embedded database of that server listens: the `-k` of its postmaster. */
function socketDirOf(pid: number): string {
  for (const child of treeOf(pid)) {
    const argv = readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0");
    const at = argv.indexOf("-k");
    if (at > 0 && argv[at + 1]) return argv[at + 1] as string;
  }
  throw new Error("the server has no embedded database");
}

/** Fetches until the first 200 and returns how long that took. */
async function untilServed(url: string, headers: Record<string, string> = {}): Promise<void> {
  for (const until = Date.now() + 30_000; ; await sleep(5)) {
    const status = await fetch(url, { headers, redirect: "manual" }).then(
      (r) => (r.body?.cancel(), r.status),
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > until) throw new Error(`${url} did not come up (last status ${status})`);
  }
}

async function preview(studio: RunningStudio, person: Account): Promise<void> {
  await createProject(person, "Warm up"); // builds the template's image once
  const ours: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    const project = await createProject(person, `Bench ${i}`);
    const start = await person.api.projects.start({ params: { id: project.id } });
    await finished(person.api, start.task_id);
    const { url } = await person.api.previews.ticket({ params: { id: project.id }, body: {} });
    const page = await enterPreview(url, studio.port);
    if (page.status !== 200) throw new Error(`preview answered ${page.status}`);
    ours.push(since(started));
    await person.api.projects.stop({ params: { id: project.id } });
  }
  const prepared = await mkdtemp(join(tmpdir(), "bench-vite-"));
  await cp(join(root, "templates/react-vite/files"), prepared, { recursive: true });
  await new Promise<void>((resolve, reject) =>
    spawn("npm", ["ci", "--loglevel=error"], { cwd: prepared, stdio: "inherit" }).once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error("npm ci failed")),
    ),
  );
  const byHand: number[] = [];
  for (let i = 0; i < 6; i++) {
    const port = await freePort();
    const started = performance.now();
    const child = spawn(
      process.execPath,
      [join(prepared, "node_modules/vite/bin/vite.js"), "--port", String(port), "--host", "127.0.0.1"],
      { cwd: prepared, stdio: "ignore", env: { ...process.env, PORT: String(port) } },
    );
    await untilServed(`http://127.0.0.1:${port}/`);
    // The first start fills Vite's cache, as the image build did for ours.
    if (i > 0) byHand.push(since(started));
    child.kill("SIGKILL");
  }
  await rm(prepared, { recursive: true, force: true });
  const [a, b] = [quantile(ours, 0.5), quantile(byHand, 0.5)];
  rows.push({
    what: "new project to first preview byte (React template), p50 of 5",
    seen: ms(a),
    beside: `vite by hand ${ms(b)}`,
    ratio: a / b,
    target: "<= 0.7 s, <= 1.3x",
    meets: a <= 700 && a / b <= 1.3,
  });
}

async function routes(studio: RunningStudio, person: Account): Promise<void> {
  const me = await person.api.users.me();
  const { default: pg } = await import("pg");
  const socketDir = socketDirOf(studio.process.pid ?? 0);
  const pool = new pg.Pool({ host: socketDir, user: "tesslate", database: "tesslate", max: 2 });
  await pool.query(
    "insert into projects (owner_id, name, slug, environment_status) select $1, 'Bench ' || i, 'bench-' || i || '-' || substr(md5(random()::text), 1, 6), 'stopped' from generate_series(1, 20) i",
    [me.id],
  );
  await pool.end();
  const child = spawn(process.execPath, [join(root, "bench/bare-server.ts"), socketDir, me.id], { stdio: ["ignore", "pipe", "inherit"] });
  const address = JSON.parse(await firstLine(child)) as { port: number };
  const autocannon = createRequire(import.meta.url)("autocannon") as (
    o: object,
  ) => Promise<{ requests: { average: number }; latency: { p99: number } }>;
  const measure = (url: string, headers: Record<string, string>) => autocannon({ url, headers, connections: 20, duration: 4 });
  const seen: { ours: number[]; bare: number[]; p99: number[] } = { ours: [], bare: [], p99: [] };
  for (let round = 0; round < 3; round++) {
    await person.signIn();
    const ours = await measure(`http://127.0.0.1:${studio.port}/api/projects`, {
      authorization: `Bearer ${person.token()}`,
      host: `localhost:${studio.port}`,
    });
    const bare = await measure(`http://127.0.0.1:${address.port}/projects`, {});
    seen.ours.push(ours.requests.average);
    seen.bare.push(bare.requests.average);
    seen.p99.push(ours.latency.p99);
  }
  child.kill("SIGKILL");
  const [a, b] = [quantile(seen.ours, 0.5), quantile(seen.bare, 0.5)];
  rows.push({
    what: "list projects, requests/s at 20 connections",
    seen: `${Math.round(a)}/s, p99 ${ms(quantile(seen.p99, 0.5))}`,
    beside: `bare Fastify + same SQL ${Math.round(b)}/s`,
    ratio: a / b,
    target: ">= 0.6x",
    meets: a / b >= 0.6,
  });
}

async function tokens(studio: RunningStudio, model: Awaited<ReturnType<typeof startModelServer>>, person: Account): Promise<void> {
  const project = await createProject(person, "Tokens", "static");
  for (const concurrent of [1, 100]) {
    model.setScript(script([turn(load({ tokensPerSecond: 50, tokens: 150, isStamped: true }))], { repeat: true }));
    const delays: number[] = [];
    let chunks = 0;
    let failed = 0;
    const run = async (i: number) => {
      const session = await person.api.chat.createSession({ body: { project_id: project.id, title: `load ${i}` } });
      for await (const event of person.api.chat.stream({
        body: { project_id: project.id, chat_id: session.id, message: `load run ${concurrent} ${i}`, edit_mode: "plan" },
      })) {
        if (event.type === "text_chunk") {
          chunks += 1;
          // The load mode stamps each token with the time it was written: <t:milliseconds>.
          for (const stamp of event.data.content.matchAll(/<t:(\d+)>/g)) delays.push(Date.now() - Number(stamp[1]));
        }
        if (event.type === "complete" && !event.data.success) failed += 1;
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: concurrent }, (_, i) => run(i)));
    rows.push({
      what: `model token to browser, ${concurrent} concurrent run${concurrent === 1 ? "" : "s"} at 50 tokens/s`,
      seen: `p50 ${ms(quantile(delays, 0.5))}, p99 ${ms(quantile(delays, 0.99))}, ${chunks} chunks in ${(since(started) / 1000).toFixed(1)} s, ${failed} failed`,
      target: concurrent === 100 ? "p99 < 50 ms" : "",
      ...(concurrent === 100 && { meets: quantile(delays, 0.99) < 50 && failed === 0 }),
    });
  }
  void studio;
}

async function idle(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "bench-idle-"));
  let started = performance.now();
  let studio = await startStudio({}, { dataDir });
  const first = since(started);
  await studio.close();
  const starts: number[] = [];
  for (let i = 0; i < 3; i++) {
    started = performance.now();
    studio = await startStudio({}, { dataDir });
    starts.push(since(started));
    if (i < 2) await studio.close();
  }
  rows.push({
    what: "cold start to healthy",
    seen: `${ms(quantile(starts, 0.5))}, first ever ${ms(first)}`,
    target: "<= 2 s, first ever <= 5 s",
    meets: quantile(starts, 0.5) <= 2000 && first <= 5000,
  });
  await sleep(20_000);
  const memory = treeMiB(studio.process.pid ?? 0);
  rows.push({
    what: "idle memory, everything in (PSS of the tree)",
    seen: `${memory.toFixed(0)} MiB`,
    target: "<= 250 MB",
    meets: memory <= 250,
  });
  await studio.close();
  await rm(dataDir, { recursive: true, force: true });
}

if (wants("runtime") && existsSync(join(root, "bench/runtime.ts"))) {
  const { measureRuntime } = (await import("./runtime.ts")) as { measureRuntime: () => Promise<Row[]> };
  rows.push(...(await measureRuntime()));
}
if (wants("idle")) await idle();
if (wants("preview") || wants("routes") || wants("tokens")) {
  const model = await startModelServer();
  const studio = await startStudio({
    OPENAI_API_KEY: "sk-bench",
    OPENAI_BASE_URL: model.openai_base_url,
    DEFAULT_MODELS: "openai/scripted",
    OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
    LOG_LEVEL: "warn",
    ACCESS_TOKEN_EXPIRE_MINUTES: "600",
  });
  try {
    const person = await signUp(studio.url, "Bench");
    if (wants("routes")) await routes(studio, person);
    if (wants("preview")) await preview(studio, person);
    if (wants("tokens")) await tokens(studio, model, person);
  } finally {
    await studio.close();
    await model.close();
  }
}
console.log("");
print(rows);
if (values.json) {
  await mkdir(join(root, "bench/results"), { recursive: true });
  await writeFile(values.json, JSON.stringify(rows, undefined, 2));
}
