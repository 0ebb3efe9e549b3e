import { isUtf8 } from "node:buffer";

/**
 * What git prints is bytes: names, and lines of files, need not be UTF-8. Here and on the wire it is text that loses nothing: a byte that is
 * part of no UTF-8 is the replacement character with the byte's two hexadecimal digits after it (`caf\ufffde9.txt`), and so are the three bytes
 * of a replacement character itself. What comes back from clients names the very same file.
 */
const mark = "\ufffd";
const marked = /\ufffd([0-9a-f]{2})/;
const character =
  /(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+|[\x80-\xff]/g;

/** Of output with one character per byte. */
export function exactText(latin1: string): string {
  const bytes = Buffer.from(latin1, "latin1");
  if (isUtf8(bytes)) return withoutMarks(bytes.toString("utf8"));
  return latin1.replace(character, (run) => (run.length === 1 ? markOf(run) : withoutMarks(Buffer.from(run, "latin1").toString("utf8"))));
}
const withoutMarks = (text: string) => text.replaceAll(mark, "\ufffdef\ufffdbf\ufffdbd");
const markOf = (byte: string) => mark + byte.charCodeAt(0).toString(16);

/** The bytes that such a text stands for. */
export const exactBytes = (text: string): Buffer =>
  text.includes(mark)
    ? Buffer.concat(text.split(marked).map((part, i) => Buffer.from(part, i % 2 === 1 ? "hex" : "utf8")))
    : Buffer.from(text, "utf8");

/** Whether a program's arguments can say it. */
export const isPlain = (text: string): boolean => !text.includes(mark);

/** For people to read: what is not UTF-8 is replacement characters. */
export const shown = (text: string): string => (isPlain(text) ? text : exactBytes(text).toString("utf8"));
