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

/** Polls until `probe` returns a value; fails after 10 s. */
export async function until<T>(probe: () => T | Promise<T>, timeoutMs = 10_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${probe.toString()}`);
    await sleep(20);
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

/** The page at a port of a sandbox. */
export const getPage = async (sandbox: Pick<Sandbox, "id" | "connect">, port: number): Promise<string> =>
  (await fetchPort(sandboxPort(sandbox, port), "/")).text();
