import type { GitBranch, GitChange, GitCommit, GitFileDiff } from "@tesslate/contract";
import { parseHunks } from "../changes/index.ts";
import { toDisplayText } from "./lossless-text.ts";

export interface ParsedStatus {
  branch: string | undefined;
  sha: string | undefined;
  upstream: string | undefined;
  ahead: number;
  behind: number;
  changes: GitChange[];
}

/** `status --porcelain=v2 -z --branch`. A file changed on both sides of the stage has two entries. */
export function parseStatus(output: string): ParsedStatus {
  const parsed: ParsedStatus = { branch: undefined, sha: undefined, upstream: undefined, ahead: 0, behind: 0, changes: [] };
  const fields = output.split("\0");
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? "";
    const kind = field.charAt(0);
    if (kind === "#") {
      const [, name, ...rest] = field.split(" ");
      const value = rest.join(" ");
      if (name === "branch.head" && value !== "(detached)") parsed.branch = value;
      if (name === "branch.oid" && value !== "(initial)") parsed.sha = value;
      if (name === "branch.upstream") parsed.upstream = value;
      if (name === "branch.ab") [parsed.ahead = 0, parsed.behind = 0] = rest.map((n) => Math.abs(Number(n)));
    } else if (kind === "1" || kind === "2") {
      const [, xy = ".."] = field.split(" ");
      // 8 fields before the path, and one more for a rename.
      const path = field
        .split(" ")
        .slice(kind === "1" ? 8 : 9)
        .join(" ");
      const old_path = kind === "2" ? fields[++i] : undefined;
      const [staged = ".", unstaged = "."] = xy;
      if (staged !== ".") parsed.changes.push(changeOf(path, staged, true, old_path));
      if (unstaged !== ".") parsed.changes.push(changeOf(path, unstaged, false, old_path));
    } else if (kind === "u") parsed.changes.push({ path: field.split(" ").slice(10).join(" "), status: "U", staged: false });
    else if (kind === "?") parsed.changes.push({ path: field.slice(2), status: "??", staged: false });
  }
  return parsed;
}
function changeOf(path: string, code: string, staged: boolean, old_path: string | undefined): GitChange {
  const status = code === "A" || code === "D" || code === "R" ? code : code === "C" ? "A" : "M";
  return { path, ...(status === "R" && old_path !== undefined && { old_path }), status, staged };
}

export const branchFormat = ["%(refname)", "%(objectname)", "%(upstream)", "%(upstream:track)", "%(HEAD)", "%(symref)"].join("%00");
/** `for-each-ref` with `branchFormat`; omits a remote's symbolic `HEAD`. */
export function parseBranches(output: string): GitBranch[] {
  return output
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [ref = "", sha = "", upstream = "", track = "", head = "", symref = ""] = line.split("\0");
      if (symref !== "") return [];
      const remote = ref.startsWith("refs/remotes/");
      return [
        {
          name: shortOf(ref),
          current: head === "*",
          remote,
          sha,
          upstream: upstream === "" ? null : shortOf(upstream),
          ahead: Number(/ahead (\d+)/.exec(track)?.[1] ?? 0),
          behind: Number(/behind (\d+)/.exec(track)?.[1] ?? 0),
        },
      ];
    });
}

