/**
 * Real changes (`patch/corpus`) quoted the way models quote them: with the noise they make, each kind for itself and deterministic.
 * For every case it is known what may be written; everything else is damage.
 */
import { structuredPatch } from "diff";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type EditTool = "edit_file" | "apply_patch";
export interface EditCase {
  tool: EditTool;
  kind: string;
  source: string;
  /** The file as it is when the edit arrives. */
  text: string;
  /** For edit_file. */
  edits: { search: string; replace: string }[];
  /** For apply_patch. */
  patch: string;
  /** Whether this result is right. Without it the edit must be refused. */
  isRight?: (text: string) => boolean;
}

interface Hunk {
  /** Index of the first line, from 0. */
  at: number;
  lines: { mark: " " | "-" | "+"; text: string }[];
}
interface Change {
  source: string;
  before: string[];
  after: string[];
}

const corpus = join(import.meta.dirname, "../patch/corpus");
const linesOf = (text: string): string[] => text.replace(/\n$/, "").split("\n");
const textOf = (lines: string[]): string => `${lines.join("\n")}\n`;

function changes(): Change[] {
  const read = (name: string): string[] => linesOf(readFileSync(join(corpus, name), "utf8"));
  return readdirSync(corpus)
    .filter((name) => name.endsWith(".before.txt"))
    .toSorted()
    .map((name) => name.replace(".before.txt", ""))
    .map((source) => ({ source, before: read(`${source}.before.txt`), after: read(`${source}.after.txt`) }));
}

function hunksOf({ before, after }: Change, context: number): Hunk[] {
  return structuredPatch("f", "f", textOf(before), textOf(after), "", "", { context }).hunks.map((hunk) => ({
    at: hunk.oldStart - 1,
    lines: hunk.lines.filter((line) => !line.startsWith("\\")).map((line) => ({ mark: line[0] as " ", text: line.slice(1) })),
  }));
}

const oldOf = (hunk: Hunk): string[] => hunk.lines.filter((line) => line.mark !== "+").map((line) => line.text);
const newOf = (hunk: Hunk): string[] => hunk.lines.filter((line) => line.mark !== "-").map((line) => line.text);

/** The lines with one change made; `own` is what the file has in place of each line that stays, `fresh` in place of each new one. */
function made(lines: string[], hunk: Hunk, fresh: (line: string) => string = (line) => line): string[] {
  let at = hunk.at;
  const inner = hunk.lines.flatMap(({ mark, text }) => {
    if (mark === "+") return [fresh(text)];
    at++;
    return mark === " " ? [lines[at - 1]!] : [];
  });
  return [...lines.slice(0, hunk.at), ...inner, ...lines.slice(hunk.at + oldOf(hunk).length)];
}

const isUnique = (lines: string[], wanted: string[]): boolean => countOf(lines, wanted) === 1;
function countOf(lines: string[], wanted: string[]): number {
  let count = 0;
  for (let at = 0; at + wanted.length <= lines.length; at++) if (wanted.every((line, i) => line.trim() === lines[at + i]!.trim())) count++;
  return count;
}

/** The change with enough lines around it to be unique. */
function quotable(change: Change, index: number): Hunk | undefined {
  for (const context of [3, 4, 6]) {
    const hunk = hunksOf(change, context)[index];
    if (hunk && oldOf(hunk).length > 1 && isUnique(change.before, oldOf(hunk))) return hunk;
  }
  return undefined;
}

// ------------------------------------------------------------------------------------------------------- noise of quotations

const margin = (line: string): string => /^[ \t]*/.exec(line)![0];
const isFull = (line: string): boolean => line.trim() !== "";
const usesTabs = (lines: string[]): boolean => lines.filter((line) => line.startsWith("\t")).length > lines.length / 10;

