import { Transform } from "node:stream";

const lookaheadBytes = 64 * 1024;

/**
 * Where a script must be inserted to run first in an HTML document: after `<head …>`, otherwise before the first element that would open
 * the head implicitly. `undefined` while the text so far is not sufficient. Doctype, comments, `<html …>` and whitespace are skipped.
 */
export function headPosition(text: string): number | undefined {
  // A UTF-8 byte order mark, read as latin1.
  const mark = "\u00ef\u00bb\u00bf";
  if (text.length < mark.length && mark.startsWith(text)) return undefined;
  let at = text.startsWith(mark) ? mark.length : 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at++;
    const rest = text.slice(at, at + 10).toLowerCase();
    if (rest === "") return undefined;
    if (!rest.startsWith("<")) return at;
    if (rest.startsWith("<!--")) {
      const end = text.indexOf("-->", at + 4);
      if (end < 0) return undefined;
      at = end + 3;
    } else if (rest.startsWith("<!") || rest.startsWith("<?")) {
      // `<!-` may still become a comment.
      if (rest.length < 4) return undefined;
      const end = text.indexOf(">", at);
      if (end < 0) return undefined;
      at = end + 1;
    } else if (/^<(?:html|head)[\s/>]/.test(rest)) {
      const end = tagEnd(text, at);
      if (end === undefined) return undefined;
      at = end;
      if (rest.startsWith("<head")) return at;
    } else return "<html".startsWith(rest) || "<head".startsWith(rest) || rest === "<html" || rest === "<head" ? undefined : at;
  }
}

/** The position after the `>` of the tag that begins at `start`; quoted attributes may contain `>`. */
function tagEnd(text: string, start: number): number | undefined {
  let quote = "";
  for (let i = start; i < text.length; i++) {
    const c = text[i] ?? "";
    if (quote) {
      if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === ">") return i + 1;
  }
  return undefined;
}

/** A stream that inserts `markup` (ASCII) at the head of an HTML document and buffers as little as possible. */
export function injectAtHead(markup: string): Transform {
  let held: Buffer | undefined = Buffer.alloc(0);
  const insert = (bytes: Buffer, position: number) =>
    Buffer.concat([bytes.subarray(0, position), Buffer.from(markup, "latin1"), bytes.subarray(position)]);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!held) {
        done(null, chunk);
        return;
      }
      held = Buffer.concat([held, chunk]);
      // latin1 keeps one character per byte, so positions are valid for any ASCII-compatible encoding.
      const position = headPosition(held.toString("latin1")) ?? (held.length > lookaheadBytes ? 0 : undefined);
      if (position === undefined) {
        done();
        return;
      }
      const out = insert(held, position);
      held = undefined;
      done(null, out);
    },
    flush(done) {
      if (held && held.length > 0) this.push(insert(held, held.length));
      done();
    },
  });
}
