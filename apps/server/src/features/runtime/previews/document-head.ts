import { Transform } from "node:stream";

const lookaheadBytes = 64 * 1024;

/**
 * Where a script must be inserted to run before everything else in an HTML document: behind `<head …>`, else before the first thing
 * that would open the head implicitly. `undefined` while the text so far does not say. Doctype, comments, `<html …>` and blanks are stepped over.
 */
export function headPosition(text: string): number | undefined {
  // Bytes read as latin1: a UTF-8 byte order mark is these three characters.
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

/** The position behind the `>` of the tag that begins at `start`; quotes may hold a `>`. */
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

/** A stream that inserts `markup` (ASCII) at the head of an HTML document and holds back nothing more than it must. */
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
      // latin1 keeps one character per byte, so positions hold for every encoding that contains ASCII.
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
