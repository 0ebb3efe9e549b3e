import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError, type RuntimeErrorCode } from "../errors.ts";
import { fetchPort, sandboxPort } from "../sandbox-port.ts";
import type { LogLine, Sandbox } from "../types.ts";

/** Bytes as text. */
export const decode = (data: Uint8Array) => new TextDecoder().decode(data);
/** Whether an error has the expected code; otherwise fails with what was thrown. */
export const is = (code: RuntimeErrorCode) => (error: unknown) => {
  if (error instanceof RuntimeError && error.code === code) return true;
  throw new Error(`expected ${code}, got ${error instanceof RuntimeError ? error.code : String(error)}`, { cause: error });
};

/** All lines, once the stream has ended. */
export async function collectLines(lines: AsyncIterable<LogLine>): Promise<LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Polls until `probe` returns a value; fails after 10 s. A probe that starts a program needs a longer interval. */
export async function until<T>(probe: () => T | Promise<T>, timeoutMs = 10_000, intervalMs = 20): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${probe.toString()}`);
    await sleep(intervalMs);
  }
}

/** Pids of other processes whose command line contains the text. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false; // ended between the two looks
      }
    });
}

/** Waits until no other process has the text in its command line; otherwise fails with those that have it. */
export async function untilEnded(text: string, timeoutMs = 10_000): Promise<void> {
  await until(() => processesWith(text).length === 0, timeoutMs).catch((cause: unknown) => {
    throw new Error(`after ${timeoutMs} ms still running:\n${processesWith(text).map(describe).join("\n")}`, { cause });
  });
}
function describe(pid: number): string {
  const read = (name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch {
      return "(ended)";
    }
  };
  const [state = "", parent = ""] = ["State", "PPid"].map(
    (field) => new RegExp(`^${field}:\\s*(.*)$`, "m").exec(read("status"))?.[1] ?? "",
  );
  return `${pid}, state ${state}, parent ${parent}: ${read("cmdline").replaceAll("\0", " ")}`;
}

/** The page at a port of a sandbox. */
export const getPage = async (sandbox: Pick<Sandbox, "id" | "connect">, port: number): Promise<string> =>
  (await fetchPort(sandboxPort(sandbox, port), "/")).text();
