import { marked } from "./markdown-html.ts";

/** The character that checks or unchecks a task. */
export interface TaskChange {
  at: number;
  insert: string;
}

const marker = /^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?=\s)/gm;

/** What checks or unchecks the task at that index, in the order of the page. Undefined if its place in the text is not certain. */
export function toggledTask(text: string, index: number): TaskChange | undefined {
  const tokens = marked.lexer(text);
  if (tokens.map(({ raw }) => raw).join("") !== text) return undefined;
  const places: number[] = [];
  let from = 0;
  for (const token of tokens) {
    let tasks = 0;
    marked.walkTokens([token], (inner) => {
      if (inner.type === "list_item" && inner["task"] === true) tasks += 1;
    });
    const found = tasks === 0 ? [] : [...token.raw.matchAll(marker)];
    // A fence inside of a list, for example, can hold what looks like a task.
    if (found.length !== tasks) return undefined;
    for (const { index: start, 0: all } of found) places.push(from + start + all.length - 2);
    from += token.raw.length;
  }
  const at = places[index];
  return at === undefined ? undefined : { at, insert: text[at] === " " ? "x" : " " };
}
