import type { Programs } from "../conformance/programs.ts";

/** The programs of the conformance suite, as fakes. */
export const memoryPrograms: Programs = {
  echo: (text) => ["echo", text],
  fail: (text, code) => ["fail", text, String(code)],
  cat: ["cat"],
  variable: (name) => ["printenv", name],
  show: (file) => ["cat", file],
  put: (file, text) => ["put", file, text],
  sleep: (ms) => ["wait", String(ms)],
  flood: (bytes) => ["flood", String(bytes)],
  missing: ["no-such-program-here"],
  serve: (port, text) => ["serve", String(port), text],
  chatter: ["chatter"],
};