function dedented(search: string[], replace: string[]): ((line: string) => string) | undefined {
  const widths = [...search, ...replace].filter(isFull).map((line) => margin(line).length);
  const least = Math.min(...widths);
  return least === 0 ? undefined : (line) => line.slice(least);
}
const reindented = (from: RegExp, to: string) => (line: string) => {
  const own = margin(line);
  return own.replaceAll(from, to) + line.slice(own.length);
};
/** Noise that changes only white space and punctuation of what it quotes: the result is known exactly. */
const quoteNoise: [kind: string, noise: (change: Change, hunk: Hunk) => ((line: string, index: number) => string) | undefined][] = [
  ["spaces at line ends of the quotation", () => (line, index) => (index % 2 === 0 ? `${line}  ` : line)],
  ["indentation taken off", (_, hunk) => dedented(oldOf(hunk), newOf(hunk))],
  ["indented further", () => (line) => (isFull(line) ? `    ${line}` : line)],
  ["tabs for spaces, spaces for tabs", ({ before }) => (usesTabs(before) ? reindented(/\t/g, "  ") : reindented(/ {2}/g, "\t"))],
  ["indentation doubled", ({ before }) => reindented(usesTabs(before) ? /\t/g : / {2}/g, "    ")],
  ["non-breaking spaces", () => (line) => line.replaceAll(" ", "\u00A0")],
  ["typographic quotes", () => (line) => line.replaceAll(/'([^']*)'/g, "\u2018$1\u2019").replaceAll(/"([^"]*)"/g, "\u201C$1\u201D")],
  [
    "typographic dashes",
    (_, hunk) => (hunk.lines.some(({ text }) => text.includes(" - ")) ? (line) => line.replaceAll(" - ", " \u2013 ") : undefined),
  ],
  ["doubled spaces inside lines", () => (line) => margin(line) + line.trimStart().replaceAll(/(\w) (\w)/g, "$1  $2")],
  ["zero-width characters", () => (line, index) => (index === 1 && isFull(line) ? `${line}\u200B` : line)],
];

/** Tabs with spaces behind them: once either is written as the other, the original number is unknown. */
const isAligned = (hunk: Hunk): boolean => hunk.lines.some(({ text }) => /^\t+ +[^*\s]/.test(text));

const equals = (wanted: string) => Object.assign((text: string) => text === wanted, { wanted });

/** Noise that would also change new words, so that the new lines stay as the model wrote them. */
const freshOf: Record<string, (line: string) => string> = {
  "doubled spaces inside lines": (line) => margin(line) + line.trimStart().replaceAll(/(\w) (\w)/g, "$1  $2"),
  "spaces at line ends of the quotation": (line) => line,
};

