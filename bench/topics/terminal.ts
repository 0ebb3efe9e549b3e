/** A key's echo through the server; the baseline is a bare pseudo terminal. Also the throughput of a flood of output. */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { createProject, finished } from "../../e2e/account.ts";
import { ms, quantile, since, type Row } from "../report.ts";
import type { BenchContext } from "../context.ts";

const keys = 300;
const pauseMs = 10;
const floodMiB = 32;

/** Milliseconds from each key to its echo. `type` sends one, `onText` receives the output. */
async function echoes(type: (key: string) => void, onText: (listener: (text: string) => void) => void): Promise<number[]> {
  let received: () => void = () => undefined;
  onText(() => received());
  const delays: number[] = [];
  for (let i = 0; i < keys; i++) {
    const started = performance.now();
    await new Promise<void>((resolve) => {
      received = resolve;
      type("abcdefghijklmnopqrstuvwxyz"[i % 26] ?? "a");
    });
    delays.push(since(started));
    await sleep(pauseMs);
  }
  return delays;
}

export async function measure(context: BenchContext): Promise<Row[]> {
  const { studio, person } = await context.shared();
  const project = await createProject(person, "Terminal", "static");
  await finished(person.api, (await person.api.projects.start({ params: { id: project.id } })).task_id);
  const attach = async (command: string) => {
    const session = await person.api.shell.create({ body: { project_id: project.id, command } });
    const socket = new WebSocket(`${studio.url.replace("http", "ws")}${session.ws_url}`);
    const listeners = new Set<(text: string) => void>();
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as { type: string; data?: string };
      if (frame.type === "output") for (const listener of listeners) listener(frame.data ?? "");
    });
    socket.send(JSON.stringify({ type: "auth", token: person.token() }));
    return {
      socket,
      onText: (listener: (text: string) => void) => void listeners.add(listener),
      type: (data: string) => socket.send(JSON.stringify({ type: "input", data })),
    };
  };

  const { spawn } = await import("@lydell/node-pty");
  const bare = spawn("/bin/cat", [], { cols: 80, rows: 24 });
  const bareDelays = await echoes(
    (key) => bare.write(key),
    (listener) => void bare.onData(listener),
  );
  bare.kill();
  const rows: Row[] = [];
  const one = async (what: string) => {
    const terminal = await attach("cat");
    await sleep(300);
    const ours = await echoes(terminal.type, terminal.onText);
    terminal.socket.close();
    const p99 = quantile(ours, 0.99);
    rows.push({
      what,
      measured: `p50 ${ms(quantile(ours, 0.5))}, p99 ${ms(p99)}`,
      baseline: `bare pty p50 ${ms(quantile(bareDelays, 0.5))}, p99 ${ms(quantile(bareDelays, 0.99))}`,
      target: "p50 < 10 ms, p99 < 50 ms",
      meets: quantile(ours, 0.5) < 10 && p99 < 50,
    });
  };
  await one(`terminal echo, ${keys} keys`);
  const text = Array.from({ length: 100 }, (_, i) => `SECRET_${i}=${Buffer.from(`${i} of many values`).toString("hex")}`).join("\n");
  await person.api.secrets.import({ params: { project_id: project.id }, body: { text } });
  await one("terminal echo with 100 secrets to redact");

  const flood = await attach("read go; yes 'a line of an ordinary program that has much to say' | head -c 33554432; echo the-end");
  await sleep(300);
  let bytes = 0;
  const started = performance.now();
  const ended = new Promise<void>((resolve) =>
    flood.onText((piece) => {
      bytes += piece.length;
      if (piece.includes("the-end")) resolve();
    }),
  );
  flood.type("go\r");
  await ended;
  flood.socket.close();
  const seconds = since(started) / 1000;
  rows.push({
    what: `terminal flood of ${floodMiB} MiB, secrets redacted`,
    measured: `${(bytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`,
    target: ">= 10 MiB/s",
    meets: bytes / 2 ** 20 / seconds >= 10,
  });
  return rows;
}
