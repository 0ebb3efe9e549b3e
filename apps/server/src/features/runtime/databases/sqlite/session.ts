import { readFileSync } from "node:fs";
import type { Sandbox } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import { canceled, maxPageBytes, timedOut } from "../engine.ts";

const program = readFileSync(new URL("./sqlite-program.js", import.meta.url), "utf8");
/** A line of an answer; a page has at most `maxPageBytes` of cells. */
const maxLine = 4 * maxPageBytes;

export interface SqliteStatement {
  sql: string;
  values?: readonly (string | null)[];
  limit: number;
  skip?: number;
  cellLength?: number;
  /** The statement runs to its end; rows after the page are dropped. */
  toEnd?: boolean;
}
export interface SqlitePage {
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
  hasMore: boolean;
  /** Changed rows; null if the statement only read. */
  affected: number | null;
}
/** An error of SQLite itself. */
export class SqliteFailure extends Error {
  override readonly name = "SqliteFailure";
  readonly code: number | null;
  /** The row of a batch that failed. */
  readonly index: number | null;
  constructor(message: string, code: number | null, index: number | null) {
    super(message);
    this.code = code;
    this.index = index;
  }
}
export interface SqliteSession {
  /** Throws `SqliteFailure`. */
  run(statement: SqliteStatement): Promise<SqlitePage>;
  /** Runs a statement for each of the rows. Throws `SqliteFailure` with the `index` of the one that failed. */
  runBatch(sql: string, rows: readonly (readonly (string | null)[])[]): Promise<void>;
  /** Begins a query and returns its first rows; `next` instead of a query returns those after them. */
  query(sql: string, limit: number): Promise<SqlitePage>;
}

type Answer = { result: unknown } | { error: { message: string; code: number | string | null; index?: number | null } };

/**
 * Opens a SQLite file in a program in the sandbox and calls `work` with it. To read, the project's files are mounted read-only, so that no
 * statement can change them. What was not committed when `work` ends is undone.
 */
export async function withSqlite<T>(
  { sandbox, path, write }: { sandbox: Sandbox; path: string; write: boolean },
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  work: (session: SqliteSession) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw canceled();
  const stop = new AbortController();
  const requests = createRequests();
  const answers = createAnswers(() => stop.abort());
  const running = sandbox.exec(["node", "--no-warnings", "-e", program, `./${path}`, write ? "write" : "read"], {
    input: requests.lines(),
    timeoutMs,
    signal: AbortSignal.any([signal, stop.signal]),
    readOnly: !write,
    maxOutputBytes: 16_384,
    onOutput: (chunk, stream) => {
      if (stream === "stdout") answers.push(chunk);
    },
  });
  const ended = running.then((result) => {
    const reason = signal.aborted
      ? canceled()
      : result.timedOut
        ? timedOut(timeoutMs)
        : new AppError("database_unreachable", "The file couldn't be opened in the project's sandbox.", {
            cause: new Error(result.stderr.slice(-500)),
          });
    answers.fail(reason);
  });
  ended.catch((error: unknown) => answers.fail(error));
  try {
    await answers.next();
    const request = async (given: object): Promise<unknown> => {
      requests.send(JSON.stringify({ ...given, maxBytes: maxPageBytes }));
      return answers.next();
    };
    return await work({
      run: async (statement) => (await request(statement)) as SqlitePage,
      runBatch: async (sql, batch) => void (await request({ sql, batch })),
      query: async (cursor, limit) => (await request({ cursor, limit })) as SqlitePage,
    });
  } finally {
    requests.end();
    // The program exits at the end of its input unless it is busy.
    const timer = setTimeout(() => stop.abort(), 2_000);
    await ended.catch(() => undefined);
    clearTimeout(timer);
  }
}

/** The input of the program, one line after another. */
function createRequests() {
  const queue: string[] = [];
  let isOver = false;
  let wake = () => {};
  return {
    send: (line: string): void => {
      queue.push(`${line}\n`);
      wake();
    },
    end: (): void => {
      isOver = true;
      wake();
    },
    lines: async function* (): AsyncGenerator<string> {
      for (;;) {
        const line = queue.shift();
        if (line !== undefined) yield line;
        else if (isOver) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** The lines that the program answers with. `overflow` is called for a line that is too long. */
function createAnswers(overflow: () => void) {
  const queue: Answer[] = [];
  let rest = "";
  let failure: unknown;
  let hasFailed = false;
  let wake = () => {};
  return {
    push: (chunk: string): void => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine) {
        rest = "";
        overflow();
      }
      for (const line of lines)
        try {
          queue.push(JSON.parse(line) as Answer);
        } catch {
          overflow();
        }
      wake();
    },
    fail: (error: unknown): void => {
      failure ??= error;
      hasFailed = true;
      wake();
    },
    next: async (): Promise<unknown> => {
      for (;;) {
        const answer = queue.shift();
        if (answer) {
          if ("result" in answer) return answer.result;
          const { message, code, index = null } = answer.error ?? { message: "invalid answer", code: null };
          if (code === "unsupported")
            throw new AppError("not_supported", "This project's sandbox can't open SQLite files: it needs Node.js 24 or later.");
          throw new SqliteFailure(String(message), typeof code === "number" ? code : null, index);
        }
        if (hasFailed) throw failure;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
