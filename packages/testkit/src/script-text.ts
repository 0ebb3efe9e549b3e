import {
  afterwards,
  call,
  disconnect,
  fail,
  finish,
  garbage,
  hang,
  malformed,
  nextMessage,
  pause,
  say,
  script,
  think,
  turn,
  usage,
  when,
  type Arguments,
  type FinishReason,
  type Script,
  type ScriptItem,
} from "./script.ts";

/**
 * Reads the text form of a script:
 *
 * ````
 * Prose before the first heading is for people.
 *
 * # when /counter/i
 *
 * ## turn
 * say: I'll look at what is there.
 * call read_file src/App.tsx
 *
 * ## turn
 * say: Now the component.
 * call write_file src/Counter.tsx
 * ```tsx
 * export function Counter() { … }
 * ```
 * call edit_file src/App.tsx
 * ```search
 * <main />
 * ```
 * ```replace
 * <main><Counter /></main>
 * ```
 *
 * ## turn
 * say: Done.
 *
 * ## message: what follows answers the person's next message
 *
 * # otherwise
 * …
 * # afterwards
 * …
 * ````
 *
 * Lines of a turn: `say: …` and `think: …` (they continue on the following lines), `call NAME [ARGUMENT]` with fenced blocks,
 * `malformed NAME` with a fenced block, `pause MS`, `usage input=N output=N [cached=N]`, `finish length`. Faults follow
 * `## fail 429 retry-after=1`, `## disconnect after=5`, `## hang [after=5]` and `## garbage` with a fenced block, all with an optional `times=N`.
 * A fence is as long as its first line, so a longer one can hold shorter ones. Throws with the line's number on unknown syntax.
 */
