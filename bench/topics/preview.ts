/** From creating a project to the first byte of its preview; the baseline is the same dev server started directly. */
import { freePort } from "@tesslate/testkit";
import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createProject, finished } from "../../e2e/account.ts";
import { enterPreview } from "../../e2e/preview.ts";
import { ms, quantile, since, type Row } from "../report.ts";
import type { BenchContext } from "../context.ts";

const root = join(import.meta.dirname, "../..");

/** Fetches until the first 200. */
async function untilServed(url: string, headers: Record<string, string> = {}): Promise<void> {
  for (const until = Date.now() + 30_000; ; await sleep(5)) {
    const status = await fetch(url, { headers, redirect: "manual" }).then(
      (r) => (r.body?.cancel(), r.status),
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > until) throw new Error(`${url} did not respond with 200 (last status ${status})`);
  }
}

export async function measure(context: BenchContext): Promise<Row[]> {
  const { studio, person } = await context.shared();
  await createProject(person, "Warm up"); // builds the template's image once
  const ours: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    const project = await createProject(person, `Bench ${i}`);
    const start = await person.api.projects.start({ params: { id: project.id } });
    await finished(person.api, start.task_id);
    const { url } = await person.api.previews.ticket({ params: { id: project.id }, body: {} });
    const page = await enterPreview(url, studio.port);
    if (page.status !== 200) throw new Error(`the preview responded with ${page.status}`);
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
  const direct: number[] = [];
  for (let i = 0; i < 6; i++) {
    const port = await freePort();
    const started = performance.now();
    const child = spawn(
      process.execPath,
      [join(prepared, "node_modules/vite/bin/vite.js"), "--port", String(port), "--host", "127.0.0.1"],
      { cwd: prepared, stdio: "ignore", env: { ...process.env, PORT: String(port) } },
    );
    await untilServed(`http://127.0.0.1:${port}/`);
    // The first start fills Vite's cache, as the image build does for ours.
    if (i > 0) direct.push(since(started));
    child.kill("SIGKILL");
  }
  await rm(prepared, { recursive: true, force: true });
  const [a, b] = [quantile(ours, 0.5), quantile(direct, 0.5)];
  return [
    {
      what: "new project to first preview byte (React template), p50 of 5",
      measured: ms(a),
      baseline: `vite directly ${ms(b)}`,
      ratio: a / b,
      target: "<= 0.7 s, <= 1.3x",
      meets: a <= 700 && a / b <= 1.3,
    },
  ];
}
