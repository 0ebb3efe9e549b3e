/** Requests per second of an ordinary route; the baseline is a bare server with the same SQL. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { socketDirOf } from "../database.ts";
import { ms, quantile, type Row } from "../report.ts";
import type { BenchContext } from "../context.ts";

const firstLine = async (child: ReturnType<typeof spawn>): Promise<string> => {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
};

export async function measure(context: BenchContext): Promise<Row[]> {
  const { studio, person } = await context.shared();
  const me = await person.api.users.me();
  const { default: pg } = await import("pg");
  const socketDir = socketDirOf(studio);
  const pool = new pg.Pool({ host: socketDir, user: "tesslate", database: "tesslate", max: 2 });
  await pool.query(
    "insert into projects (owner_id, name, slug, environment_status) select $1, 'Bench ' || i, 'bench-' || i || '-' || substr(md5(random()::text), 1, 6), 'stopped' from generate_series(1, 20) i",
    [me.id],
  );
  await pool.end();
  const child = spawn(process.execPath, [join(import.meta.dirname, "../bare-server.ts"), socketDir, me.id], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = JSON.parse(await firstLine(child)) as { port: number };
  const autocannon = createRequire(import.meta.url)("autocannon") as (
    o: object,
  ) => Promise<{ requests: { average: number }; latency: { p99: number } }>;
  const measure = (url: string, headers: Record<string, string>) => autocannon({ url, headers, connections: 20, duration: 4 });
  const results: { ours: number[]; bare: number[]; p99: number[] } = { ours: [], bare: [], p99: [] };
  for (let round = 0; round < 3; round++) {
    await person.signIn();
    const ours = await measure(`http://127.0.0.1:${studio.port}/api/projects`, {
      authorization: `Bearer ${person.token()}`,
      host: `localhost:${studio.port}`,
    });
    const bare = await measure(`http://127.0.0.1:${address.port}/projects`, {});
    results.ours.push(ours.requests.average);
    results.bare.push(bare.requests.average);
    results.p99.push(ours.latency.p99);
  }
  child.kill("SIGKILL");
  const [a, b] = [quantile(results.ours, 0.5), quantile(results.bare, 0.5)];
  return [
    {
      what: "list projects, requests/s at 20 connections",
      measured: `${Math.round(a)}/s, p99 ${ms(quantile(results.p99, 0.5))}`,
      baseline: `bare Fastify + same SQL ${Math.round(b)}/s`,
      ratio: a / b,
      target: ">= 0.6x",
      meets: a / b >= 0.6,
    },
  ];
}