function singleEditCases(change: Change, hunk: Hunk): EditCase[] {
  const { source, before } = change;
  const search = oldOf(hunk);
  const replace = newOf(hunk);
  const text = textOf(before);
  const truth = textOf(made(before, hunk));
  const cases: EditCase[] = [];
  const add = (kind: string, one: { text?: string; search?: string; replace?: string; isRight?: (text: string) => boolean }): void => {
    cases.push({
      tool: "edit_file",
      kind,
      source,
      text: one.text ?? text,
      edits: [{ search: one.search ?? search.join("\n"), replace: one.replace ?? replace.join("\n") }],
      patch: "",
      ...(one.isRight ? { isRight: one.isRight } : {}),
    });
  };
  const right = equals(truth);
  add("as it is", { isRight: right });
  for (const [kind, noise] of quoteNoise) {
    const change_ = noise(change, hunk);
    if (!change_ || (/tabs|doubled|non-breaking/.test(kind) && isAligned(hunk))) continue;
    const noisySearch = search.map(change_);
    const noisyReplace = replace.map(change_);
    // Noise only in the new lines proves nothing: it may be intended.
    if (noisySearch.every((line, index) => line === search[index]) && !(kind.startsWith("tabs") && !usesTabs(before))) continue;
    const fresh = freshOf[kind];
    const accepted = fresh
      ? [truth, textOf(made(before, hunk, fresh)), ...(kind.startsWith("spaces") ? [trimmedTruth(before, hunk)] : [])]
      : [truth];
    add(kind, {
      search: noisySearch.join("\n"),
      replace: noisyReplace.join("\n"),
      isRight: (result) => accepted.includes(result) || (kind.startsWith("spaces") && isSameButEnds(result, truth)),
    });
  }

  const spaced = before.map((line, index) => (index % 2 === 0 && isFull(line) ? `${line}  ` : line));
  const spacedTruth = textOf(made(spaced, hunk));
  add("spaces at line ends of the file", { text: textOf(spaced), isRight: (result) => isSameButEnds(result, spacedTruth) });
  const crlf = (value: string): string => value.replaceAll("\n", "\r\n");
  add("file with CRLF", { text: crlf(text), isRight: equals(crlf(truth)) });
  add("quotation with CRLF", { search: crlf(search.join("\n")), replace: crlf(replace.join("\n")), isRight: right });
  add("file with CRLF, spaces at line ends", {
    text: crlf(text),
    search: search.map((line) => `${line} `).join("\n"),
    isRight: equals(crlf(truth)),
  });
  add("file with both kinds of line breaks", {
    text: before.map((line, index) => `${line}${index % 3 === 0 ? "\r\n" : "\n"}`).join(""),
    search: search.map((line) => `${line} `).join("\n"),
    isRight: (result) => isSameWithOwnBreaks(result, before, hunk),
  });
  add("file with a byte order mark", { text: `\uFEFF${text}`, isRight: equals(`\uFEFF${truth}`) });
  add("byte order mark, other indentation", {
    text: `\uFEFF${text}`,
    search: search.map((line) => (isFull(line) ? `  ${line}` : line)).join("\n"),
    replace: replace.map((line) => (isFull(line) ? `  ${line}` : line)).join("\n"),
    isRight: equals(`\uFEFF${truth}`),
  });
  add("file without a final line break", { text: text.slice(0, -1), isRight: equals(truth.slice(0, -1)) });
  add("quotation closed by a line break", { search: `${search.join("\n")}\n`, replace: `${replace.join("\n")}\n`, isRight: right });
  if (isFull(search.at(-1)!)) add("only the search closed by a line break", { search: `${search.join("\n")}\n`, isRight: right });
  add("blank lines around the quotation", {
    search: `\n\n${search.join("\n")}\n\n`,
    replace: `\n\n${replace.join("\n")}\n\n`,
    isRight: right,
  });

  const numbered = (lines: string[], from = hunk.at + 1): string =>
    lines.map((line, index) => `${String(from + index).padStart(5)}\t${line}`).join("\n");
  add("line numbers pasted in", { search: numbered(search), replace: numbered(replace), isRight: right });
  add("line numbers in the search only", {
    search: search.map((line, index) => `${hunk.at + index + 1}: ${line}`).join("\n"),
    isRight: right,
  });
  const halfNumbered = replace.map((line, index) => (index === 0 ? `${hunk.at + 1}: ${line}` : line)).join("\n");
  add("line numbers in half of the replacement", {
    search: search.map((line, index) => `${hunk.at + index + 1}: ${line}`).join("\n"),
    ...(replace.length > 1 ? { replace: halfNumbered } : {}),
    isRight: right,
  });
  add("fences around the quotation", {
    search: `\`\`\`js\n${search.join("\n")}\n\`\`\``,
    replace: `\`\`\`js\n${replace.join("\n")}\n\`\`\``,
    isRight: right,
  });

  // Blank lines that stay, left out of the quotation.
  const blank = hunk.lines.findIndex(
    ({ mark, text: line }, index) => mark === " " && !isFull(line) && index > 0 && index < hunk.lines.length - 1,
  );
  if (blank !== -1) {
    const without: Hunk = { at: hunk.at, lines: hunk.lines.filter((_, index) => index !== blank) };
    add("a blank line left out", { search: oldOf(without).join("\n"), replace: newOf(without).join("\n"), isRight: right });
  }

  // A person changed a line that the model quotes and keeps.
  const kept = [...hunk.lines.entries()].find(([, { mark, text: line }]) => mark === " " && /[A-Za-z]{4}/.test(line));
  if (kept) {
    const at = hunk.at + hunk.lines.slice(0, kept[0]).filter(({ mark }) => mark !== "+").length;
    const word = /[A-Za-z]{4,}/.exec(kept[1].text)![0];
    const staleFile = before.map((line, index) => (index === at ? line.replace(word, `${word}s`) : line));
    add("a kept line changed since", { text: textOf(staleFile), isRight: equals(textOf(made(staleFile, hunk))) });
    const remark = before.map((line, index) => (index === at ? `${line} // see the manual` : line));
    add("a remark added to a kept line", { text: textOf(remark), isRight: equals(textOf(made(remark, hunk))) });
    const misquote = (lines: string[]): string[] =>
      lines.map((line) => (line === kept[1].text ? line.replace(word, word.slice(0, -1)) : line));
    add("a kept line misquoted", { search: misquote(search).join("\n"), replace: misquote(replace).join("\n"), isRight: right });
    const inserted = [...before.slice(0, at), "/* added by a person */", ...before.slice(at)];
    const insideAt = at > hunk.at;
    const moved: Hunk = insideAt ? { at: hunk.at, lines: insertedInto(hunk, kept[0]) } : { ...hunk, at: hunk.at + 1 };
    add("a line added among the kept ones", { text: textOf(inserted), isRight: equals(textOf(made(inserted, moved))) });
  }
  // A person changed a line that the model replaces: the person's words must stay where the model did not change them.
  const removed = [...hunk.lines.entries()].find(([, { mark, text: line }]) => mark === "-" && /\b[a-z]{4,}\b/.test(line));
  if (removed) {
    const at = hunk.at + hunk.lines.slice(0, removed[0]).filter(({ mark }) => mark !== "+").length;
    const word = /\b[a-z]{4,}\b/.exec(removed[1].text)![0];
    const staleFile = before.map((line, index) => (index === at ? line.replace(word, `${word}Two`) : line));
    // Where a new line contains the word, it is the person's.
    const returning = hunk.lines.filter(({ mark, text: line }) => mark === "+" && new RegExp(`\\b${word}\\b`).test(line));
    const accepted =
      returning.length === 0
        ? [textOf(made(staleFile, hunk))]
        : returning.map(({ text: one }) =>
            textOf(made(staleFile, hunk, (line) => (line === one ? line.replace(word, `${word}Two`) : line))),
          );
    add("a replaced line changed since", { text: textOf(staleFile), isRight: (result) => accepted.includes(result) });
  }

  // The place moved elsewhere.
  const rest = [...before.slice(0, hunk.at), ...before.slice(hunk.at + search.length)];
  add("code moved to the end", { text: textOf([...rest, ...search]), isRight: equals(textOf([...rest, ...replace])) });

  // What must be refused.
  add("the quoted lines occur twice", { text: textOf([...before, "", ...search]) });
  add("the quoted lines occur twice, with another indentation", {
    text: textOf([...before, "", ...search.map((line) => (isFull(line) ? `      ${line}` : line))]),
    search: search.map((line) => (isFull(line) ? `   ${line}` : line)).join("\n"),
  });
  add("the quoted lines were removed", { text: textOf(rest) });
  const sibling = siblingOf(hunk);
  if (sibling) {
    const lines = sibling(search);
    add("only a sibling is there", { text: textOf([...before.slice(0, hunk.at), ...lines, ...before.slice(hunk.at + search.length)]) });
    add("a sibling beside it", {
      text: textOf([...before, "", ...lines]),
      isRight: equals(textOf([...made(before, hunk), "", ...lines])),
    });
  }
  if (replace.length >= 4) {
    const lazy = [...replace.slice(0, 1), `${margin(replace[1]!)}// ... existing code ...`, ...replace.slice(-1)];
    add("existing code left out of the replacement", { replace: lazy.join("\n") });
    const dots = [...replace.slice(0, 1), `${margin(replace[1]!)}...`, ...replace.slice(-1)];
    add("three dots in the replacement", { replace: dots.join("\n") });
    const lazySearch = [search[0]!, `${margin(search[1]!)}// ... rest of the code ...`, search.at(-1)!];
    add("code left out of both", { search: lazySearch.join("\n"), replace: lazy.join("\n") });
  }
  const last = search.at(-1)!;
  if (/\w{3,}$/.test(last) && last === replace.at(-1)) {
    const cut = (lines: string[]): string => lines.join("\n").slice(0, -1);
    add("both cut off in a word", { search: cut(search), replace: cut(replace), isRight: right });
    add("the search cut off in a word", { search: cut(search) });
  }
  const applied = textOf(made(before, hunk));
  add("made already", { text: applied, isRight: (result) => result === applied });
  return cases;
}

