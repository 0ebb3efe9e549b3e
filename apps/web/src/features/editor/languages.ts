import type { Extension } from "@codemirror/state";
import { loadWithRetry } from "../../lib/chunks.ts";

const loaders: Record<string, () => Promise<Extension>> = {
  ts: async () => (await import("@codemirror/lang-javascript")).javascript({ typescript: true }),
  tsx: async () => (await import("@codemirror/lang-javascript")).javascript({ typescript: true, jsx: true }),
  js: async () => (await import("@codemirror/lang-javascript")).javascript({ jsx: true }),
  css: async () => (await import("@codemirror/lang-css")).css(),
  html: async () => (await import("@codemirror/lang-html")).html(),
  json: async () => (await import("@codemirror/lang-json")).json(),
  md: async () => (await import("@codemirror/lang-markdown")).markdown(),
  py: async () => (await import("@codemirror/lang-python")).python(),
};
const aliases: Record<string, string> = {
  mts: "ts",
  cts: "ts",
  jsx: "js",
  mjs: "js",
  cjs: "js",
  htm: "html",
  svg: "html",
  vue: "html",
  svelte: "html",
  jsonc: "json",
  markdown: "md",
  mdx: "md",
  pyi: "py",
  scss: "css",
};

/** The grammar for a file's name, loaded when it is first needed; undefined for plain text, and if loading fails. */
export async function languageOf(path: string): Promise<Extension | undefined> {
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  const load = loaders[aliases[extension] ?? extension];
  return load && loadWithRetry(load).catch(() => undefined);
}
