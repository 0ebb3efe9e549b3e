import type { FoundCall } from "./find-calls.ts";

export interface FileBlockReader {
  /** Text of the reply outside of files. */
  push(delta: string): string;
  /** Files as `write_file` calls, in order; the first of a path wins. */
  end(): { text: string; calls: FoundCall[]; paths: string[] };
}

const maxPathChars = 200;
const maxFenceLineChars = 1_000;
const pathPattern = /^[\w./-]+\.\w+$/;
const markers = [
  /^\/\/\s*File:\s*(\S+)\s*$/i,
  /^#\s*File:\s*(\S+)\s*$/i,
  /^<!--\s*File:\s*(\S+)\s*-->\s*$/i,
  /^\/\*\s*File:\s*(\S+)\s*\*\/\s*$/i,
  /^(\S+)$/,
];

/** The path in a block's first line; undefined for an ordinary code block. */
export function markedPath(line: string): string | undefined {
  for (const marker of markers) {
    const path = marker.exec(line.trim())?.[1]?.replace(/^\.\//, "");
    if (
      path !== undefined &&
      path.length < maxPathChars &&
      pathPattern.test(path) &&
      !path.split("/").includes("..") &&
      !path.startsWith("/")
    )
      return path;
  }
  return undefined;
}

/** Parses replies of a StreamAgent: code blocks that start with a file marker become files, everything else is shown. */
export function createFileBlockReader(): FileBlockReader {
  const files = new Map<string, FoundCall>();
  let line = "";
  let shown = "";
  /** The open block: its fence, its opening line, and the file's lines once the first one named a path. */
  let block: { fence: string; opening: string; path?: string; lines: string[]; nested: number } | undefined;

  const take = (text: string): void => {
    if (!block) {
      const fence = /^[ \t]*(`{3,}|~{3,})([^`]*)$/.exec(text)?.[1];
      if (fence === undefined) {
        shown += text;
        return;
      }
      block = { fence, opening: text, lines: [], nested: 0 };
      return;
    }
    const bare = text.trim();
    const isFence = bare.startsWith(block.fence) && /^[`~]+$/.test(bare);
    if (isFence && block.nested > 0) block.nested--;
    else if (isFence) {
      close(block.path !== undefined, text);
      return;
    } else if (block.path !== undefined && /\.mdx?$/.test(block.path) && bare.startsWith(block.fence)) block.nested++;
    if (block.path !== undefined) block.lines.push(text);
    else if (block.opening !== "") {
      const path = markedPath(bare);
      if (path === undefined) {
        shown += block.opening + text;
        block.opening = "";
      } else block.path = path;
    } else shown += text;
  };
  const close = (isFile: boolean, text: string): void => {
    if (!block) return;
    if (isFile) save(block.path!, block.lines.join(""), undefined);
    else shown += block.opening + text;
    block = undefined;
  };
  const save = (path: string, content: string, problem: string | undefined): void => {
    if (files.has(path)) return;
    const call: FoundCall = { name: "write_file", arguments: JSON.stringify({ file_path: path, content }), repairs: new Set() };
    files.set(path, problem === undefined ? call : { ...call, problem });
  };
  const taken = (): string => {
    const text = shown;
    shown = "";
    return text;
  };

  return {
    push(delta) {
      // Searches only new text, because a file may be one long line.
      let from = 0;
      for (let at = delta.indexOf("\n"); at !== -1; at = delta.indexOf("\n", from)) {
        take(line + delta.slice(from, at + 1));
        line = "";
        from = at + 1;
      }
      line += delta.slice(from);
      // A line that cannot become a fence is shown at once.
      if (!block && line !== "" && (line.length > maxFenceLineChars || !/^[ \t]*([`~]{0,2}$|```|~~~)/.test(line))) {
        shown += line;
        line = "";
      }
      return taken();
    },
    end() {
      if (line !== "") take(line);
      line = "";
      if (block?.path !== undefined) save(block.path, "", "the reply ended in the middle of the file");
      else if (block) shown += block.opening;
      block = undefined;
      return { text: taken(), calls: [...files.values()], paths: [...files.keys()] };
    },
  };
}
