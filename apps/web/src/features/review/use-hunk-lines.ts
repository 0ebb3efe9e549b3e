import { useQuery } from "@tanstack/react-query";
import type { DiffHunk } from "@tesslate/contract";
import { useMemo } from "react";
import { highlight, type Token } from "./highlight.ts";
import { linesOf, type HunkLine } from "./review.ts";

/** The lines of a hunk, and their syntax colors once the language is loaded. */
export function useHunkLines(path: string, hunk: DiffHunk): { lines: HunkLine[]; tokens: readonly (readonly Token[])[] | undefined } {
  const lines = useMemo(() => linesOf(hunk), [hunk]);
  const sum = useMemo(() => checksumOf(hunk.lines), [hunk]);
  const tokens = useQuery({
    queryKey: ["hunk-tokens", path, sum],
    queryFn: async () => (await highlight(path, lines)) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
  return { lines, tokens: tokens.data ?? undefined };
}

/** Distinguishes the hunks of one page in the query key. */
function checksumOf(lines: readonly string[]): string {
  let sum = 0;
  let length = 0;
  for (const line of lines) {
    for (let at = 0; at < line.length; at++) sum = (Math.imul(sum, 31) + line.charCodeAt(at)) | 0;
    length += line.length + 1;
  }
  return `${length}:${sum}`;
}
