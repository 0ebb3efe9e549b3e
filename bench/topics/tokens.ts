/** Latency from the model's token to the client, for one and many streams, and CPU time per token; the baseline is a bare reader of the same stream. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createProject, signUp } from "../../e2e/account.ts";
import { startStudio } from "../../e2e/studio.ts";
import type { Load } from "../model-process.ts";
import { ms, quantile, type Row } from "../report.ts";

/** Numbers of concurrent runs and the speed of each stream. */
const crowds: { runs: number; load: Load }[] = [
  { runs: 1, load: { tokensPerSecond: 50, tokens: 250 } },
  { runs: 100, load: { tokensPerSecond: 10, tokens: 150 } },
  { runs: 100, load: { tokensPerSecond: 50, tokens: 600 } },
  { runs: 500, load: { tokensPerSecond: 2, tokens: 160 } },
];

export async function measure(): Promise<Row[]> {
  const model = fork(join(import.meta.dirname, "../model-process.ts"));
  const [{ url }] = (await once(model, "message")) as [{ url: string }];
  const studio = await startStudio({
    OPENAI_API_KEY: "sk-bench",
    OPENAI_BASE_URL: url,
    DEFAULT_MODELS: "openai/scripted",
    OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
    LOG_LEVEL: "warn",
    ACCESS_TOKEN_EXPIRE_MINUTES: "600",
  });
  try {
    const person = await signUp(studio.url, "Bench");
    const project = await createProject(person, "Tokens", "static");
    const rows: Row[] = [];
    for (const { runs, load } of crowds) {
      model.send(load);
      await once(model, "message");
      const bare = await crowd(
        runs,
        load,
        (i, onText) => readBare(url, i, onText),
        () => selfCpuMs(),
      );
      const ours = await crowd(
        runs,
        load,
        async (i, onText) => {
          const session = await person.api.chat.createSession({ body: { project_id: project.id, title: `load ${i}` } });
          for await (const event of person.api.chat.stream({
            body: { project_id: project.id, chat_id: session.id, message: `load run ${runs} ${i}`, edit_mode: "plan" },
          })) {
            if (event.type === "text_chunk") onText(event.data.content);
            if (event.type === "complete" && !event.data.success) throw new Error(event.data.error ?? "the run failed");
          }
        },
        () => cpuMsOf(studio.process.pid ?? 0),
      );
      const of = `${runs} run${runs === 1 ? "" : "s"} at ${load.tokensPerSecond} tokens/s`;
      const p99 = ours.delay(0.99) - bare.delay(0.99);
      rows.push({
        what: `added from model token to client while ${of} stream concurrently`,
        measured: `p50 ${ms(ours.delay(0.5) - bare.delay(0.5))}, p99 ${ms(p99)}, over ${ours.seconds.toFixed(1)} s; ${ours.tokens} of ${runs * load.tokens} tokens in ${ours.chunks} chunks, ${ours.failed} failed`,
        baseline: `bare: p50 ${ms(bare.delay(0.5))}, p99 ${ms(bare.delay(0.99))}`,
        target: "p99 < 50 ms",
        meets: p99 < 50 && ours.failed === 0 && ours.tokens === runs * load.tokens,
      });
      if (runs === 1) continue;
      rows.push(
        {
          what: `CPU time of the server per token, ${of}`,
          measured: `${ours.tokenUs.toFixed(0)} µs`,
          baseline: `fetch and parse: ${bare.tokenUs.toFixed(0)} µs`,
          ratio: ours.tokenUs / bare.tokenUs,
          target: "",
        },
        {
          what: `CPU time of the server to start and end a run, ${of}`,
          measured: ms(ours.edgesMs / runs),
          baseline: `fetch: ${ms(bare.edgesMs / runs)}`,
          target: "",
        },
      );
    }
    return rows;
  } finally {
    await studio.close();
    model.disconnect();
  }
}

interface Crowd {
  /** Delay of the tokens received while all streams ran, in ms. */
  delay(q: number): number;
  /** All received tokens, including those before and after that time. */
  tokens: number;
  chunks: number;
  failed: number;
  /** How long all streams ran concurrently. */
  seconds: number;
  /** CPU time per token in that time, in µs. */
  tokenUs: number;
  /** CPU time before and after it, in ms: starting and ending the runs. */
  edgesMs: number;
}

/**
 * Reads many streams; the stamp of each token gives its delay. Delays and the CPU time per token are measured while every stream
 * has started and none has ended; starting and ending are measured separately.
 */
async function crowd(
  runs: number,
  load: Load,
  read: (index: number, onText: (text: string) => void) => Promise<void>,
  cpuMs: () => number,
): Promise<Crowd> {
  const receivedTokens: { at: number; delay: number }[] = [];
  let chunks = 0;
  let startedCount = 0;
  let allStarted: { at: number; cpu: number } | undefined;
  let firstEnded: { at: number; cpu: number } | undefined;
  const before = cpuMs();
  const ends = await Promise.allSettled(
    Array.from({ length: runs }, async (_, i) => {
      let tokens = 0;
      await read(i, (text) => {
        chunks += 1;
        const now = Date.now();
        // The model stamps each token with the time it was written: <t:milliseconds>.
        for (const stamp of text.matchAll(/<t:(\d+)>/g)) {
          if (tokens === 0 && ++startedCount === runs) allStarted = { at: now, cpu: cpuMs() };
          receivedTokens.push({ at: now, delay: now - Number(stamp[1]) });
          if (++tokens === load.tokens) firstEnded ??= { at: now, cpu: cpuMs() };
        }
      });
    }),
  );
  const failures = ends.filter((end) => end.status === "rejected");
  if (failures[0]) console.error(`${failures.length} of ${runs} streams of ${load.tokens} tokens failed:`, failures[0].reason);
  const whole = cpuMs() - before;
  const [from, to] = [allStarted, firstEnded];
  if (!from || !to || to.at <= from.at) throw new Error(`${runs} streams of ${load.tokens} tokens never ran concurrently`);
  const within = receivedTokens.filter(({ at }) => at >= from.at && at <= to.at);
  return {
    delay: (q) =>
      quantile(
        within.map(({ delay }) => delay),
        q,
      ),
    tokens: receivedTokens.length,
    chunks,
    failed: failures.length,
    seconds: (to.at - from.at) / 1000,
    tokenUs: (1000 * (to.cpu - from.cpu)) / within.length,
    edgesMs: whole - (to.cpu - from.cpu),
  };
}

/** The minimal work of a client: read the stream, split the lines, parse each. */
async function readBare(url: string, index: number, onText: (text: string) => void): Promise<void> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-bench" },
    body: JSON.stringify({ model: "scripted", stream: true, messages: [{ role: "user", content: `bare ${index} ${Date.now()}` }] }),
  });
  if (!response.body) throw new Error(`no stream: ${response.status}`);
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const { choices } = JSON.parse(line.slice(6)) as { choices?: { delta?: { content?: string } }[] };
      const text = choices?.[0]?.delta?.content;
      if (text) onText(text);
    }
  }
}

const selfCpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
/** User and system time of a process, in ms: ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
