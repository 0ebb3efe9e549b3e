import { nameOf, type FileTree } from "../../../lib/file-tree.ts";
import { rank } from "../../../lib/rank.ts";

const shown = 8;
/** More than this in one message is no mention any more (the server's own limit). */
const maxMentions = 20;

/** An `@word` that is being written. */
export interface Mentioning {
  query: string;
  /** Of the `@` in the text. */
  from: number;
  to: number;
}

/** What stands before the caret, if it is an `@` behind a space, a bracket or nothing. */
export function mentionAt(text: string, caret: number): Mentioning | undefined {
  const before = text.slice(0, caret);
  const found = /(?:^|[\s("'[{])@([^\s@]{0,100})$/.exec(before);
  if (!found) return undefined;
  const query = found[1] ?? "";
  return { query, from: caret - query.length - 1, to: caret };
}

/** The best matches: names first, then whole paths; files before folders of the same merit. */
export function findPlaces(tree: FileTree, query: string): string[] {
  const nodes = [...tree.nodes.values()].filter((node) => node.path !== "");
  const places = [...nodes.filter((node) => !node.isDirectory), ...nodes.filter((node) => node.isDirectory)].map((node) => node.path);
  if (query === "") return places.slice(0, shown);
  const byName = rank(places, query, nameOf);
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

/** The text with the place in it, and where the caret goes. */
export function withMention(text: string, { from, to }: Mentioning, path: string): { text: string; caret: number } {
  const rest = text.slice(to);
  const inserted = `@${path}${/^\s/.test(rest) ? "" : " "}`;
  return { text: text.slice(0, from) + inserted + rest, caret: from + inserted.length + (/^\s/.test(rest) ? 1 : 0) };
}

/** Places of the project that the text names with an `@`; punctuation behind a name is no part of it. */
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
