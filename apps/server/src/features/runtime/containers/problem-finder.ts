/** An error that a program reported in its output. */
export interface FoundProblem {
  message: string;
  /** `src/App.tsx:12:5`, relative to the project's tree, where it is known. */
  place: string | undefined;
  /** What was printed, the message among it. */
  lines: string[];
}
/** Reads a program's lines one by one and gives the errors in them. */
export interface ProblemFinder {
  push(line: string): FoundProblem[];
  /** Nothing came for a while: what was begun is whole. */
  flush(): FoundProblem[];
}

const maxLines = 40;
const rememberedLines = 8;
const maxMessage = 500;
/** What is longer is data, not a message. */
const longestLine = 2000;

// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** One line says it all: TypeScript and Go. */
const wholeRules: { rule: RegExp; place: [path: number, line: number, column: number]; message: number }[] = [
  { rule: /^(\S+\.[cm]?[jt]sx?)[(:](\d+)[,:](\d+)\)?\s*[-:]\s*(error\s+TS\d+: .+)$/, place: [1, 2, 3], message: 4 },
  { rule: /^(\S+\.go):(\d+):(\d+): (.+)$/, place: [1, 2, 3], message: 4 },
];
/** An error begins: build tools, then a thrown error's own name. */
const headRules = [
  /^.*\[vite\].*?(?:[Ee]rror): (.+)$/,
  /^[✘×X] \[ERROR\] (.+)$/,
  /^\s*⨯ (.+)$/,
  /^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?: .+)$/,
];
const pythonHead = /^Traceback \(most recent call last\):$/;
const pythonEnd = /^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*)$/;
/** Where it happened, in the ways the tools write it. */
const placeRules = [
  /^\s+at .*?\(?((?:file:\/\/)?[^\s()]+?):(\d+):(\d+)\)?$/,
  /^\s*File: (\S+?):(\d+):(\d+)/,
  /^\s+File "([^"]+)", line (\d+)/,
  /^\s*((?:\.\/|\/app\/|file:\/\/\/app\/)?[\w@.[\]/-]+\.\w{1,8}):(\d+)(?::(\d+))?:?$/,
];
/** Lines that belong to an error that was begun. */
const isContinuation = (line: string): boolean =>
  line.trim() === "" || /^\s/.test(line) || /^\d+\s*[|│]/.test(line) || /^[{}]/.test(line) || placeRules.some((rule) => rule.test(line));

/** `directory` is the program's folder within the tree, "." for its root. */
export function createProblemFinder(directory: string): ProblemFinder {
  const before: string[] = [];
  let begun: { message: string; lines: string[]; isPython: boolean } | undefined;

  /** A path as the tree knows it; nothing for what is not the project's own. */
  const own = (path: string): string | undefined => {
    const plain = path.replace(/^file:\/\//, "");
    if (/(^|\/)node_modules\//.test(plain) || /^(node|internal|https?|webpack-internal|<)/.test(plain)) return undefined;
    if (plain.startsWith("/app/")) return plain.slice("/app/".length);
    if (plain.startsWith("/") || plain.startsWith("..")) return undefined;
    const relative = plain.replace(/^\.\//, "");
    return directory === "." ? relative : `${directory}/${relative}`;
  };
  const placeIn = (line: string): string | undefined => {
    for (const rule of placeRules) {
      const match = rule.exec(line);
      const path = match?.[1] === undefined ? undefined : own(match[1]);
      if (match && path !== undefined) return [path, match[2], match[3]].filter(Boolean).join(":");
    }
    return undefined;
  };
  const end = (): FoundProblem[] => {
    const done = begun;
    begun = undefined;
    if (!done || (done.isPython && done.message === "")) return [];
    while (done.lines.at(-1)?.trim() === "") done.lines.pop();
    const places = done.lines.map(placeIn).filter((place) => place !== undefined);
    // Python names the innermost place last; everybody else first, or in the lines that came just before.
    const place = done.isPython ? places.at(-1) : (places[0] ?? before.map(placeIn).findLast((found) => found !== undefined));
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
    if (pythonHead.test(line)) begun = { message: "", lines: [line], isPython: true };
    else {
      const message = headRules.map((rule) => rule.exec(line)?.[1]).find((found) => found !== undefined);
      if (message !== undefined) begun = { message, lines: [line], isPython: false };
      else {
        before.push(line);
        if (before.length > rememberedLines) before.shift();
      }
    }
    return [];
  };

  return {
    push(raw) {
      const line = raw.slice(0, longestLine).replace(colours, "").trimEnd();
      if (!begun) return begin(line);
      if (begun.isPython) {
        const last = pythonEnd.exec(line)?.[1];
        begun.lines.push(line);
        if (last !== undefined) begun.message = last;
        else if (/^\s/.test(line) && begun.lines.length < maxLines) return [];
        return end();
      }
      if (isContinuation(line) && begun.lines.length < maxLines) {
        begun.lines.push(line);
        return [];
      }
      return [...end(), ...begin(line)];
    },
    flush: end,
  };
}
