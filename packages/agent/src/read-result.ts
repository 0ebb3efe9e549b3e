import { isShortened } from "./truncate.ts";

const maxLineChars = 2_000;
const shortened = (line: string): string => `${line.slice(0, maxLineChars)}… (${line.length - maxLineChars} more characters in this line)`;
const shortenedLine = /… \(\d+ more characters in this line\)$/m;

export const isLongLine = (line: string): boolean => line.length > maxLineChars;
/** A line as `read_file` shows it. */
export const shownLine = (line: string): string => (isLongLine(line) ? shortened(line) : line);

/** What `read_file` says of the lines that it shows, counted from 1. */
export function readMessage(filePath: string, { first, last, total }: { first: number; last: number; total: number }): string {
  if (first === 1 && last === total) return `${filePath}: ${total} lines.`;
  return `${filePath}: lines ${first}-${last} of ${total}.${last < total ? ` Continue with offset ${last + 1}.` : ""}`;
}

/** Whether this result of `read_file`, as the model got it, has all of its file. */
export const isWholeRead = (text: string): boolean =>
  /^.*: \d+ lines\.(\n|$)/.test(text) && !shortenedLine.test(text) && !isShortened(text);
