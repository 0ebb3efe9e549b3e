/**
 * `./studio scale [--servers 1] [--people 500] [--awake 25] [--runs 10] [--seconds 60] [--json FILE]`: simulated people use servers on this machine. Measures
 * what each thing costs, then everything at once against targets, and computes from the costs what more people need.
 */
import { writeFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ms, print, type Row } from "../report.ts";
import { limitOf, needOf, type Behavior, type Costs, type Cpu, type Hardware } from "./cost.ts";
import { startFleet, type Fleet } from "./fleet.ts";
import { Measurements } from "./measurements.ts";
import { Person } from "./person.ts";
import { usageOf, type Usage } from "./usage.ts";

const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "1" },
    people: { type: "string", default: "500" },
    awake: { type: "string", default: "25" },
    runs: { type: "string", default: "10" },
    seconds: { type: "string", default: "60" },
    json: { type: "string" },
  },
});
function numberOf(name: "servers" | "people" | "awake" | "runs" | "seconds"): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} takes a whole number above 0.`);
  process.exit(2);
}
const servers = numberOf("servers");
const people = numberOf("people");
const awake = numberOf("awake");
const runs = numberOf("runs");
const seconds = numberOf("seconds");
if (awake > people || runs > people) {
  console.error("--awake and --runs cannot exceed --people.");
  process.exit(2);
}

const tokensPerSecond = 40;
/** Between two acts of a person who is signed in. */
const meanPauseMs = 20_000;
/** Between two page loads of an open preview. */
const previewPauseMs = 5000;
/** How many people prepare or sign in at once. */
const atOnce = 6;
const measuredSeconds = Math.min(seconds, 20);

const say = (text: string) => console.error(text);
let measurements = new Measurements();

/** Calls `work` for each, so many at once. */
async function each<T>(list: readonly T[], limit: number, work: (item: T, index: number) => Promise<unknown>): Promise<void> {
  const entries = list.entries();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const [index, item] of entries) await work(item, index);
    }),
  );
}

interface Phase {
  measurements: Measurements;
  seconds: number;
  server: number;
  database: number;
  after: Usage;
}

async function main(fleet: Fleet): Promise<Row[]> {
  async function phase(name: string, work: () => Promise<unknown>): Promise<Phase> {
    say(name);
    measurements = new Measurements();
    const before = usageOf(fleet.roots());
    const started = performance.now();
    await work();
    const took = (performance.now() - started) / 1000;
    const after = usageOf(fleet.roots());
    const cpu = (part: "servers" | "runners" | "database") => after[part].cpuMs - before[part].cpuMs;
    for (const [reason, count] of measurements.failures()) say(`  failed ${count} times: ${reason}`);
    return { measurements, seconds: took, server: cpu("servers") + cpu("runners"), database: cpu("database"), after };
  }
  const perSecond = (cost: Phase): Cpu => ({ server: cost.server / cost.seconds, database: cost.database / cost.seconds });
  /** The cost of one of `count`, without the background load. */
  const share = (cost: Phase, count: number, background: Cpu): Cpu => ({
    server: Math.max(0, cost.server - background.server * cost.seconds) / Math.max(1, count),
    database: Math.max(0, cost.database - background.database * cost.seconds) / Math.max(1, count),
  });

  const persons = Array.from(
    { length: people },
    (_, i) => new Person({ url: fleet.urls[i % fleet.urls.length] ?? "", measurements: () => measurements }),
  );
  const owners = persons.slice(0, awake);
  const askers = persons.slice(-runs);
  try {
    const idle = await phase(`no users, ${measuredSeconds} s`, () => sleep(measuredSeconds * 1000));
    const base = perSecond(idle);

    await phase(`${people} accounts with a project each`, async () => {
      // The first builds the template's image.
      await persons[0]?.prepare(0, "node-api");
      let prepared = 1;
      await each(persons.slice(1), atOnce, async (person, i) => {
        await person.prepare(i + 1, i + 1 < awake ? "node-api" : "static");
        if (++prepared % 50 === 0) say(`  ${prepared}`);
      });
    });
    const signIns = await phase("all sign in", () => each(persons, atOnce, (person) => person.signIn()));
    const openings = await phase("all open a workbench", () => each(persons, atOnce, (person) => person.openWorkbench()));
    await phase("all open their streams", () => each(persons, atOnce, (person) => person.openStream()));
    await sleep(5000);
    const streams = await phase(`streams only, ${measuredSeconds} s`, () => sleep(measuredSeconds * 1000));

    await phase(`${awake} projects start`, () => each(owners, 2, (person) => person.wake()));
    await sleep(20_000);
    const awakes = await phase(`${awake} awake projects, ${measuredSeconds} s`, () => sleep(measuredSeconds * 1000));
    const quiet = perSecond(awakes);
    const until = (ms: number) => AbortSignal.timeout(ms);
    const previews = await phase(`previews, ${measuredSeconds} s`, () => {
      const signal = until(measuredSeconds * 1000);
      return Promise.all(owners.map((person) => person.watchPreview(500, signal)));
    });
    await fleet.setModel({ tokensPerSecond, tokens: tokensPerSecond * measuredSeconds });
    const answers = await phase(`${runs} runs at ${tokensPerSecond} tokens/s, ${measuredSeconds} s`, () =>
      Promise.all(askers.map((person) => person.run())),
    );
    // The people of this process share the cores with what they measure.
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const ownCpu = process.cpuUsage();
    const all = await phase(`everything at once, ${seconds} s`, async () => {
      const signal = until(seconds * 1000);
      await Promise.all([
        ...persons.map((person) => person.work(meanPauseMs, signal)),
        ...owners.map((person) => person.watchPreview(previewPauseMs, signal)),
        ...askers.map(async (person) => {
          while (!signal.aborted) await person.run();
        }),
      ]);
    });

    delay.disable();
    const { user, system } = process.cpuUsage(ownCpu);

    const tokens = answers.measurements.count("token");
    const costs: Costs = {
      base,
      signIn: share(signIns, people, base),
      stream: share(streams, people * streams.seconds, base),
      call: share(openings, openings.measurements.count("API call"), base),
      token: share(answers, tokens, quiet),
      previewRequest: share(previews, previews.measurements.count("preview request"), quiet),
      awakeProject: share(awakes, awake * awakes.seconds, perSecond(streams)),
      serverMiB: idle.after.servers.memoryMiB / fleet.urls.length,
      streamMiB: Math.max(0, streams.after.servers.memoryMiB - idle.after.servers.memoryMiB) / people,
      awakeProjectMiB: awakes.after.projects.memoryMiB / awake,
    };
    const does: Behavior = {
      signInsPerHour: 0.25,
      callsPerSecond: all.measurements.count("API call") / all.seconds / people,
      awakeProjects: awake / people,
      runs: runs / people,
      tokensPerSecond,
      previewRequestsPerSecond: all.measurements.count("preview request") / all.seconds / people,
    };
    const cpuRow = (what: string, cost: Cpu, unit: string): Row => ({
      what,
      measured: `server ${(cost.server * 1000).toFixed(cost.server < 0.1 ? 1 : 0)}, PostgreSQL ${(cost.database * 1000).toFixed(cost.database < 0.1 ? 1 : 0)} ${unit}`,
      target: "",
    });
    const latency = (what: string, kind: string, boundMs: number): Row => {
      const p99 = all.measurements.quantile(kind, 0.99);
      return {
        what,
        measured: `p50 ${ms(all.measurements.quantile(kind, 0.5))}, p99 ${ms(p99)} of ${all.measurements.count(kind)}`,
        target: `p99 <= ${boundMs} ms`,
        meets: p99 <= boundMs,
      };
    };
    const memory = all.after.servers.memoryMiB + all.after.runners.memoryMiB;
    const rows: Row[] = [
      cpuRow("installation without people", base, "µs CPU per second"),
      cpuRow("sign-in", costs.signIn, "µs CPU"),
      cpuRow("open stream", costs.stream, "µs CPU per second"),
      cpuRow("API call", costs.call, "µs CPU"),
      cpuRow("token of a run", costs.token, "µs CPU"),
      cpuRow("preview request", costs.previewRequest, "µs CPU"),
      cpuRow("awake project", costs.awakeProject, "µs CPU per second"),
      {
        what: "memory",
        measured: `server ${costs.serverMiB.toFixed(0)} MiB, stream ${(costs.streamMiB * 1024).toFixed(0)} KiB, awake project ${costs.awakeProjectMiB.toFixed(0)} MiB`,
        target: "",
      },
      latency(`API call, everything at once (${(does.callsPerSecond * people).toFixed(0)} a second)`, "API call", 300),
      latency("token to client, everything at once", "token", 150),
      latency("preview request, everything at once", "preview request", 300),
      {
        what: "failures, everything at once",
        measured: String(all.measurements.failed()),
        target: "0",
        meets: all.measurements.failed() === 0,
      },
      { what: "memory of the servers", measured: `${memory.toFixed(0)} MiB`, target: "<= 1536 MiB", meets: memory <= 1536 },
      {
        what: "CPU, everything at once",
        measured: `servers ${(all.server / all.seconds / 10).toFixed(0)} %, PostgreSQL ${(all.database / all.seconds / 10).toFixed(0)} %, people ${((user + system) / all.seconds / 10_000).toFixed(0)} % of a core`,
        target: "",
      },
      {
        what: "delay of the people themselves",
        measured: `p50 ${ms(Math.max(0, delay.percentile(50) / 1e6 - 5))}, p99 ${ms(Math.max(0, delay.percentile(99) / 1e6 - 5))}, longest ${ms(delay.max / 1e6)}`,
        target: "",
      },
    ];
    print(rows);
    printCurve(costs, does);
    if (values.json) await writeFile(values.json, JSON.stringify({ costs, behavior: does, rows }, undefined, 2));
    return rows;
  } finally {
    for (const person of persons) person.close();
  }
}

function printCurve(costs: Costs, does: Behavior): void {
  const boxes: { people: number; hardware: Hardware }[] = [
    { people: 500, hardware: { name: "1 machine, 2 cores, 8 GiB", machines: 1, cores: 2, memoryGiB: 8, databaseCores: 0 } },
    { people: 2000, hardware: { name: "2 machines, 4 cores, 16 GiB", machines: 2, cores: 4, memoryGiB: 16, databaseCores: 0 } },
    {
      people: 10_000,
      hardware: { name: "6 nodes, 8 cores, 32 GiB; PostgreSQL 8 cores", machines: 6, cores: 8, memoryGiB: 32, databaseCores: 8 },
    },
    {
      people: 100_000,
      hardware: { name: "50 nodes, 16 cores, 64 GiB; PostgreSQL 64 cores", machines: 50, cores: 16, memoryGiB: 64, databaseCores: 64 },
    },
  ];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  console.log("\nComputed from these costs, for people who behave like these. A share above 60 % leaves no room for peaks.\n");
  print(
    boxes.map(({ people: count, hardware }): Row => {
      const need = needOf(count, costs, does, hardware);
      const limit = limitOf(costs, does, hardware);
      return {
        what: `${count} people on ${hardware.name}`,
        measured: `${need.servers} servers; cores: servers ${need.serverCores.toFixed(1)}, PostgreSQL ${need.databaseCores.toFixed(1)}; ${need.memoryGiB.toFixed(0)} GiB; ${need.use.map(({ what, share }) => `${what} ${percent(share)}`).join(", ")}`,
        target: `${limit.people} people, then ${limit.what}`,
      };
    }),
  );
}

const fleet = await startFleet(servers);
try {
  const rows = await main(fleet);
  if (rows.some(({ meets }) => meets === false)) process.exitCode = 1;
} finally {
  await fleet.close();
}