/** Not git's short form, which differs when a tag has the same name. */
const shortOf = (ref: string) => ref.replace(/^refs\/(heads|remotes)\//, "");

/** Fields are NUL-separated. The date as a number: git's formatted date breaks for years beyond four digits. */
const logFields = ["%H", "%an", "%ae", "%ct", "%P", "%D", "%B"];
export const logShape = [
  "log",
  "-z",
  "--decorate=short",
  `--format=${logFields.join("%x00")}`,
  ...["heads", "remotes", "tags"].map((kind) => `--decorate-refs=refs/${kind}`),
];
/** Parses the output of a `logShape`. */
export function parseLog(output: string): GitCommit[] {
  const fields = output.split("\0");
  const commits: GitCommit[] = [];
  for (let at = 0; at + logFields.length <= fields.length; at += logFields.length) {
    const [sha = "", author = "", email = "", seconds = "", parents = "", refs = "", message = ""] = fields.slice(at);
    commits.push({
      sha,
      author: toDisplayText(author),
      email: toDisplayText(email),
      date: dateOf(seconds),
      message: toDisplayText(message).trim(),
      parents: parents.split(" ").filter(Boolean),
      refs: refs.split(", ").filter((ref) => ref !== "" && !ref.endsWith("/HEAD")),
    });
  }
  return commits;
}
/** A commit can contain any time or none; invalid dates become 1970, as git shows them. */
function dateOf(seconds: string): string {
  const ms = Number(seconds) * 1000;
  return new Date(ms >= Date.UTC(1, 0) && ms < Date.UTC(10_000, 0) ? ms : 0).toISOString();
}

/** One file of a diff, with a patch that `git apply` accepts. */
export interface ParsedFileDiff extends GitFileDiff {
  /** The lines before the first hunk. */
  head: string;
}
/** `diff --raw -z` for names, then `diff --patch` for changes: both list the same files in the same order. */
export function parseDiff(raw: string, patch: string): ParsedFileDiff[] {
  const entries: { path: string; old_path?: string; status: GitFileDiff["status"] }[] = [];
  const fields = raw.split("\0");
  for (let i = 0; i < fields.length; i++) {
    const code = /^:\d+ \d+ \S+ \S+ ([A-Z])/.exec(fields[i] ?? "")?.[1];
    if (!code) continue;
    const first = fields[++i] ?? "";
    if (code === "R" || code === "C") entries.push({ old_path: first, path: fields[++i] ?? "", status: code === "R" ? "R" : "A" });
    else entries.push({ path: first, status: code === "A" || code === "D" || code === "U" ? code : "M" });
  }
  // Content lines always start with a sign. Split at git's line ends only, not at Unicode's.
  const sections = new Map(
    patch
      .split(/(?<=^|\n)(?=diff --git |diff --cc |\* Unmerged path )/)
      .filter(Boolean)
      .map((section) => [section.slice(0, section.indexOf("\n")), section]),
  );
  // Unmerged files are listed twice in the raw form when they also differ from our side.
  const unique = entries.filter((entry, i) => entries.findIndex((other) => other.path === entry.path) === i);
  return unique.map((entry) => {
    const section =
      sections.get(`diff --git ${quoted(`a/${entry.old_path ?? entry.path}`)} ${quoted(`b/${entry.path}`)}`) ??
      sections.get(`diff --cc ${quoted(entry.path)}`) ??
      "";
    const at = section.search(/^@@ /m);
    const hunks = at < 0 ? [] : parseHunks(entry.path, section.slice(at));
    return {
      ...entry,
      head: at < 0 ? section : section.slice(0, at),
      is_binary: /^(Binary files|GIT binary patch)/m.test(at < 0 ? section : ""),
      is_too_large: false,
      ...countsOf(hunks),
      hunks: hunks.map(({ id, old_start, old_lines, new_start, new_lines, section, lines }) => ({
        id,
        old_start,
        old_lines,
        new_start,
        new_lines,
        section,
        lines,
      })),
    };
  });
}
/** How git quotes a name with quotes, backslashes or control characters. */
const quoted = (path: string): string => {
  // oxlint-disable-next-line no-control-regex
  if (!/["\\\0-\x1f\x7f]/.test(path)) return path;
  const named: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  // oxlint-disable-next-line no-control-regex
  return `"${path.replace(/["\\\0-\x1f\x7f]/g, (c) => named[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
};

export function countsOf(hunks: readonly { lines: readonly string[] }[]): { additions: number; deletions: number } {
  let additions = 0;
  let deletions = 0;
  for (const { lines } of hunks)
    for (const line of lines) {
      if (line.startsWith("+")) additions++;
      if (line.startsWith("-")) deletions++;
    }
  return { additions, deletions };
}
