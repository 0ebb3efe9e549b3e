import { isUtf8 } from "node:buffer";

/**
 * git output is bytes: names and file lines need not be UTF-8. Here and in the API it is lossless text: a byte that is not valid UTF-8
 * becomes the replacement character followed by its two hex digits (`caf\ufffde9.txt`), and so do the three bytes of a replacement
 * character itself. Clients can send names back unchanged.
 */
const mark = "\ufffd";
const marked = /\ufffd([0-9a-f]{2})/;
const character =
  /(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+|[\x80-\xff]/g;

/** Decodes output with one character per byte. */
export function decodeLossless(latin1: string): string {
  const bytes = Buffer.from(latin1, "latin1");
  if (isUtf8(bytes)) return withoutMarks(bytes.toString("utf8"));
  return latin1.replace(character, (run) => (run.length === 1 ? markOf(run) : withoutMarks(Buffer.from(run, "latin1").toString("utf8"))));
}
const withoutMarks = (text: string) => text.replaceAll(mark, "\ufffdef\ufffdbf\ufffdbd");
const markOf = (byte: string) => mark + byte.charCodeAt(0).toString(16);

/** The bytes of lossless text. */
export const encodeLossless = (text: string): Buffer =>
  text.includes(mark)
    ? Buffer.concat(text.split(marked).map((part, i) => Buffer.from(part, i % 2 === 1 ? "hex" : "utf8")))
    : Buffer.from(text, "utf8");

/** Whether the text can be passed as a program argument. */
export const isUtf8Text = (text: string): boolean => !text.includes(mark);

/** For display: invalid bytes are replacement characters. */
export const toDisplayText = (text: string): string => (isUtf8Text(text) ? text : encodeLossless(text).toString("utf8"));