/** The hunk as it must be made in a file with one more line before the kept line `index`. */
function insertedInto(hunk: Hunk, index: number): Hunk["lines"] {
  return [...hunk.lines.slice(0, index), { mark: " ", text: "/* added by a person */" }, ...hunk.lines.slice(index)];
}

const trimmedTruth = (before: string[], hunk: Hunk): string => textOf(made(before, hunk, (line) => line.trimEnd()));
const isSameButEnds = (a: string, b: string): boolean =>
  a
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n") ===
  b
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");

function isSameWithOwnBreaks(result: string, before: string[], hunk: Hunk): boolean {
  if (result.replaceAll("\r\n", "\n") !== textOf(made(before, hunk))) return false;
  const breaks = result.split(/(\r?\n)/).filter((_, index) => index % 2 === 1);
  const outer = (index: number): string => (index % 3 === 0 ? "\r\n" : "\n");
  const tail = before.length - hunk.at - oldOf(hunk).length;
  return (
    breaks.slice(0, hunk.at).every((one, index) => one === outer(index)) &&
    breaks.slice(breaks.length - tail).every((one, index) => one === outer(before.length - tail + index))
  );
}

/** The same code about another thing: the name it declares is another. */
function siblingOf(hunk: Hunk): ((lines: string[]) => string[]) | undefined {
  const declaration = oldOf(hunk)
    .map((line) => /^\s*(?:export )?(?:async )?(?:function|const|let|var|class)\s+([A-Za-z]\w{2,})/.exec(line)?.[1])
    .find((name) => name !== undefined);
  if (!declaration) return undefined;
  return (lines) => lines.map((line) => line.replaceAll(new RegExp(`\\b${declaration}\\b`, "g"), `${declaration}2`));
}

