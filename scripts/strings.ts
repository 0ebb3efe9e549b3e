/**
 * `./studio strings [PATH…]` prints every text of the web UI with its place: `file:line  kind  text`. `--denied` prints only those that
 * `strings-deny.ts` refuses, and what to write instead. `--baseline` lowers the counts in `strings-baseline.json` to what is left.
 *
 * The texts are found in the syntax tree of oxc-parser, which knip and rolldown bring along: ESTree with JSX and types, one second for the whole UI.
 * TypeScript 7 exports only its version number and `typescript/unstable/*`, which runs the compiler in another process and may change in any release;
 * its types separate values of unions from strings, but not class names and keys from texts. esbuild exports no syntax tree.
 */
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { denied, type Denial } from "./strings-deny.ts";
import { findTexts, type Text } from "./strings/find.ts";

const root = join(import.meta.dirname, "..");
const baselineFile = join(import.meta.dirname, "strings-baseline.json");
export type Counts = Record<string, number>;

export interface PlacedText extends Text {
  /** From the root of the repository. */
  file: string;
}

/** Pages with made-up data on which we look at components: their texts are samples. */
const isSample = (file: string): boolean => /\/(?:components-page|states)\//.test(file);
const isTest = (file: string): boolean => /\.test\.tsx?$|\/testing\//.test(file);

/** The texts of files and folders, by file and line. Without paths, those of the web UI. */
export function textsOf(paths: readonly string[] = ["apps/web/index.html", "apps/web/src"]): PlacedText[] {
  const files = paths.flatMap((path) => {
    const absolute = join(root, path);
    if (!existsSync(absolute)) throw new Error(`${path} does not exist.`);
    return statSync(absolute).isDirectory()
      ? globSync(`${path}/**/*.{ts,tsx}`, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
      : [path];
  });
  return files
    .map((file) => relative(root, join(root, file)))
    .filter((file) => !isTest(file) && !isSample(file))
    .toSorted()
    .flatMap((file) => {
      const source = readFileSync(join(root, file), "utf8");
      // The page is well-formed: without its doctype it is JSX.
      const texts = file.endsWith(".html") ? findTexts(`${file}.tsx`, source.replace(/^<!doctype html>/i, "")) : findTexts(file, source);
      return texts.map((text) => ({ ...text, file }));
    });
}

/** How many texts of each file the deny list refuses. */
export function countDenied(texts: readonly PlacedText[]): Counts {
  const counts: Counts = {};
  for (const text of texts) if (denied(text).length > 0) counts[text.file] = (counts[text.file] ?? 0) + 1;
  return counts;
}

export const readBaseline = (): Counts => JSON.parse(readFileSync(baselineFile, "utf8")) as Counts;

/** What there is more of than the baseline allows. */
export const grown = (counts: Counts, baseline: Counts): string[] =>
  Object.entries(counts)
    .filter(([file, count]) => count > (baseline[file] ?? 0))
    .map(([file, count]) => `${file}: ${count} texts use words of the deny list, ${baseline[file] ?? 0} allowed`);

const total = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** The next baseline. Throws if it allows more than the last: the counts of moved files may appear under other names, but their sum may not grow. */
export function lowered(counts: Counts, baseline: Counts): Counts {
  const more = grown(counts, baseline).filter((line) => baseline[line.slice(0, line.indexOf(":"))] !== undefined);
  if (more.length === 0 && total(counts) <= total(baseline)) return counts;
  const sums = `${total(counts)} texts use words of the deny list, ${total(baseline)} allowed`;
  throw new Error(`${[...more, sums].join("\n")}. Rewrite the new ones: ./studio strings --denied lists them.`);
}

function writeBaseline(): void {
  const found = countDenied(textsOf());
  const counts = existsSync(baselineFile) ? lowered(found, readBaseline()) : found;
  writeFileSync(baselineFile, `${JSON.stringify(counts, undefined, 2)}\n`);
  process.stdout.write(`${total(counts)} texts in ${Object.keys(counts).length} files still use words of the deny list.\n`);
}

const oneLine = (text: string): string => text.replaceAll("\n", "⏎");
const adviceOf = ({ instead, write }: Denial): string => `${instead} → ${write}`;

function main(args: readonly string[]): void {
  const paths = args.filter((arg) => !arg.startsWith("--"));
  const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--denied" && arg !== "--baseline");
  if (unknown) throw new Error(`Unknown option ${unknown}. Options: --denied, --baseline.`);
  if (args.includes("--baseline")) return writeBaseline();
  const texts = paths.length > 0 ? textsOf(paths) : textsOf();
  const lines = texts.flatMap((found) => {
    const { file, line, kind, text } = found;
    const place = `${file}:${line}  ${kind}  ${oneLine(text)}`;
    if (!args.includes("--denied")) return [place];
    const wrong = denied(found);
    return wrong.length > 0 ? [`${place}\n    ${wrong.map(adviceOf).join("; ")}`] : [];
  });
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

if (import.meta.main) {
  // The reader may stop early: `./studio strings | head`.
  process.stdout.on("error", () => process.exit());
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`strings: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
