/** From the model's token to the browser's, alone and in a crowd, beside a bare reader of the same stream; and what a token costs the server. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createProject, signUp } from "../../e2e/account.ts";
import { startStudio } from "../../e2e/studio.ts";
import type { Load } from "../model-process.ts";
import { ms, quantile, type Row } from "../report.ts";

/** Crowds and the speed of each of their streams: the last two come to the same number of tokens a second. */
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
        (i, heard) => readBare(url, i, heard),
        () => ownCpuMs(),
      );
      const ours = await crowd(
        runs,
        load,
        async (i, heard) => {
          const session = await person.api.chat.createSession({ body: { project_id: project.id, title: `load ${i}` } });
          for await (const event of person.api.chat.stream({
            body: { project_id: project.id, chat_id: session.id, message: `load run ${runs} ${i}`, edit_mode: "plan" },
          })) {
            if (event.type === "text_chunk") heard(event.data.content);
            if (event.type === "complete" && !event.data.success) throw new Error(event.data.error ?? "the run failed");
          }
        },
        () => cpuMsOf(studio.process.pid ?? 0),
      );
      const of = `${runs} run${runs === 1 ? "" : "s"} at ${load.tokensPerSecond} tokens/s`;
      const p99 = ours.delay(0.99) - bare.delay(0.99);
      rows.push({
        what: `added from model token to client while ${of} stream side by side`,
        seen: `p50 ${ms(ours.delay(0.5) - bare.delay(0.5))}, p99 ${ms(p99)}, over ${ours.seconds.toFixed(1)} s; ${ours.tokens} of ${runs * load.tokens} tokens in ${ours.chunks} chunks, ${ours.failed} failed`,
        beside: `bare: p50 ${ms(bare.delay(0.5))}, p99 ${ms(bare.delay(0.99))}`,
        target: "p99 < 50 ms",
        meets: p99 < 50 && ours.failed === 0 && ours.tokens === runs * load.tokens,
      });
      if (runs === 1) continue;
      rows.push(
        {
          what: `CPU of the server for a token, ${of}`,
          seen: `${ours.tokenUs.toFixed(0)} µs`,
          beside: `fetch and parse: ${bare.tokenUs.toFixed(0)} µs`,
          ratio: ours.tokenUs / bare.tokenUs,
          target: "",
        },
        {
          what: `CPU of the server to begin and end a run, ${of}`,
          seen: ms(ours.edgesMs / runs),
          beside: `fetch: ${ms(bare.edgesMs / runs)}`,
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
  /** Of the tokens heard while all streams ran, in ms. */
  delay(q: number): number;
  /** All that were heard, before and after that time too. */
  tokens: number;
  chunks: number;
  failed: number;
  /** How long all streams ran side by side. */
  seconds: number;
  /** Processor time of a token in that time, in µs. */
  tokenUs: number;
  /** Processor time before and after it, in ms: starting and ending the runs. */
  edgesMs: number;
}

/**
 * Plays a crowd of streams; each stamped token tells how long it was under way. Delays and the price of a token are those of the time in which
 * every stream had begun and none had ended: what beginning and ending cost is another question, answered apart.
 */
async function crowd(
  runs: number,
  load: Load,
  read: (index: number, heard: (text: string) => void) => Promise<void>,
  cpuMs: () => number,
): Promise<Crowd> {
  const heardTokens: { at: number; delay: number }[] = [];
  let chunks = 0;
  let begun = 0;
  let allBegan: { at: number; cpu: number } | undefined;
  let firstEnded: { at: number; cpu: number } | undefined;
  const before = cpuMs();
  const ends = await Promise.allSettled(
    Array.from({ length: runs }, async (_, i) => {
      let own = 0;
      await read(i, (text) => {
        chunks += 1;
        const now = Date.now();
        // The model stamps each token with the time it was written: <t:milliseconds>.
        for (const stamp of text.matchAll(/<t:(\d+)>/g)) {
          if (own === 0 && ++begun === runs) allBegan = { at: now, cpu: cpuMs() };
          heardTokens.push({ at: now, delay: now - Number(stamp[1]) });
          if (++own === load.tokens) firstEnded ??= { at: now, cpu: cpuMs() };
        }
      });
    }),
  );
  const failures = ends.filter((end) => end.status === "rejected");
  if (failures[0]) console.error(`${failures.length} of ${runs} streams of ${load.tokens} tokens failed:`, failures[0].reason);
  const whole = cpuMs() - before;
  const [from, to] = [allBegan, firstEnded];
  if (!from || !to || to.at <= from.at) throw new Error(`${runs} streams of ${load.tokens} tokens never ran side by side`);
  const within = heardTokens.filter(({ at }) => at >= from.at && at <= to.at);
  return {
    delay: (q) =>
      quantile(
        within.map(({ delay }) => delay),
        q,
      ),
    tokens: heardTokens.length,
    chunks,
    failed: failures.length,
    seconds: (to.at - from.at) / 1000,
    tokenUs: (1000 * (to.cpu - from.cpu)) / within.length,
    edgesMs: whole - (to.cpu - from.cpu),
  };
}

/** What any client of a model must do: read the stream, take the lines apart, parse each. */
async function readBare(url: string, index: number, heard: (text: string) => void): Promise<void> {
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
      if (text) heard(text);
    }
  }
}

const ownCpuMs = () => {
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
