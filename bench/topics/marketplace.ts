/** Searching and browsing 50,000 agents through the API; the baseline is the same queries on the store, without HTTP. */
import type pg from "pg";
import { createAgentListings, type AgentFilter } from "../../apps/server/src/features/store/marketplace/index.ts";
import { connectDatabase } from "../../apps/server/src/platform/database.ts";
import { createLogger } from "../../apps/server/src/platform/logger.ts";
import { socketDirOf } from "../database.ts";
import { ms, quantile, since, type Row } from "../report.ts";
import type { BenchContext } from "../context.ts";

const items = 50_000;
const rounds = 12;
const known = "agent code react python sql docker kubernetes review test security api data design invoice report".split(" ");
/** Words with a natural distribution: a few frequent ones and many rare ones. */
const words = [
  ...known,
  ...["ka", "lo", "mi", "ru", "se", "ta", "vo", "zi", "pe", "du", "na"].flatMap((a, _, all) =>
    all.flatMap((b) => all.map((c) => `${a}${b}${c}n`)),
  ),
];
/** Words, two words, prefixes, infixes, inflected forms, short words and no word. */
const queries = [
  "search=react", "search=docker+security", "search=kube", "search=ubernet", "search=reviews", "search=invoice+report", "search=sq", "search=agent",
  "search=zinapen", "search=lokami", "search=inapen", "search=zzzznothing", "search=100%25", "search=react&sort=popular", "search=python&category=backend",
  "category=data", "sort=rating", "sort=newest&page=200", "sort=price_asc", "sort=price_desc", "",
]; // prettier-ignore

export async function measure(context: BenchContext): Promise<Row[]> {
  const { studio, person } = await context.shared();
  const me = await person.api.users.me();
  const { db, pool, close } = connectDatabase({ socketDir: socketDirOf(studio) }, createLogger("silent"), { maxConnections: 1 });
  const listings = createAgentListings(db);
  const requestApi = async (query: string): Promise<number> => {
    const started = performance.now();
    const response = await fetch(`http://127.0.0.1:${studio.port}/api/marketplace/agents?${query}`, {
      headers: { host: `localhost:${studio.port}` },
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${query}: ${response.status}`);
    return since(started);
  };
  const runStatements = async (query: string): Promise<number> => {
    const { page = "1", ...filter } = Object.fromEntries(new URLSearchParams(query));
    const started = performance.now();
    await listings.browse(filter as AgentFilter, { limit: 12, offset: (Number(page) - 1) * 12 }, undefined);
    return since(started);
  };
  try {
    await fill(pool, me.id);
    const throughApi = new Map<string, number[]>();
    const alone = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++)
      for (const query of queries) {
        const [whole, statements] = [await requestApi(query), await runStatements(query)];
        if (round === 0) continue;
        throughApi.set(query, [...(throughApi.get(query) ?? []), whole]);
        alone.set(query, [...(alone.get(query) ?? []), statements]);
      }
    // After a change the cached counts are invalid.
    const first: number[] = [];
    for (let round = 0; round < 3; round++) {
      await pool.query("update agents set category = 'backend' where slug = 'bench-agent-1'");
      for (const query of queries) first.push(await requestApi(query));
    }
    for (const query of queries) {
      const [whole, statements] = [throughApi.get(query) ?? [], alone.get(query) ?? []];
      console.error(
        `  ${query || "(everything)"}: ${ms(quantile(whole, 0.5))}, p95 ${ms(quantile(whole, 0.95))}; alone ${ms(quantile(statements, 0.5))}, p95 ${ms(quantile(statements, 0.95))}`,
      );
    }
    const row = (what: string, isOne: (query: string) => boolean, target: number): Row => {
      const of = (times: Map<string, number[]>) => queries.filter(isOne).flatMap((query) => times.get(query) ?? []);
      const [whole, statements] = [quantile(of(throughApi), 0.95), quantile(of(alone), 0.95)];
      return {
        what: `${what} ${items} agents, p95`,
        measured: `${ms(whole)}, median ${ms(quantile(of(throughApi), 0.5))}`,
        baseline: `the statements alone ${ms(statements)}, median ${ms(quantile(of(alone), 0.5))}`,
        ratio: whole / statements,
        target: `< ${target} ms`,
        meets: whole < target,
      };
    };
    const isSearch = (query: string) => query.includes("search=");
    return [
      row("search", isSearch, 50),
      row("browse", (query) => !isSearch(query), 10),
      {
        what: "the first request of each query after a change, p95",
        measured: `${ms(quantile(first, 0.95))}, median ${ms(quantile(first, 0.5))}`,
        target: "",
      },
    ];
  } finally {
    await pool.query("delete from agents where slug like 'bench-agent-%'").catch(() => undefined);
    await close();
  }
}

async function fill(pool: pg.Pool, owner: string): Promise<void> {
  await pool.query(
    `insert into agents (slug, name, description, long_description, category, system_prompt, tags, pricing_type, price_cents, source_type, created_by_user_id,
       forked_by_user_id, downloads, rating, reviews_count, created_at)
     select 'bench-agent-' || i,
       initcap(w[1 + (n * power(u, 2))::int % n] || ' ' || w[1 + h % n]) || ' ' || i,
       (select string_agg(w[1 + floor(n * power(abs(hashint4(i * 31 + k)) % 10007 / 10007.0, 3))::int], ' ') from generate_series(1, 24) k),
       repeat('Long words about it. ', 40),
       (array['frontend', 'backend', 'data', 'devops', 'mobile', 'testing', 'custom'])[1 + h % 7],
       repeat(md5(i::text), 90),
       to_jsonb(array[w[1 + (h / 11) % n], w[1 + (h / 13) % 40], 'custom']),
       case when h % 10 = 0 then 'one_time' else 'free' end, case when h % 10 = 0 then 500 + h % 2000 else 0 end, 'open', $2, $2, h % 5000,
       1 + (h % 400) / 100.0, h % 50, now() - make_interval(mins => i)
     from generate_series(1, $3) i, lateral (select abs(hashint4(i)) as h, abs(hashint4(i * 7)) % 10007 / 10007.0 as u) x, lateral (select $1::text[] as w, cardinality($1::text[]) as n) y`,
    [words, owner, items],
  );
  await pool.query("vacuum analyze agents");
}
