/** Compares the gzipped size of the pages of the built app with their budgets, from the files the server sends. No browser. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { contract } from "@tesslate/contract";
import { expect, journey, note } from "./journey.ts";

export default journey({ needsNothing: true, hasMain: true, templates: [] }, () => {
  const dist = process.env["WEB_DIST"] ?? join(import.meta.dirname, "../apps/web/dist");
  const assets = join(dist, "assets");
  const kB = 1024;
  /** JavaScript before a page can be used: what every page loads, with the page's own chunks and all they import. */
  const pages: { name: string; file: string; chunks: string[]; budget: number }[] = [
    { name: "/login", file: "login", chunks: ["auth"], budget: 159 * kB },
    { name: "the landing page", file: "landing", chunks: ["landing"], budget: 195 * kB },
    { name: "Home", file: "home", chunks: ["frame", "home"], budget: 260 * kB },
    { name: "the workbench before its lazy views", file: "p", chunks: ["frame", "workbench"], budget: 330 * kB },
  ];
  /** A key of every schema of the contract; schemas stay on the server (apps/web/build/). */
  const schemaMark = "~kind";
  /** A file that a view loads on demand. */
  const chunkBudget = 120 * kB;
  const cssBudget = 40 * kB;

  const sizeOf = (file: string): number => {
    const packed = join(assets, `${file}.gz`);
    return existsSync(packed) ? statSync(packed).size : gzipSync(readFileSync(join(assets, file))).length;
  };
  const format = (bytes: number) => `${(bytes / kB).toFixed(1)} kB`;
  const scripts = () => readdirSync(assets).filter((file) => file.endsWith(".js"));

  /** Scripts that `index.html` loads. */
  const firstScripts = () =>
    [...readFileSync(join(dist, "index.html"), "utf8").matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map((match) => match[1] ?? "");

  /** Chunks with everything they import statically, each once. */
  function closure(files: readonly string[]): Set<string> {
    const known = new Set<string>();
    const queue = [...files];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (known.has(file)) continue;
      known.add(file);
      const text = readFileSync(join(assets, file), "utf8");
      for (const match of text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+\.js)"/g)) queue.push(match[1] ?? "");
    }
    return known;
  }

  function chunkOf(name: string): string {
    const found = scripts().filter((file) => new RegExp(`^${name}-[\\w-]{8}\\.js$`).test(file));
    expect(found.length === 1, `${found.length} chunks are called ${name}`);
    return found[0] ?? "";
  }

  expect(schemaMark in contract.auth.login.response, `schemas no longer carry ${schemaMark}`);

  return [
    ...pages.map(({ name, file: page, chunks, budget }) => ({
      isMain: true,
      name: `${name} loads at most ${format(budget)} of JavaScript`,
      run: async () => {
        const files = [...closure([...firstScripts(), ...chunks.map(chunkOf)])].map((file) => ({ file, bytes: sizeOf(file) }));
        const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
        const heaviest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5);
        const list = heaviest.map(({ file, bytes }) => `${file} ${format(bytes)}`).join(", ");
        note(`${name}: ${format(total)} in ${files.length} files`);
        expect(files.length > chunks.length, `${name} imports nothing: its chunks were not parsed correctly`);
        const withSchemas = files.filter(({ file }) => readFileSync(join(assets, file), "utf8").includes(schemaMark));
        expect(withSchemas.length === 0, `${name} loads the schema library: ${withSchemas.map(({ file }) => file).join(", ")}`);
        const html = readFileSync(join(dist, "pages", `${page}.html`), "utf8");
        const unnamed = files.filter(({ file }) => !html.includes(`/assets/${file}"`)).map(({ file }) => file);
        expect(unnamed.length === 0, `${name} does not name ${unnamed.join(", ")}`);
        expect(total <= budget, `${name} loads ${format(total)}, ${format(total - budget)} too much. The heaviest: ${list}`);
      },
    })),
    {
      isMain: true,
      name: `no file of a view is larger than ${format(chunkBudget)}, no style sheet larger than ${format(cssBudget)}`,
      run: async () => {
        const first = firstScripts();
        const files = readdirSync(assets)
          // The budgets of the pages cover what every page loads.
          .filter((file) => /\.(?:js|css)$/.test(file) && !first.includes(file))
          .map((file) => ({ file, bytes: sizeOf(file), budget: file.endsWith(".css") ? cssBudget : chunkBudget }));
        const [heaviest] = files.toSorted((a, b) => b.bytes - a.bytes);
        note(`the heaviest of ${files.length}: ${heaviest?.file} ${format(heaviest?.bytes ?? 0)}`);
        const over = files.filter(({ bytes, budget }) => bytes > budget).map(({ file, bytes }) => `${file} ${format(bytes)}`);
        expect(over.length === 0, `over their budget: ${over.join(", ")}`);
      },
    },
  ];
});
