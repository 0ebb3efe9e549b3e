/**
 * How fast sandboxes start, alone and in a burst, and how fast a frozen one wakes. `node bench/topics/runtime.ts` prints one JSON
 * object, times in milliseconds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRuntime, fetchPort, sandboxPort, type RuntimeDriver } from "@tesslate/runtime";
import { ms, quantile, type Row } from "../report.ts";

export interface RuntimeNumbers {
  driver: string;
  isolation: string;
  /** Creating a sandbox and running its first command. */
  create: Spread;
  /** A further command in an existing sandbox. */
  command: Spread;
  /** Like `create`, all concurrently: from the request to the end of each first command. */
  burst: Burst;
  /** As many as a class of people that starts in the same minute. */
  crowd: Burst;
  /** Waking a frozen server: thaw and first response. */
  wake: Spread;
  remove: Spread;
}
type Burst = Spread & { ok: number; of: number };
interface Spread {
  p50: number;
  p99: number;
}

const spread = (values: number[]): Spread => ({ p50: round(quantile(values, 0.5)), p99: round(quantile(values, 0.99)) });
const round = (value: number) => Math.round(value * 10) / 10;
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export async function measureSandboxes({ sequential = 40, burst = 20, crowd = 100 } = {}): Promise<RuntimeNumbers> {
  const dataDir = await mkdtemp(join(tmpdir(), "bench-runtime-"));
  const runtime = await createRuntime({ driver: "auto", dataDir });
  try {
    return await measureDriver(runtime, sequential, burst, crowd);
  } finally {
    await runtime.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The numbers as rows of the bench's table. */
export async function measure(): Promise<Row[]> {
  const { isolation, create, burst, crowd, wake } = await measureSandboxes();
  const pair = ({ p50, p99 }: Spread) => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
  return [
    {
      what: `sandbox create to first command, one by one (isolation ${isolation})`,
      measured: pair(create),
      target: "p50 <= 30 ms, p99 <= 100 ms",
      meets: create.p50 <= 30 && create.p99 <= 100,
    },
    ...[burst, crowd].map((many) => ({
      what: `${many.of} concurrently: ${many.ok} ok`,
      measured: pair(many),
      target: "all ok, p50 <= 350 ms, p99 <= 750 ms",
      meets: many.ok === many.of && many.p50 <= 350 && many.p99 <= 750,
    })),
    { what: "wake from freeze to first byte, without the proxy", measured: pair(wake), target: "p50 <= 10 ms", meets: wake.p50 <= 10 },
  ];
}

/** Waits until networks are prepared (one per second), as in a server that has run for a while. */
const afterWarmUp = () => sleep(20_000);

async function measureDriver(runtime: RuntimeDriver, sequential: number, burst: number, crowd: number): Promise<RuntimeNumbers> {
  const first = async (id: string) => {
    const { exitCode } = await (await runtime.open({ id })).exec(["true"]);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
  };
  await first("warm-up");
  await afterWarmUp();
  const create: number[] = [];
  for (let i = 0; i < sequential; i++) create.push(await timed(() => first(`s-${i}`)));

  const together = async (of: number, prefix: string): Promise<Burst> => {
    await afterWarmUp();
    const all = await Promise.allSettled(Array.from({ length: of }, (_, i) => timed(() => first(`${prefix}-${i}`))));
    const ok = all.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    return { ...spread(ok), ok: ok.length, of };
  };
  const few = await together(burst, "b");
  const many = await together(crowd, "c");

  const sandbox = await runtime.open({ id: "warm-up" });
  const command: number[] = [];
  for (let i = 0; i < sequential; i++) command.push(await timed(() => sandbox.exec(["true"])));

  const script = 'require("http").createServer((q, r) => r.end("up")).listen(4000)';
  await sandbox.start({ name: "web", command: ["node", "-e", script], cwd: ".", env: {}, port: 4000 });
  await sandbox.ready("web");
  const app = sandboxPort(sandbox, 4000);
  const wake: number[] = [];
  for (let i = 0; i < sequential; i++) {
    await sandbox.freeze();
    wake.push(
      await timed(async () => {
        await sandbox.thaw();
        await (await fetchPort(app, "/")).text();
      }),
    );
  }
  await sandbox.stop();

  const remove: number[] = [];
  for (let i = 0; i < sequential; i++) remove.push(await timed(() => runtime.remove(`s-${i}`)));
  return {
    driver: runtime.name,
    isolation: runtime.isolation,
    create: spread(create),
    command: spread(command),
    burst: few,
    crowd: many,
    wake: spread(wake),
    remove: spread(remove),
  };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measureSandboxes(), null, 2)}\n`);
