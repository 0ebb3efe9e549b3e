/** Programs that the suite runs. The defaults are real programs; a fake driver provides its own. */
export interface Programs {
  /** Prints `text` and a line end on standard output. */
  echo(text: string): string[];
  /** Prints `text` on standard error and ends with `code`. */
  fail(text: string, code: number): string[];
  /** Prints its input. */
  cat: string[];
  /** Prints the value of a variable. */
  variable(name: string): string[];
  /** Prints the content of a file below its working folder. */
  show(file: string): string[];
  /** Writes `text` to a file below its working folder. */
  put(file: string, text: string): string[];
  /** Prints "started", then waits for `ms`. */
  sleep(ms: number): string[];
  /** Prints `bytes` times the letter x. */
  flood(bytes: number): string[];
  missing: string[];
  /** Responds to every request with `text`, after it printed "listening" to its output. */
  serve(port: number, text: string): string[];
  /** Prints a letter per 20 ms, for ever. */
  chatter: string[];
}

const node = (script: string, ...args: string[]) => ["node", "-e", script, ...args];
export const realPrograms: Programs = {
  echo: (text) => ["echo", text],
  fail: (text, code) => ["sh", "-c", 'echo "$1" >&2; exit "$2"', "sh", text, String(code)],
  cat: ["cat"],
  variable: (name) => ["printenv", name],
  show: (file) => ["cat", file],
  put: (file, text) => ["sh", "-c", 'printf %s "$2" > "$1"', "sh", file, text],
  sleep: (ms) => ["sh", "-c", 'echo started; sleep "$1" & wait', "sh", String(ms / 1000)],
  flood: (bytes) => ["sh", "-c", 'head -c "$1" /dev/zero | tr "\\0" x', "sh", String(bytes)],
  missing: ["no-such-program-here"],
  serve: (port, text) =>
    node(
      `require("http").createServer((q, r) => r.end(${JSON.stringify(text)})).listen(${port}, "127.0.0.1", () => console.log("listening"))`,
    ),
  chatter: ["sh", "-c", "while :; do echo x; sleep 0.02; done"],
};
