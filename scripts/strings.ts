/**
 * `./studio strings [PATH…]` prints every text of the web UI with its location: `file:line  kind  text`. `--denied` prints only those that
 * `strings-deny.ts` refuses, and what to write instead.
 *
 * The texts are found in the syntax tree of oxc-parser, which knip and rolldown bring along: ESTree with JSX and types, one second for the whole UI.
 * TypeScript 7 exports only its version number and `typescript/unstable/*`, which runs the compiler in another process and may change in any release;
 * its types separate values of unions from strings, but not class names and keys from texts. esbuild exports no syntax tree.
 */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { denied, type Denial } from "./strings-deny.ts";
import { findTexts, type Text } from "./strings/find.ts";

const root = join(import.meta.dirname, "..");

export interface LocatedText extends Text {
  /** From the root of the repository. */
  file: string;
}

const isTest = (file: string): boolean => /\.test\.tsx?$|\/testing\//.test(file);

/** The texts of files and folders, by file and line. Without paths, those of the web UI. */
export function textsOf(paths: readonly string[] = ["apps/web/index.html", "apps/web/src"]): LocatedText[] {
  const files = paths.flatMap((path) => {
    const absolute = join(root, path);
    if (!existsSync(absolute)) throw new Error(`${path} does not exist.`);
    return statSync(absolute).isDirectory()
      ? globSync(`${path}/**/*.{ts,tsx}`, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
      : [path];
  });
  return files
    .map((file) => relative(root, join(root, file)))
    .filter((file) => !isTest(file))
    .toSorted()
    .flatMap((file) => {
      const source = readFileSync(join(root, file), "utf8");
      // The page is well-formed: without its doctype it is JSX.
      const texts = file.endsWith(".html") ? findTexts(`${file}.tsx`, source.replace(/^<!doctype html>/i, "")) : findTexts(file, source);
      return texts.map((text) => ({ ...text, file }));
    });
}

const oneLine = (text: string): string => text.replaceAll("\n", "⏎");
const adviceOf = ({ instead, write }: Denial): string => `${instead} → ${write}`;

/** A text with its location, as `./studio strings` prints it. */
const lineOf = ({ file, line, kind, text }: LocatedText): string => `${file}:${line}  ${kind}  ${oneLine(text)}`;

/** The texts with words of the deny list, each with what to write instead. */
export const deniedLines = (texts: readonly LocatedText[]): string[] =>
  texts.flatMap((text) => {
    const wrong = denied(text);
    return wrong.length > 0 ? [`${lineOf(text)}\n    ${wrong.map(adviceOf).join("; ")}`] : [];
  });

function main(args: readonly string[]): void {
  const paths = args.filter((arg) => !arg.startsWith("--"));
  const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--denied");
  if (unknown) throw new Error(`Unknown option ${unknown}. Options: --denied.`);
  const texts = paths.length > 0 ? textsOf(paths) : textsOf();
  const lines = args.includes("--denied") ? deniedLines(texts) : texts.map(lineOf);
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
