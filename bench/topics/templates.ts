/**
 * How long a person waits for the first byte of a new project's preview: of each template from its prepared image, right after the first
 * start of a server, and once it has prepared the templates; with and without a spare project, in turn. Installs from the npm registry.
 */
import { execFile, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { npmProgram } from "@tesslate/runtime";
import { freePort } from "@tesslate/testkit";
import { finished, signUp, type Account } from "../../e2e/account.ts";
import { removeLeftovers } from "../../e2e/leftovers.ts";
import { enterPreview } from "../../e2e/preview.ts";
import { startStudio, type RunningStudio } from "../../e2e/studio.ts";
import { trackFolder, untrackFolder } from "../../e2e/tracked-folders.ts";
import { ms, quantile, since, type Row } from "../report.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const longestMs = 5 * 60_000;
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** A fresh server that prepares its templates, as `./studio up` does. */
const freshStudio = (spares: number, dataDir: string) =>
  startStudio({ TEMPLATE_PREPARATION: "1", SPARE_PROJECTS: String(spares), LOG_LEVEL: "warn" }, { dataDir });

/** Deleted at the end: on ext4, creating files takes up to five times as long for minutes after many were deleted. */
const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = realpathSync(await mkdtemp(join(tmpdir(), "bench-templates-")));
  folders.push(folder);
  trackFolder(folder);
  return folder;
}

/** The least that a first project of the default template waits for: `npm ci` with an empty cache. Returns its duration, and the folder of the app. */
async function measureInstall(): Promise<{ installMs: number; app: string }> {
  const dir = await newFolder();
  const app = join(dir, "app");
  const [node, npm] = npmProgram();
  await cp(join(root, "templates/react-vite/files"), app, { recursive: true });
  const begun = performance.now();
  await run(node, [npm, "ci", "--no-audit", "--no-fund", "--cache", join(dir, "cache")], { cwd: app });
  return { installMs: since(begun), app };
}

/** The dev server of an installed app from its start to its first response, without a sandbox. */
async function measureStart(app: string): Promise<number> {
  const [node] = npmProgram();
  const starts: number[] = [];
  for (let i = 0; i < 3; i++) {
    const port = await freePort();
    const started = performance.now();
    const server = spawn(node, ["node_modules/vite/bin/vite.js", "--port", String(port), "--strictPort", "--host", "127.0.0.1"], {
      cwd: app,
      stdio: "ignore",
    });
    try {
      while (
        !(await fetch(`http://127.0.0.1:${port}/`).then(
          ({ ok }) => ok,
          () => false,
        ))
      )
        await sleep(10);
      starts.push(since(started));
    } finally {
      server.kill("SIGKILL");
    }
  }
  return quantile(starts, 0.5);
}

/** The first project of a server that just started. */
async function measureFirst(): Promise<Times> {
  const dataDir = await newFolder();
  const studio = await freshStudio(0, dataDir);
  try {
    return await newProject(studio, await signUp(studio.url, "Bench"), "First");
  } finally {
    await studio.close();
  }
}

interface Times {
  whole: number;
  created: number;
  started: number;
}

/** From the request for a new project to the first page of its preview; then it is stopped. */
async function newProject({ port }: RunningStudio, { api }: Account, name: string, template?: string): Promise<Times> {
  const begun = performance.now();
  const { id, task_id } = await api.projects.create({ body: { name, ...(template && { source_type: "template", base_id: template }) } });
  await finished(api, task_id);
  const created = since(begun);
  await finished(api, (await api.projects.start({ params: { id } })).task_id);
  const started = since(begun) - created;
  const { url } = await api.previews.ticket({ params: { id }, body: {} });
  const page = await enterPreview(url, port);
  if (page.status !== 200) throw new Error(`the preview of ${name} responded with ${page.status}`);
  const whole = since(begun);
  await api.projects.stop({ params: { id } });
  return { whole, created, started };
}
/** A blank project has nothing to start until the agent has written it. */
async function startsAlone(slug: string): Promise<boolean> {
  const { service } = JSON.parse(await readFile(join(root, "templates", slug, "template.json"), "utf8")) as {
    service: { command: unknown };
  };
  return service.command !== null;
}
const describe = ({ whole, created, started }: Times) =>
  `${ms(whole)} (project ${ms(created)}, start ${ms(started)}, page ${ms(whole - created - started)})`;