function severalEditCases(change: Change): EditCase[] {
  const { source, before, after } = change;
  const text = textOf(before);
  const all = (context: number): { search: string; replace: string }[] =>
    hunksOf(change, context).map((hunk) => ({ search: oldOf(hunk).join("\n"), replace: newOf(hunk).join("\n") }));
  // Changes one by one, quoted with lines that the neighbouring edit changes as well.
  const narrow = hunksOf(change, 0);
  const wide = narrow.map((hunk): { search: string; replace: string } => {
    const from = Math.max(0, hunk.at - 6);
    const end = hunk.at + oldOf(hunk).length;
    const around = (inner: string[]): string => [...before.slice(from, hunk.at), ...inner, ...before.slice(end, end + 6)].join("\n");
    return { search: around(oldOf(hunk)), replace: around(newOf(hunk)) };
  });
  const base = { tool: "edit_file" as const, source, text, patch: "" };
  const right = equals(textOf(after));
  const first = quotable(change, 0);
  const cases: EditCase[] = [
    { ...base, kind: "all edits of a file", edits: all(4), isRight: right },
    { ...base, kind: "edits from the bottom up", edits: all(4).toReversed(), isRight: right },
    { ...base, kind: "edits that overlap", edits: wide, isRight: right },
    {
      ...base,
      kind: "edits quoted with other indentation",
      edits: all(4).map(({ search, replace }) => {
        const more = (value: string): string =>
          linesOf(value)
            .map((line) => (isFull(line) ? `  ${line}` : line))
            .join("\n");
        return { search: more(search), replace: more(replace) };
      }),
      isRight: right,
    },
    {
      ...base,
      kind: "edits of a file with CRLF",
      text: text.replaceAll("\n", "\r\n"),
      edits: all(4),
      isRight: equals(textOf(after).replaceAll("\n", "\r\n")),
    },
  ];
  if (first) {
    const edit = { search: oldOf(first).join("\n"), replace: newOf(first).join("\n") };
    const once = textOf(made(before, first));
    cases.push({ ...base, kind: "the same edit twice", edits: [edit, edit], isRight: equals(once) });
    const other = {
      search: edit.search,
      replace: newOf(first)
        .map((line) => line.replace(/\w+$/, "somethingElse"))
        .join("\n"),
    };
    cases.push({
      ...base,
      kind: "one edit fails, none is made",
      edits: [edit, { search: "this is nowhere in the file at all", replace: "x" }],
    });
    if (other.replace !== edit.replace && other.search.length > 80)
      cases.push({
        ...base,
        kind: "two edits of one place that disagree",
        edits: [edit, other],
        isRight: (result) =>
          result === once ||
          result === textOf([...before.slice(0, first.at), ...linesOf(other.replace), ...before.slice(first.at + oldOf(first).length)]),
      });
  }
  return cases;
}

