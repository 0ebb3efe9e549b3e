import { RuntimeError } from "../errors.ts";
import type { Git } from "./git.ts";
import { undoIgnored } from "./ignored.ts";
import { ofShown, shown, spell, toBytes, unspell, type BytePath } from "./names.ts";
import type { ChangedFile, CompareOptions, Comparison } from "./types.ts";

const compareMs = 20_000;
/** Limit of git's output; files beyond it have no patch. */
const readBytes = 8 * 2 ** 20;

interface Raw {
  path: BytePath;
  oldPath?: BytePath;
  status: string;
}

/** Compares two git trees. Content of `.git` folders is omitted, because it changes constantly. */
export async function compareTrees(
  git: Git,
  from: string,
  end: string,
  { scratch, ...options }: CompareOptions & { scratch: string },
): Promise<Comparison> {
  const { path, withoutIgnored = false, maxPatchBytes = 512 * 1024, maxFiles = 1000, signal: given } = options;
  const timeout = AbortSignal.timeout(compareMs);
  const signal = given ? AbortSignal.any([given, timeout]) : timeout;
  const to = withoutIgnored ? await undoIgnored(git, from, end, { folder: scratch, signal }) : end;
  const where = [path === undefined ? "." : `:(literal)${toBytes(spell(ofShown(path))).toString("latin1")}`, ":(exclude,glob)**/.git%/**"];
  const common = ["diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color"];
  const facts = await git.run([...common, "-z", "--raw", "--numstat", from, to, "--", ...asArguments(where)], { signal });
  const { entries, counts } = parseFacts(facts);
  const listed = entries.slice(0, maxFiles);
  const patches =
    listed.length === 0 || maxPatchBytes === 0
      ? []
      : await readPatches(git, [...common, "-p", from, to, "--", ...asArguments(where)], entries, signal);
  let budget = maxPatchBytes;
  const files = listed.map((entry, i): ChangedFile => {
    const { additions = 0, deletions = 0, isBinary = false } = counts.get(entry.path) ?? {};
    const patch = patches[i];
    const fits = patch !== undefined && patch !== "" && patch.length <= budget;
    if (fits) budget -= patch.length;
    return {
      path: shown(unspell(entry.path)),
      ...(entry.oldPath !== undefined && { oldPath: shown(unspell(entry.oldPath)) }),
      status: statuses[entry.status.charAt(0)] ?? "modified",
      additions,
      deletions,
      isBinary,
      ...(fits && { patch: Buffer.from(patch, "latin1").toString("utf8") }),
    };
  });
  const sum = (of: (count: Count) => number) => [...counts.values()].reduce((total, count) => total + of(count), 0);
  return { files, totalFiles: entries.length, additions: sum((c) => c.additions), deletions: sum((c) => c.deletions) };
}

const statuses: Record<string, ChangedFile["status"]> = { A: "added", D: "deleted", R: "renamed" };
/** Arguments leave this process as UTF-8; what was not valid UTF-8 in the first place cannot be requested. */
const asArguments = (paths: readonly BytePath[]) => paths.map(shown);

interface Count {
  additions: number;
  deletions: number;
  isBinary: boolean;
}

/** `--raw --numstat -z`: all lines of one kind, then of the other. */
function parseFacts(text: string): { entries: Raw[]; counts: Map<BytePath, Count> } {
  const fields = text.split("\0");
  const entries: Raw[] = [];
  const counts = new Map<BytePath, Count>();
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? "";
    if (field.startsWith(":")) {
      const status = field.split(" ")[4] ?? "M";
      const first = fields[++i] ?? "";
      if (status.startsWith("R")) entries.push({ status, oldPath: first, path: fields[++i] ?? "" });
      else entries.push({ status, path: first });
    } else if (field !== "") {
      const [added = "", removed = "", inline = ""] = field.split("\t");
      let path = inline;
      if (path === "") {
        i += 2;
        path = fields[i] ?? "";
      }
      counts.set(path, { additions: Number(added) || 0, deletions: Number(removed) || 0, isBinary: added === "-" });
    }
  }
  return { entries: entries.filter((entry) => !entry.path.endsWith("/.git%:empty")), counts: withoutMarks(counts) };
}
function withoutMarks(counts: Map<BytePath, Count>) {
  for (const path of counts.keys()) if (path.endsWith("/.git%:empty")) counts.delete(path);
  return counts;
}

/** One patch per entry, in order; fewer entries when the output was truncated. */
async function readPatches(git: Git, args: string[], entries: readonly Raw[], signal: AbortSignal): Promise<(string | undefined)[]> {
  const { child, ended } = git.start(args);
  const stop = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  child.stdin.end();
  const chunks: Buffer[] = [];
  let length = 0;
  let isCut = false;
  try {
    for await (const chunk of child.stdout) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > readBytes) {
        isCut = true;
        break;
      }
    }
    if (!isCut) await ended;
  } catch (error) {
    if (signal.aborted) throw new RuntimeError("aborted", "Comparing took too long.", { cause: error });
    throw error;
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
  // Patch lines begin with a sign, so this can only be a header.
  const sections = `\n${Buffer.concat(chunks).toString("latin1")}`.split("\ndiff --git ").slice(1);
  const whole = isCut ? sections.slice(0, -1) : sections;
  const byName = sectionsByName(whole);
  return entries.map((entry) => byName.get(entry.path));
}

/** Patches from the first hunk on, by the new name, or the old name for a deletion. */
function sectionsByName(sections: readonly string[]): Map<BytePath, string> {
  const found = new Map<BytePath, string>();
  for (const section of sections) {
    const start = section.startsWith("@@") ? 0 : section.indexOf("\n@@ ") + 1;
    if (start === 0) continue;
    const head = section.slice(0, start);
    const name = nameIn(head, "+++ ", "b/") ?? nameIn(head, "--- ", "a/");
    const body = section.slice(start);
    // A file replaced by a link is a deletion and an addition.
    if (name !== undefined) found.set(name, `${found.get(name) ?? ""}${found.has(name) ? "\n" : ""}${body}`);
  }
  return found;
}
function nameIn(head: string, mark: string, prefix: string): BytePath | undefined {
  const line = head.split("\n").find((l) => l.startsWith(mark));
  const given = line?.slice(mark.length).replace(/\t$/, "");
  if (given === undefined || given === "/dev/null") return undefined;
  const name = given.startsWith('"') ? unquote(given) : given;
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
/** Git's C style: `"a\tb\303\244"`. */
function unquote(text: string): BytePath {
  const letters: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", v: "\v", f: "\f", '"': '"', "\\": "\\" };
  return text.slice(1, -1).replace(/\\([0-7]{3}|.)/g, (_, code: string) => letters[code] ?? String.fromCharCode(Number.parseInt(code, 8)));
}
