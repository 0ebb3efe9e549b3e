/** A problem that a checker found. `file` is the path as the checker prints it. */
export interface Problem {
  file: string;
  /** From 1. */
  line: number;
  code: string;
  message: string;
}

/** Reads the output of a checker. Undefined when it is not what the checker prints. */
export type ProblemParser = (stdout: string, stderr: string) => Problem[] | undefined;

/** `src/a.ts(3,7): error TS2322: …` */
export const parseTsc: ProblemParser = (stdout) =>
  linesWith(/^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/, stdout, ([, file, line, code, message]) => problemOf(file, line, code, message));

/** `src/a.ts:1:7: … [Warning/eslint(no-unused-vars)]` */
export const parseOxlint: ProblemParser = (stdout) =>
  linesWith(/^(.+?):(\d+):\d+: (.*) \[\w+\/(.+)\]$/, stdout, ([, file, line, message, code]) => problemOf(file, line, code, message));

/** `a.py:1:8: F401 …` */
export const parseRuff: ProblemParser = (stdout) =>
  linesWith(/^(.+?\.pyi?):(\d+):\d+: (\S+?):? (.*)$/, stdout, ([, file, line, code, message]) => problemOf(file, line, code, message));

/** The errors of the interpreter: `File "a.py", line 3`, the line, and `SyntaxError: …`. */
export const parsePyCompile: ProblemParser = (stdout, stderr) =>
  [...`${stdout}\n${stderr}`.matchAll(/File "(.+?)", line (\d+)[\s\S]*?^(?:Sorry: )?(\w+Error): (.*)$/gm)].map(
    ([, file, line, code, message]) => problemOf(file, line, code, message),
  );

/** ESLint's `json`: errors only, because warnings are what a project tolerates. */
export const parseEslint: ProblemParser = (stdout) => {
  const results = jsonOf(stdout);
  if (!Array.isArray(results)) return undefined;
  return (results as EslintResult[]).flatMap(({ filePath, messages }) =>
    messages
      .filter(({ severity }) => severity === 2)
      .map(({ line, ruleId, message }) => ({ file: filePath, line: line ?? 1, code: ruleId ?? "error", message })),
  );
};
interface EslintResult {
  filePath: string;
  messages: { line?: number; ruleId: string | null; severity: number; message: string }[];
}

/** pyright's `--outputjson`, whose lines count from 0. */
export const parsePyright: ProblemParser = (stdout) => {
  const report = jsonOf(stdout) as { generalDiagnostics?: PyrightProblem[] } | undefined;
  return report?.generalDiagnostics
    ?.filter(({ severity }) => severity === "error")
    .map(({ file, range, rule, message }) => ({ file, line: (range?.start.line ?? 0) + 1, code: rule ?? "error", message }));
};
interface PyrightProblem {
  file: string;
  severity: string;
  message: string;
  rule?: string;
  range?: { start: { line: number } };
}

const problemOf = (file = "", line = "1", code = "", message = ""): Problem => ({ file, line: Number(line), code, message });

function linesWith(pattern: RegExp, text: string, read: (match: RegExpExecArray) => Problem): Problem[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = pattern.exec(line);
    return match ? [read(match)] : [];
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
