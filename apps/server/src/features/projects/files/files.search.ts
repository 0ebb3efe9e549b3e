import type { SearchEvent, SearchMatch, SearchQuery } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import { skippedDirectories, skippedFiles } from "./files.paths.ts";
import type { ProjectAccess } from "./files.service.ts";

const maxMatches = 2000;
const maxMatchesPerFile = 200;
const maxFileSize = "2M";
const timeoutMs = 20_000;
/** Longer lines of ripgrep's output come from minified files and are skipped to bound memory. */
const maxJsonChars = 1024 * 1024;
const maxTextChars = 400;
const textBefore = 80;

export type FileSearch = ReturnType<typeof createFileSearch>;

/**
 * Content search: ripgrep in the project's sandbox, without network and read-only.
 * `keepAwake` wakes a frozen project and keeps it awake until the search ends; a stopped one stays stopped.
 */
export function createFileSearch({
  projects,
  keepAwake,
}: {
  projects: Pick<ProjectAccess, "require" | "sandboxOf">;
  keepAwake: (projectId: string) => Promise<() => void>;
}) {
  /** Resolves with the first match or the end, so that an invalid expression is rejected before the stream starts. */
  return async (userId: string, ref: string, query: SearchQuery, signal: AbortSignal): Promise<AsyncIterable<SearchEvent>> => {
    const project = await projects.require(userId, ref);
    const sandbox = await projects.sandboxOf(project);
    const abort = new AbortController();
    const found = createChannel<SearchMatch>();
    const files = new Set<string>();
    let matches = 0;
    let hasLongLines = false;
    const reader = createLineReader(
      maxJsonChars,
      (line) => {
        const match = matches < maxMatches ? matchOf(line) : undefined;
        if (!match) return;
        matches++;
        files.add(match.path);
        found.push(match);
        if (matches === maxMatches) abort.abort();
      },
      () => (hasLongLines = true),
    );
    const release = await keepAwake(project.id);
    const ended = sandbox
      .exec(argvOf(query), {
        signal: AbortSignal.any([signal, abort.signal]),
        timeoutMs,
        readOnly: true,
        maxOutputBytes: 16 * 1024,
        onOutput: (chunk, stream) => stream === "stdout" && reader.push(chunk),
      })
      .finally(() => {
        release();
        found.end();
      });
    await Promise.race([found.waiting(), ended]);
    if (matches === 0) {
      const { exitCode, stderr, timedOut, aborted } = await ended;
      // 1: no match; 2: invalid expression or glob.
      if (exitCode !== 0 && exitCode !== 1 && !timedOut && !aborted)
        throw badRequest(`Invalid search expression or glob: ${reasonOf(stderr)}`);
    }
    return (async function* () {
      let seq = 0;
      try {
        for await (const data of found.items()) yield { seq: ++seq, type: "match" as const, data };
        const { timedOut } = await ended;
        const reason =
          matches >= maxMatches ? ("limit" as const) : timedOut ? ("timeout" as const) : hasLongLines ? ("long_lines" as const) : null;
        yield { seq: ++seq, type: "done" as const, data: { matches, files: files.size, is_complete: reason === null, reason } };
      } finally {
        abort.abort();
        await ended.catch(() => undefined);
      }
    })();
  };
}

function argvOf({ q, regex, case_sensitive, glob }: SearchQuery): string[] {
  const globs = (glob ?? "")
    .split(",")
    .map((g) => g.trim())
    .filter(Boolean);
  return [
    "rg",
    "--json",
    "--line-buffered",
    "--no-config",
    "--no-messages",
    "--no-ignore",
    "--hidden",
    `--max-filesize=${maxFileSize}`,
    `--max-count=${maxMatchesPerFile}`,
    case_sensitive ? "--case-sensitive" : "--ignore-case",
    ...(regex ? [] : ["--fixed-strings"]),
    ...globs.map((g) => `--glob=${g}`),
    // Later ones win.
    ...[...skippedDirectories].map((name) => `--glob=!**/${name}/**`),
    ...[...skippedFiles].map((name) => `--glob=!**/${name}`),
    `--regexp=${q}`,
    "--",
    "./",
  ];
}

interface RipgrepText {
  text?: string;
  bytes?: string;
}
interface RipgrepMatch {
  type?: string;
  data?: { path?: RipgrepText; lines?: RipgrepText; line_number?: number; submatches?: { start: number; end: number }[] };
}

/** Parses one line of ripgrep's JSON output, if it is a match. Byte offsets become UTF-16 offsets of the shown text. */
export function matchOf(json: string): SearchMatch | undefined {
  const { type, data } = JSON.parse(json) as RipgrepMatch;
  if (type !== "match" || data?.path?.text === undefined) return undefined;
  const bytes = data.lines?.text === undefined ? Buffer.from(data.lines?.bytes ?? "", "base64") : Buffer.from(data.lines.text);
  const line = bytes.toString("utf8").replace(/\r?\n$/, "");
  const unitOf = (byte: number) => Math.min(bytes.subarray(0, byte).toString("utf8").length, line.length);
  const hits = (data.submatches ?? []).slice(0, 50).map(({ start, end }) => [unitOf(start), unitOf(end)] as [number, number]);
  const first = hits[0]?.[0] ?? 0;
  const from = line.length <= maxTextChars ? 0 : Math.max(0, Math.min(first - textBefore, line.length - maxTextChars));
  const text = line.slice(from, from + maxTextChars);
  return {
    path: data.path.text.replace(/^\.\//, ""),
    line: data.line_number ?? 1,
    column: first + 1,
    text,
    ranges: hits.filter(([start]) => start - from < text.length).map(([start, end]) => [start - from, Math.min(end - from, text.length)]),
  };
}

/** ripgrep prints "rg: regex parse error:", the expression with a caret, then the reason. */
const reasonOf = (stderr: string) =>
  stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^(rg|error): /, "")
    .trim() || "unknown error.";

/** Splits chunks into lines; lines longer than `maxChars` are dropped while they arrive. */
export function createLineReader(maxChars: number, onLine: (line: string) => void, onTooLong: () => void) {
  let rest = "";
  let isSkipping = false;
  return {
    push(chunk: string) {
      const lines = chunk.split("\n");
      lines.forEach((part, i) => {
        const isLast = i === lines.length - 1;
        if (!isSkipping) rest += part;
        if (rest.length > maxChars) {
          rest = "";
          isSkipping = true;
          onTooLong();
        }
        if (isLast) return;
        if (!isSkipping && rest !== "") onLine(rest);
        rest = "";
        isSkipping = false;
      });
    },
  };
}

/** A queue from a callback to one async reader. */
function createChannel<T>() {
  const queue: T[] = [];
  let isEnded = false;
  let wake = () => {};
  const waiting = () => (queue.length > 0 || isEnded ? Promise.resolve() : new Promise<void>((resolve) => (wake = resolve)));
  return {
    push(item: T) {
      queue.push(item);
      wake();
    },
    end() {
      isEnded = true;
      wake();
    },
    /** Resolves when there is an item or the queue is closed. */
    waiting,
    async *items() {
      for (;;) {
        await waiting();
        const next = queue.shift();
        if (next !== undefined) yield next;
        else if (isEnded) return;
      }
    },
  };
}
