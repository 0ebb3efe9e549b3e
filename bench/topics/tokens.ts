/** From the model's token to the browser's, alone and in a crowd, beside a bare reader of the same stream; and what a token costs the server. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createProject, signUp } from "../../e2e/account.ts";
import { startStudio } from "../../e2e/studio.ts";
import type { Load } from "../model-process.ts";
import { ms, quantile, since, type Row } from "../report.ts";

/** Crowds and the speed of each of their streams: the last two come to the same number of tokens a second. */
const crowds: { runs: number; load: Load }[] = [
  { runs: 1, load: { tokensPerSecond: 50, tokens: 150 } },
  { runs: 100, load: { tokensPerSecond: 50, tokens: 150 } },
  { runs: 500, load: { tokensPerSecond: 10, tokens: 60 } },
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
      const p99 = ours.delay(0.99) - bare.delay(0.99);
      rows.push({
        what: `added from model token to client, ${runs} run${runs === 1 ? "" : "s"} at ${load.tokensPerSecond} tokens/s`,
        seen: `p50 ${ms(ours.delay(0.5) - bare.delay(0.5))}, p99 ${ms(p99)}; ${ours.tokens} of ${runs * load.tokens} tokens in ${ours.chunks} chunks, ${ours.failed} failed`,
        beside: `bare: p50 ${ms(bare.delay(0.5))}, p99 ${ms(bare.delay(0.99))}`,
        target: "p99 < 50 ms at 100",
        meets: p99 < 50 && ours.failed === 0 && ours.tokens === runs * load.tokens,
      });
      if (runs > 1)
        rows.push({
          what: `CPU of the server for a token, ${runs} runs`,
          seen: `${((1000 * ours.cpuMs) / ours.tokens).toFixed(0)} µs`,
          beside: `fetch and parse: ${((1000 * bare.cpuMs) / bare.tokens).toFixed(0)} µs`,
          ratio: ours.cpuMs / ours.tokens / (bare.cpuMs / bare.tokens),
          target: "",
        });
    }
    return rows;
  } finally {
    await studio.close();
    model.disconnect();
  }
}

/** Plays a crowd of streams; each stamped token tells how long it was under way. */
async function crowd(
  runs: number,
  load: Load,
  read: (index: number, heard: (text: string) => void) => Promise<void>,
  cpuMs: () => number,
): Promise<{ delay(q: number): number; tokens: number; chunks: number; failed: number; cpuMs: number; seconds: number }> {
  const delays: number[] = [];
  let chunks = 0;
  const started = performance.now();
  const before = cpuMs();
  const ends = await Promise.allSettled(
    Array.from({ length: runs }, (_, i) =>
      read(i, (text) => {
        chunks += 1;
        // The model stamps each token with the time it was written: <t:milliseconds>.
        for (const stamp of text.matchAll(/<t:(\d+)>/g)) delays.push(Date.now() - Number(stamp[1]));
      }),
    ),
  );
  const failures = ends.filter((end) => end.status === "rejected");
  if (failures[0]) console.error(`${failures.length} of ${runs} streams of ${load.tokens} tokens failed:`, failures[0].reason);
  return {
    delay: (q) => quantile(delays, q),
    tokens: delays.length,
    chunks,
    failed: failures.length,
    cpuMs: cpuMs() - before,
    seconds: since(started) / 1000,
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
