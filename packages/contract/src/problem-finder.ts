/** An error reported in a program's output. */
export interface FoundProblem {
  message: string;
  /** `src/App.tsx:12:5`, relative to the project's tree, if known. */
  place: string | undefined;
  /** The printed lines, including the message. */
  lines: string[];
}
/** Reads a program's lines and returns the errors in them. */
export interface ProblemFinder {
  push(line: string): FoundProblem[];
  /** No further lines: completes the current error. */
  flush(): FoundProblem[];
}

const maxLines = 40;
const rememberedLines = 8;
const maxMessage = 500;
/** Longer lines are data, not messages. */
const longestLine = 2000;

// oxlint-disable-next-line no-control-regex
const colors = /\u001b\[[0-9;?]*[A-Za-z]/g;
/** The line without ANSI escape sequences. */
export const withoutColors = (line: string): string => line.replace(colors, "");

/** Single-line errors: TypeScript and Go. */
const wholeRules: { rule: RegExp; place: [path: number, line: number, column: number]; message: number }[] = [
  { rule: /^(\S+\.[cm]?[jt]sx?)[(:](\d+)[,:](\d+)\)?\s*[-:]\s*(error\s+TS\d+: .+)$/, place: [1, 2, 3], message: 4 },
  { rule: /^(\S+\.go):(\d+):(\d+): (.+)$/, place: [1, 2, 3], message: 4 },
];
/** First line of an error: build tools, then thrown errors. */
const headRules = [
  /^.*\[vite\].*?(?:[Ee]rror): (.+)$/,
  /^[✘×X] \[ERROR\] (.+)$/,
  /^\s*⨯ (.+)$/,
  /^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: .+)$/,
];
const pythonHead = /^Traceback \(most recent call last\):$/;
const pythonEnd = /^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*)$/;
/** Locations in the formats of common tools. */
const locationRules = [
  /^\s+at .*?\(?((?:file:\/\/)?[^\s()]+?):(\d+):(\d+)\)?$/,
  /^\s*File: (\S+?):(\d+):(\d+)/,
  /^\s+File "([^"]+)", line (\d+)/,
  /^\s*((?:\.\/|\/app\/|file:\/\/\/app\/)?[\w@.[\]/-]+\.\w{1,8}):(\d+)(?::(\d+))?:?$/,
];
/** Lines that continue an error. */
const isContinuation = (line: string): boolean =>
  line.trim() === "" || /^\s/.test(line) || /^\d+\s*[|│]/.test(line) || /^[{}]/.test(line) || locationRules.some((rule) => rule.test(line));

/** `directory`: the program's folder within the tree, "." for its root. */
export function createProblemFinder(directory: string): ProblemFinder {
  const before: string[] = [];
  let current: { message: string; lines: string[]; isPython: boolean } | undefined;

  /** A path relative to the tree; undefined for files outside the project. */
  const own = (path: string): string | undefined => {
    const plain = path.replace(/^file:\/\//, "");
    if (/(^|\/)node_modules\//.test(plain) || /^(node|internal|https?|webpack-internal|<)/.test(plain)) return undefined;
    if (plain.startsWith("/app/")) return plain.slice("/app/".length);
    if (plain.startsWith("/") || plain.startsWith("..")) return undefined;
    const relative = plain.replace(/^\.\//, "");
    return directory === "." ? relative : `${directory}/${relative}`;
  };
  const locationIn = (line: string): string | undefined => {
    for (const rule of locationRules) {
      const match = rule.exec(line);
      const path = match?.[1] === undefined ? undefined : own(match[1]);
      if (match && path !== undefined) return [path, match[2], match[3]].filter(Boolean).join(":");
    }
    return undefined;
  };
  const end = (): FoundProblem[] => {
    const done = current;
    current = undefined;
    if (!done || (done.isPython && done.message === "")) return [];
    while (done.lines.at(-1)?.trim() === "") done.lines.pop();
    const places = done.lines.map(locationIn).filter((place) => place !== undefined);
    // Python prints the innermost frame last; other tools first, or just before the message.
    const place = done.isPython ? places.at(-1) : (places[0] ?? before.map(locationIn).findLast((found) => found !== undefined));
    before.length = 0;
    return [{ message: done.message.slice(0, maxMessage), place, lines: done.lines }];
  };
  const begin = (line: string): FoundProblem[] => {
    for (const { rule, place, message } of wholeRules) {
      const match = rule.exec(line);
      const path = match?.[place[0]] === undefined ? undefined : own(match[place[0]] ?? "");
      if (match && path !== undefined)
        return [
          { message: (match[message] ?? "").slice(0, maxMessage), place: `${path}:${match[place[1]]}:${match[place[2]]}`, lines: [line] },
        ];
    }
    if (pythonHead.test(line)) current = { message: "", lines: [line], isPython: true };
    else {
      const message = headRules.map((rule) => rule.exec(line)?.[1]).find((found) => found !== undefined);
      if (message !== undefined) current = { message, lines: [line], isPython: false };
      else {
        before.push(line);
        if (before.length > rememberedLines) before.shift();
      }
    }
    return [];
  };

  return {
    push(raw) {
      const line = withoutColors(raw.slice(0, longestLine)).trimEnd();
      if (!current) return begin(line);
      if (current.isPython) {
        const last = pythonEnd.exec(line)?.[1];
        current.lines.push(line);
        if (last !== undefined) current.message = last;
        else if (/^\s/.test(line) && current.lines.length < maxLines) return [];
        return end();
      }
      if (isContinuation(line) && current.lines.length < maxLines) {
        current.lines.push(line);
        return [];
      }
      return [...end(), ...begin(line)];
    },
    flush: end,
  };
}
