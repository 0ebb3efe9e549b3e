import type { ToolCallProgress } from "./events.ts";

/** How often the progress of a call is reported. A call whose arguments are complete sooner reports nothing. */
const intervalMs = 100;
/** Characters of the newest text that a report has. */
const maxTailChars = 2_000;
/** Longer keys and paths are not recognized. */
const maxNameChars = 1_000;

const pathKeys: ReadonlySet<string> = new Set(["file_path", "path"]);
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** Reads the JSON arguments of a call while they arrive. They may be incomplete or invalid. */
export interface ArgumentsReader {
  push(fragment: string): void;
  /** The path, if its value is complete, and the size and the end of the text that is written: of the newest string value that is not the path. */
  read(): Pick<ToolCallProgress, "path" | "lines" | "chars" | "tail">;
}

export function createArgumentsReader(): ArgumentsReader {
  /** Open brackets; true for an object. */
  const open: boolean[] = [];
  let isInString = false;
  let isValue = false;
  /** The rest of an escape sequence: `undefined` outside of one, "" after the backslash, hexadecimal digits after `\u`. */
  let escape: string | undefined;
  let expectsValue = false;
  let key = "";
  let name = "";
  let path: string | undefined;
  let chars = 0;
  let breaks = 0;
  let tail = "";

  const add = (text: string): void => {
    if (!isValue || isPath()) {
      if (name.length < maxNameChars) name += text;
      return;
    }
    chars += text.length;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) breaks++;
    tail += text;
    // Cut rarely, because each cut copies the text.
    if (tail.length > 2 * maxTailChars) tail = tail.slice(-maxTailChars);
  };
  const isPath = (): boolean => open.length === 1 && pathKeys.has(key);
  const startString = (): void => {
    isInString = true;
    isValue = expectsValue || open.at(-1) === false;
    name = "";
    if (isValue && !isPath()) {
      chars = 0;
      breaks = 0;
      tail = "";
    }
  };
  const endString = (): void => {
    isInString = false;
    if (!isValue) key = name;
    else if (isPath() && name.length < maxNameChars) path = name;
    if (isValue) expectsValue = false;
  };
  const readEscape = (character: string): void => {
    if (escape === "" && character !== "u") {
      escape = undefined;
      add(escapes[character] ?? character);
      return;
    }
    escape += character;
    if (escape?.length !== 5) return;
    const code = Number.parseInt(escape.slice(1), 16);
    escape = undefined;
    add(Number.isNaN(code) ? "\ufffd" : String.fromCharCode(code));
  };

  return {
    push(fragment) {
      let from = 0;
      for (let at = 0; at < fragment.length; at++) {
        const character = fragment.charAt(at);
        if (isInString) {
          if (escape !== undefined) {
            readEscape(character);
            from = at + 1;
          } else if (character === "\\" || character === '"') {
            add(fragment.slice(from, at));
            from = at + 1;
            if (character === "\\") escape = "";
            else endString();
          }
          continue;
        }
        from = at + 1;
        if (character === '"') startString();
        else if (character === "{" || character === "[") {
          open.push(character === "{");
          expectsValue = false;
        } else if (character === "}" || character === "]") {
          open.pop();
          expectsValue = false;
        } else if (character === ":") expectsValue = true;
        else if (character === ",") expectsValue = false;
      }
      if (isInString && escape === undefined) add(fragment.slice(from));
    },
    read: () => ({
      ...(path !== undefined && { path }),
      lines: chars === 0 ? 0 : breaks + (tail.endsWith("\n") ? 0 : 1),
      chars,
      tail: tail.slice(-maxTailChars),
    }),
  };
}

export interface CallProgressReports {
  /** A call started; `index` is its place among the calls of the answer. */
  start(index: number, name: string): void;
  push(index: number, fragment: string): void;
  /** Its arguments are complete. */
  end(index: number): void;
  /** Stops the reports and resolves when the last one was sent. Rejects when a report did. */
  close(): Promise<void>;
}

interface Call {
  index: number;
  name: string;
  reader: ArgumentsReader;
  hasChanged: boolean;
  wasReported: boolean;
}

/** Reports what a model writes into the arguments of its calls, one report at a time, at most every 100 ms. */
export function createCallProgress(report: (progress: ToolCallProgress) => Promise<void>): CallProgressReports {
  const calls = new Map<number, Call>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  let failure: { error: unknown } | undefined;
  let isClosed = false;
  const send = async (): Promise<void> => {
    try {
      for (const call of calls.values()) {
        if (!call.hasChanged || isClosed) continue;
        call.hasChanged = false;
        call.wasReported = true;
        await report({ index: call.index, name: call.name, ...call.reader.read() });
      }
    } catch (error) {
      failure = { error };
    }
  };
  /** The next report comes after the one before it, so that a slow receiver gets fewer. */
  const schedule = (): void => {
    if (isClosed || failure) return;
    timer ??= setTimeout(() => {
      sending = send().then(() => {
        timer = undefined;
        if ([...calls.values()].some((call) => call.hasChanged)) schedule();
      });
    }, intervalMs);
  };
  return {
    start(index, name) {
      calls.set(index, { index, name, reader: createArgumentsReader(), hasChanged: true, wasReported: false });
      schedule();
    },
    push(index, fragment) {
      const call = calls.get(index);
      if (!call) return;
      call.reader.push(fragment);
      call.hasChanged = true;
      schedule();
    },
    end(index) {
      const call = calls.get(index);
      // What was reported is shown until the batch starts, so its last state is reported too.
      if (call && !call.wasReported) calls.delete(index);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await sending;
      if (failure) throw failure.error;
    },
  };
}
