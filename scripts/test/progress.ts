import { stripVTControlCharacters } from "node:util";
import type { EventLine } from "./events.ts";
import type { Leftover } from "./leftovers.ts";
import type { PartListener, PartResult } from "./run-part.ts";

export interface Output {
  write(text: string): void;
  isTerminal: boolean;
  columns: number;
}

export interface Progress extends PartListener {
  line(text: string): void;
  partStarted(name: string, seconds: number): void;
  partEnded(result: PartResult, leftovers: readonly Leftover[]): void;
  close(): void;
}

export const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Prints failures immediately, and the progress: on a terminal in a line that is overwritten, otherwise in a new line every 15 s. */
export function createProgress(out: Output, everyMs = out.isTerminal ? 250 : 15_000): Progress {
  const startedAt = Date.now();
  let part = { name: "", seconds: 0, startedAt: 0 };
  let passed = 0;
  let failed = 0;
  let planned = 0;
  let ended = 0;
  /** Running files and journeys, with the test that runs in each. */
  const running = new Map<string, string>();
  let hasStatus = false;

  function clear() {
    if (hasStatus) out.write("\r\u001B[K");
    hasStatus = false;
  }
  function line(text: string) {
    clear();
    out.write(`${out.isTerminal ? text : stripVTControlCharacters(text)}\n`);
  }
  function status() {
    if (part.name === "") return;
    const files = planned > 0 ? `, ${planned - ended} of ${planned} files left` : "";
    const seconds = (Date.now() - part.startedAt) / 1000;
    const left = part.seconds > seconds ? `, about ${clock(part.seconds - seconds)} left` : "";
    const now = [...running].map(([file, step]) => (out.isTerminal && step !== "" ? `${file} (${step})` : file)).join(", ");
    const text = `${clock((Date.now() - startedAt) / 1000)}  ${passed} passed, ${failed} failed${files}${left}${now === "" ? "" : ` | ${now}`}`;
    if (!out.isTerminal) return line(`     ${text.slice(0, 240)}`);
    clear();
    out.write(text.slice(0, out.columns - 1));
    hasStatus = true;
  }
  const timer = setInterval(status, everyMs);

  return {
    line,
    partStarted(name, seconds) {
      part = { name, seconds, startedAt: Date.now() };
      planned = ended = 0;
      running.clear();
      line(`== ${name}${seconds > 0 ? ` (about ${Math.round(seconds)} s)` : ""}`);
    },
    event(event: EventLine) {
      const file = event.file ?? event.journey ?? "";
      const count = event.count ?? 1;
      if (event.state === "plan") planned = count;
      else if (event.state === "file-start") running.set(file, "");
      else if (event.state === "file-end") {
        running.delete(file);
        ended += 1;
      } else if (event.state === "start") {
        // vitest may report the start of a short test after the end of its file.
        if (event.journey !== undefined || running.has(file)) running.set(file, event.step ?? "");
      } else if (event.state === "pass") passed += count;
      else if (event.state === "fail") failed += count;
      if (event.journey !== undefined && event.state !== "start") running.delete(file);
    },
    failure(title, text) {
      line(`FAIL ${title}\n${text.replaceAll(/^/gm, "     ")}`);
    },
    partEnded({ name, passed: ok, failed: bad, skipped, wallSeconds, cpuSeconds }, leftovers) {
      part = { name: "", seconds: 0, startedAt: 0 };
      const cpu = cpuSeconds === undefined ? "" : `, ${cpuSeconds.toFixed(1)} CPU s`;
      line(`${bad === 0 ? "ok  " : "FAIL"} ${name}: ${ok} passed, ${bad} failed, ${skipped} skipped (${wallSeconds.toFixed(1)} s${cpu})`);
      if (leftovers.length > 0) line(`LEFTOVERS of ${name}, removed now:\n${listLeftovers(leftovers)}`);
    },
    close() {
      clearInterval(timer);
      clear();
    },
  };
}

/** One line for folders with the same prefix; at most 40 lines. */
export function listLeftovers(leftovers: readonly Leftover[]): string {
  const lines = new Map<string, number>();
  for (const { kind, name, detail } of leftovers) {
    const text = `     ${kind} ${kind === "folder" ? name.replace(/[-.]?\w{6}$/, "…") : name}${detail === undefined ? "" : ` (${detail})`}`;
    lines.set(text, (lines.get(text) ?? 0) + 1);
  }
  const all = [...lines].map(([text, count]) => (count > 1 ? `${text}, ${count} of them` : text));
  return [...all.slice(0, 40), ...(all.length > 40 ? [`     and ${all.length - 40} more`] : [])].join("\n");
}