function applyPatchCases(change: Change): EditCase[] {
  const { source, before, after } = change;
  const text = textOf(before);
  const hunks = hunksOf(change, 3);
  const cases: EditCase[] = [];
  const body = (some: Hunk[], heading: (hunk: Hunk) => string, noise: (line: string, mark: string) => string = (line) => line): string[] =>
    some.flatMap((hunk) => [heading(hunk), ...hunk.lines.map(({ mark, text: line }) => mark + noise(line, mark))]);
  const wrap = (lines: string[]): string => ["*** Begin Patch", "*** Update File: f", ...lines, "*** End Patch"].join("\n");
  const plain = (): string => "@@";
  const add = (kind: string, patch: string, more: { text?: string; isRight?: (text: string) => boolean } = {}): void => {
    cases.push({
      tool: "apply_patch",
      kind,
      source,
      text: more.text ?? text,
      edits: [],
      patch,
      ...(more.isRight ? { isRight: more.isRight } : {}),
    });
  };
  const right = { isRight: equals(textOf(after)) };
  const normal = wrap(body(hunks, plain));
  const numbers = (hunk: Hunk): string => `@@ -${hunk.at + 1},${oldOf(hunk).length} +${hunk.at + 1},${newOf(hunk).length} @@`;
  add("patch as it is", normal, right);
  add("patch with numbers", wrap(body(hunks, numbers)), right);
  add("patch with wrong counts", wrap(body(hunks, (hunk) => `@@ -${hunk.at + 90},${hunk.lines.length * 3} +7,1 @@`)), right);
  add(
    "patch with numbers and a remark",
    wrap(body(hunks, (hunk) => `${numbers(hunk)} ${(before[hunk.at - 1] ?? "").slice(0, 20)}`)),
    right,
  );
  add("patch with the file's names", wrap(["--- a/f", "+++ b/f", ...body(hunks, numbers)]), right);
  add("patch in a fence", `\`\`\`diff\n${normal}\n\`\`\``, right);
  add("patch in a heredoc", `apply_patch <<'EOF'\n${normal}\nEOF`, right);
  add("patch in a fence with CRLF", `\`\`\`\n${normal}\n\`\`\``.replaceAll("\n", "\r\n"), right);
  add("patch of a file with CRLF", normal, {
    text: text.replaceAll("\n", "\r\n"),
    isRight: equals(textOf(after).replaceAll("\n", "\r\n")),
  });
  add("patch of a file with a byte order mark", normal, { text: `\uFEFF${text}`, isRight: equals(`\uFEFF${textOf(after)}`) });
  add("patch of a file without a final line break", normal, { text: text.slice(0, -1), ...right });
  add("patch with spaces at line ends", wrap(body(hunks, plain, (line, mark) => (mark === "+" ? line : `${line}  `))), right);
  add("patch indented further", wrap(body(hunks, plain, (line) => (isFull(line) ? `    ${line}` : line))), right);
  if (!hunks.some(isAligned))
    add(
      "patch with tabs for spaces",
      wrap(body(hunks, plain, usesTabs(before) ? reindented(/\t/g, "  ") : reindented(/ {2}/g, "\t"))),
      right,
    );
  add("patch with typographic quotes", wrap(body(hunks, plain, (line) => line.replaceAll(/'([^']*)'/g, "\u2018$1\u2019"))), right);
  add(
    "patch without the space before kept lines",
    wrap(hunks.flatMap((hunk) => ["@@", ...hunk.lines.map(({ mark, text: line }) => (mark === " " ? line : mark + line))])),
    right,
  );
  add(
    "patch with spaces at line ends of the file",
    normal,
    (() => {
      const spaced = before.map((line, index) => (index % 2 === 0 && isFull(line) ? `${line} ` : line));
      return { text: textOf(spaced), isRight: equals(textOf(hunks.toReversed().reduce((lines, hunk) => made(lines, hunk), spaced))) };
    })(),
  );
  const mixed = before.map((line, index) => `${line}${index % 3 === 0 ? "\r\n" : "\n"}`).join("");
  if (hunks.length === 1)
    add("patch of a file with both kinds of line breaks", normal, {
      text: mixed,
      isRight: (result) => isSameWithOwnBreaks(result, before, hunks[0]!),
    });
  const [hunk] = hunks;
  if (!hunk || oldOf(hunk).length < 2) return cases;
  const one = wrap(body([hunk], plain));
  add("patch of lines that occur twice", one, { text: textOf([...before, ...oldOf(hunk)]) });
  const anchor = before
    .slice(0, hunk.at)
    .toReversed()
    .find((line) => isFull(line) && before.filter((other) => other.trim() === line.trim()).length === 1);
  if (anchor && isUnique(before, oldOf(hunk)))
    add("patch with a line to look for above lines that occur twice", wrap(body([hunk], () => `@@ ${anchor}`)), {
      text: textOf([...before, "", ...oldOf(hunk)]),
      isRight: equals(textOf([...made(before, hunk), "", ...oldOf(hunk)])),
    });
  add("patch where the line to look for occurs twice too", wrap(body([hunk], () => "@@ // the place")), {
    text: textOf(["// the place", ...oldOf(hunk), "// the place", ...oldOf(hunk)]),
  });
  add("patch with a line to look for that is nowhere", wrap(body([hunk], () => "@@ function nowhere() {")));
  add("patch of lines that changed since", one, {
    text: textOf(before.map((line, index) => (index === hunk.at ? `${line} // changed` : line))),
  });
  add("patch with lines left out", wrap(["@@", ` ${oldOf(hunk)[0]}`, " ...", "+added", ` ${oldOf(hunk).at(-1)}`]));
  add("patch without an end", normal.replace("\n*** End Patch", ""));
  add("patch made already", one, { text: textOf(made(before, hunk)), isRight: equals(textOf(made(before, hunk))) });
  if (hunks.length > 1) add("patch with its parts in the wrong order", wrap(body(hunks.toReversed(), plain)), right);
  return cases;
}

/** All of them, always the same. */
export function editCases(): EditCase[] {
  return changes().flatMap((change) => {
    const single = hunksOf(change, 3).flatMap((_, index) => {
      const hunk = quotable(change, index);
      return hunk ? singleEditCases(change, hunk) : [];
    });
    return [...single, ...severalEditCases(change), ...applyPatchCases(change)];
  });
}