export function parseScript(text: string): Script {
  const items: ScriptItem[] = [];
  let target = items;
  for (const { line, heading, body } of sectionsOf(text)) {
    const [, level, word, rest = ""] = /^(#{1,2}) (\w+)(?:[: ]\s*(.*))?$/.exec(heading) ?? [];
    if (level === "#" && word === "when") {
      target = [];
      items.push(when(patternOf(rest, line), target));
    } else if (level === "#" && word === "otherwise") target = items;
    else if (level === "#" && word === "afterwards") items.push(afterwards((target = [])));
    else if (level === "##" && word === "message") target.push(nextMessage());
    else if (level === "##" && word === "turn") target.push(turn(...partsOf(body)));
    else if (level === "##") target.push(faultOf(word ?? "", rest, body, line));
    else throw problem(line, `unknown heading "${heading}"`);
  }
  return script(items);
}

interface Line {
  number: number;
  text: string;
}
interface Section {
  line: number;
  heading: string;
  body: Line[];
}

const problem = (line: number, message: string) => new Error(`script line ${line}: ${message}`);
const fenceOf = (text: string) => /^(`{3,})(.*)$/.exec(text);

/** Cuts at headings, but not inside fences. Text before the first heading is prose. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  let fence: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const number = index + 1;
    const isHeading = fence === undefined && /^#{1,2} /.test(line);
    if (isHeading) {
      sections.push({ line: number, heading: line.trimEnd(), body: [] });
      continue;
    }
    const marks = fenceOf(line)?.[1];
    if (fence === undefined && marks) fence = marks;
    else if (fence !== undefined && line.trimEnd() === fence) fence = undefined;
    sections.at(-1)?.body.push({ number, text: line });
  }
  if (fence !== undefined) throw new Error("script: a fence is never closed");
  return sections;
}

const directive = /^(say:|think:|call [a-z_]+|malformed [a-z_]+|pause \d|usage |finish )/;

function partsOf(body: Line[]): ScriptItem[] {
  const parts: ScriptItem[] = [];
  let at = 0;
  /** The lines of this directive: up to the next one outside a fence. */
  const take = (): Line[] => {
    const taken: Line[] = [];
    let fence: string | undefined;
    for (; at < body.length; at++) {
      const line = body[at]!;
      if (fence === undefined && directive.test(line.text)) break;
      if (fence === undefined) fence = fenceOf(line.text)?.[1];
      else if (line.text.trimEnd() === fence) fence = undefined;
      taken.push(line);
    }
    return taken;
  };
  const before = take().find((line) => line.text.trim() !== "");
  if (before) throw problem(before.number, `expected say:, call …, not "${before.text}"`);
  while (at < body.length) {
    const { number, text } = body[at++]!;
    const following = take();
    const [, word = "", rest = ""] = /^(\w+):?\s*(.*)$/.exec(text) ?? [];
    if (word === "say" || word === "think") {
      const prose = [rest, ...following.map((line) => line.text)].join("\n").trim();
      parts.push(word === "say" ? say(prose) : think(prose));
      continue;
    }
    const fences = fencesOf(following);
    const [name = "", ...more] = rest.split(" ");
    if (word === "call") parts.push(call(name, argumentsOf(name, more.join(" ").trim(), fences, number)));
    else if (word === "malformed") parts.push(malformed(name, (fences[0]?.body ?? "").trimEnd()));
    else if (word === "pause") parts.push(pause(Number(name)));
    else if (word === "finish") parts.push(finish(name as FinishReason));
    else if (word === "usage") {
      const { input, output, cached } = numbersOf(rest, number);
      parts.push(usage({ input: input ?? 0, output: output ?? 0, cached }));
    }
  }
  return parts;
}

interface Fence {
  info: string;
  /** With the last line's newline. */
  body: string;
}

function fencesOf(lines: Line[]): Fence[] {
  const fences: Fence[] = [];
  let open: { marks: string; info: string; lines: string[] } | undefined;
  for (const { number, text } of lines) {
    const fence = fenceOf(text);
    if (open && text.trimEnd() === open.marks) {
      fences.push({ info: open.info, body: open.lines.map((line) => `${line}\n`).join("") });
      open = undefined;
    } else if (open) open.lines.push(text);
    else if (fence) open = { marks: fence[1]!, info: fence[2]!.trim(), lines: [] };
    else if (text.trim() !== "") throw problem(number, `"${text}" is outside a fence`);
  }
  return fences;
}

/** What the word after a tool's name and the block below it mean; every other tool takes its arguments as JSON. */
const shorthands: Record<string, { argument: string; body?: string }> = {
  read_file: { argument: "file_path" },
  write_file: { argument: "file_path", body: "content" },
  list_dir: { argument: "path" },
  glob: { argument: "pattern" },
  grep: { argument: "pattern" },
  run_command: { argument: "command" },
};

function argumentsOf(name: string, argument: string, fences: Fence[], line: number): Arguments {
  const json = fences.find((fence) => fence.info === "json");
  if (name === "edit_file") return { file_path: argument, edits: editsOf(fences, line) };
  if (name === "apply_patch") return { patch: fences[0]?.body ?? "" };
  const shorthand = shorthands[name];
  if (shorthand?.body) {
    if (fences.length !== 1) throw problem(line, `${name} takes one fenced block`);
    return { [shorthand.argument]: argument, [shorthand.body]: fences[0]!.body };
  }
  const given = json ? jsonOf(json.body, line) : {};
  if (argument === "") return given;
  if (!shorthand) throw problem(line, `${name} takes its arguments as a json block`);
  return { [shorthand.argument]: argument, ...given };
}

function editsOf(fences: Fence[], line: number): { search: string; replace: string }[] {
  const edits: { search: string; replace: string }[] = [];
  for (let at = 0; at < fences.length; at += 2) {
    const [search, replace] = [fences[at], fences[at + 1]];
    if (search?.info !== "search" || replace?.info !== "replace") throw problem(line, "expected a search block and then a replace block");
    edits.push({ search: search.body, replace: replace.body });
  }
  return edits;
}

function jsonOf(text: string, line: number): Arguments {
  try {
    return JSON.parse(text) as Arguments;
  } catch (error) {
    throw problem(line, `the json block cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function patternOf(text: string, line: number): RegExp {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(text.trim()) ?? [];
  if (source === undefined) throw problem(line, `expected /pattern/, not "${text}"`);
  return new RegExp(source, flags);
}

/** `after=5 times=2`: numbers only. */
function numbersOf(text: string, line: number): Record<string, number | undefined> {
  const numbers: Record<string, number> = {};
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, key, value] = /^([a-z-]+)=(\d+(?:\.\d+)?)$/.exec(word) ?? [];
    if (key === undefined) throw problem(line, `expected name=number, not "${word}"`);
    numbers[key] = Number(value);
  }
  return numbers;
}

function faultOf(word: string, rest: string, body: Line[], line: number): ScriptItem {
  const [first = "", ...others] = rest.split(/\s+/);
  const settings = numbersOf(word === "fail" ? others.join(" ") : rest, line);
  const { after, times } = settings;
  switch (word) {
    case "fail":
      return fail(Number(first), { retryAfter: settings["retry-after"], afterTokens: after, times });
    case "disconnect":
      return disconnect({ afterTokens: after, times });
    case "hang":
      return hang({ afterTokens: after, times });
    case "garbage":
      return garbage((fencesOf(body)[0]?.body ?? "").trimEnd(), { times });
    default:
      throw problem(line, `unknown heading "## ${word}"`);
  }
}