const medianOf = (times: readonly Times[]): Times => {
  const median = times.toSorted((a, b) => a.whole - b.whole)[Math.floor(times.length / 2)];
  if (!median) throw new Error("nothing was measured");
  return median;
};

async function allPrepared({ api }: Account): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const { items } = await api.preparation.list();
    const unready = items.filter(({ kind, state }) => kind === "template" && state !== "ready");
    if (unready.length === 0) return since(begun);
    if (since(begun) > longestMs)
      throw new Error(`not prepared after 5 minutes: ${unready.map(({ id, state }) => `${id} ${state}`).join(", ")}`);
    await sleep(200);
  }
}

/** Waits until there are so many spare projects, so that nothing is started in the background while something is measured. */
async function sparesReady({ url }: RunningStudio, count: number): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    if (metrics.match(/^studio_spare_projects\{.*\} 1$/gm)?.length === count) return;
    if (since(begun) > longestMs) throw new Error(`not ${count} spare projects after 5 minutes`);
    await sleep(200);
  }
}

export async function measure(): Promise<Row[]> {
  try {
    return await measureAll();
  } finally {
    for (const folder of folders) {
      await removeLeftovers(folder);
      untrackFolder(folder);
    }
  }
}

async function measureAll(): Promise<Row[]> {
  const rows: Row[] = [];
  const installs: number[] = [];
  const firsts: Times[] = [];
  let installed = "";
  // In alternating order: the speed of the registry and of the disk varies, and each leaves deleted files that slow down the next one.
  for (let i = 0; i < 3; i++) {
    const isFirst = i % 2 === 1;
    if (isFirst) firsts.push(await measureFirst());
    const { installMs, app } = await measureInstall();
    installs.push(installMs);
    installed = app;
    if (!isFirst) firsts.push(await measureFirst());
  }
  const installMs = quantile(installs, 0.5);
  const first = medianOf(firsts);
  rows.push({
    what: "first project immediately after the first start, to the first preview byte",
    measured: describe(first),
    baseline: `npm ci alone ${ms(installMs)}`,
    ratio: first.whole / installMs,
    target: "<= npm ci + 1 s",
    meets: first.whole <= installMs + 1000,
  });

  const startMs = await measureStart(installed);
  const studio = await freshStudio(100, await newFolder());
  try {
    const person = await signUp(studio.url, "Bench");
    const took = await allPrepared(person);
    await sparesReady(studio, 1);
    const later = await newProject(studio, person, "First");
    rows.push({
      what: "first project five minutes after the first start, to the first preview byte",
      measured: describe(later),
      baseline: `Vite alone ${ms(startMs)}; all templates prepared after ${(took / 1000).toFixed(0)} s`,
      ratio: later.whole / startMs,
      target: "<= 700 ms",
      meets: later.whole <= 700,
    });
    const { items } = await person.api.adminPreparation.list();
    const { items: templates } = await person.api.projects.templates({ query: { limit: 100 } });
    const used = new Set(templates.filter(({ is_default }) => is_default).map(({ slug }) => slug));
    for (const { id, name, bytes } of items.filter(({ kind }) => kind === "template")) {
      const slug = id.replace("template-", "");
      if (!(await startsAlone(slug))) continue;
      // There are spares of used templates only.
      if (!used.has(slug)) await newProject(studio, person, name, slug);
      used.add(slug);
      const spare: Times[] = [];
      const ordinary: Times[] = [];
      for (let i = 0; i < 3; i++) {
        await sparesReady(studio, used.size);
        spare.push(await newProject(studio, person, `${name} ${i} spare`, slug));
        // Its place is filled 10 s later.
        ordinary.push(await newProject(studio, person, `${name} ${i}`, slug));
      }
      const without = medianOf(ordinary);
      const withSpare = medianOf(spare);
      rows.push(
        {
          what: `new project of ${name} from its prepared image, to the first preview byte`,
          measured: describe(without),
          baseline: `image ${mib(bytes ?? 0)}`,
          target: "<= 1 s",
          meets: without.whole <= 1000,
        },
        {
          what: `new project of ${name} with a spare, to the first preview byte`,
          measured: describe(withSpare),
          baseline: `without ${ms(without.whole)}`,
          ratio: withSpare.whole / without.whole,
          target: "<= 1 s",
          meets: withSpare.whole <= 1000,
        },
      );
    }
    return rows;
  } finally {
    await studio.close();
  }
}
