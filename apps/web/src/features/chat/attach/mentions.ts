import { fileNameOf, type FileTree } from "../../../lib/file-tree.ts";
import { rank } from "../../../lib/rank.ts";

const shown = 8;
/** Maximum number of mentions in a message, as on the server. */
const maxMentions = 20;

/** An `@word` that is being typed. */
export interface Mentioning {
  query: string;
  /** Index of the `@` in the text. */
  from: number;
  to: number;
}

/** The `@word` before the caret, if the `@` follows a space, a bracket or nothing. */
export function mentionAt(text: string, caret: number): Mentioning | undefined {
  const before = text.slice(0, caret);
  const found = /(?:^|[\s("'[{])@([^\s@]{0,100})$/.exec(before);
  if (!found) return undefined;
  const query = found[1] ?? "";
  return { query, from: caret - query.length - 1, to: caret };
}

/** The best matches: by name first, then by path; files before folders with the same rank. */
export function findPlaces(tree: FileTree, query: string): string[] {
  const nodes = [...tree.nodes.values()].filter((node) => node.path !== "");
  const places = [...nodes.filter((node) => !node.isDirectory), ...nodes.filter((node) => node.isDirectory)].map((node) => node.path);
  if (query === "") return places.slice(0, shown);
  const byName = rank(places, query, fileNameOf);
  const taken = new Set(byName);
  return [
    ...byName,
    ...rank(
      places.filter((path) => !taken.has(path)),
      query,
      (path) => path,
    ),
  ].slice(0, shown);
}

/** The text with the path inserted, and the new caret position. */
export function withMention(text: string, { from, to }: Mentioning, path: string): { text: string; caret: number } {
  const rest = text.slice(to);
  const inserted = `@${path}${/^\s/.test(rest) ? "" : " "}`;
  return { text: text.slice(0, from) + inserted + rest, caret: from + inserted.length + (/^\s/.test(rest) ? 1 : 0) };
}

/** Files and folders that the text mentions with an `@`. Punctuation after a name is ignored. */
export function mentionsIn(text: string, tree: FileTree | undefined): string[] {
  if (!tree) return [];
  const found = new Set<string>();
  for (const [, word = ""] of text.matchAll(/(?:^|[\s("'[{])@([^\s@]+)/g))
    for (const path of [word, word.replace(/[.,;:!?)\]}'"]+$/, "")].map((one) => one.replace(/\/$/, "")))
      if (tree.nodes.has(path) && path !== "") {
        found.add(path);
        break;
      }
  return [...found].slice(0, maxMentions);
}
