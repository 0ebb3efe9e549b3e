/**
 * Removes what models add to quoted code: a fence, line numbers, blank lines at the ends. Pure. All readings are tried in turn, so that files which
 * contain these are matched too.
 */
export interface Quotation {
  search: string;
  replace: string;
  /** Line numbers were removed; `mixed`: only some lines of the replacement have them, which is ambiguous. */
  isNumbered?: "yes" | "mixed";
}

export function quotations(search: string, replace: string): Quotation[] {
  const all: Quotation[] = [{ search, replace }];
  const add = (next: Quotation | undefined): void => {
    if (next) all.push(next);
  };
  add(withoutFence(all.at(-1)!));
  add(withoutNumbers(all.at(-1)!));
  add(withoutBlankEnds(all.at(-1)!));
  return all;
}

function withoutFence({ search, replace }: Quotation): Quotation | undefined {
  const inner = unfenced(search);
  if (inner === undefined) return undefined;
  return { search: inner, replace: unfenced(replace) ?? replace };
}
function unfenced(text: string): string | undefined {
  return /^\s*(`{3,}|~{3,})[^\n`]*\n([\s\S]*?\n)[^\S\n]*\1\s*$/.exec(text)?.[2];
}

/** `12: code`, `12 | code`, `  12→code`, `12\tcode`. A separator is required, because a number and a space may be the text itself. */
const numbered = /^[^\S\n]*(\d{1,6})(?:[:|→\t]|[^\S\n]+[|│→])/;

function withoutNumbers({ search, replace }: Quotation): Quotation | undefined {
  const numbers = full(search).map((line) => Number(numbered.exec(line)?.[1] ?? Number.NaN));
  if (numbers.length === 0 || numbers.some((number) => Number.isNaN(number))) return undefined;
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!)) return undefined;
  const marked = full(replace).filter((line) => numbered.test(line)).length;
  const stripped = full(search).map((line) => line.replace(numbered, ""));
  // `12: code`: the space belongs to the separator if every line has it and no tab follows the number.
  const isSpaced = stripped.every((line) => line === "" || line.startsWith(" ")) && !full(search).some((line) => /^\s*\d+\t/.test(line));
  const strip = (text: string): string =>
    text
      .split("\n")
      .map((line) => line.replace(numbered, "").replace(isSpaced && numbered.test(line) ? /^ / : "", ""))
      .join("\n");
  const isMixed = marked > 0 && marked < full(replace).length;
  return { search: strip(search), replace: marked > 0 && !isMixed ? strip(replace) : replace, isNumbered: isMixed ? "mixed" : "yes" };
}

function withoutBlankEnds(quotation: Quotation): Quotation | undefined {
  const { search, replace } = quotation;
  const head = /^(?:[^\S\n]*\n)+/;
  const tail = /\n(?:[^\S\n]*\n)+[^\S\n]*$/;
  if (!head.test(search) && !tail.test(search)) return undefined;
  const cut = (text: string): string => {
    const opened = head.test(search) ? text.replace(head, "") : text;
    return tail.test(search) ? opened.replace(tail, "\n") : opened;
  };
  return { ...quotation, search: cut(search), replace: cut(replace) };
}

const full = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

const opensWithDots = /^(?:\/\/|\/\*|#|<!--|\{\/\*|--|;|%)\s*(?:\.{3,}|…|\[\.{3}\])/;
const isComment = /^(?:\/\/|\/\*|#|<!--|\{\/\*|--|;|%)/;
/** After dots, any of these words means that code is missing; without dots only a whole phrase does. */
const leftOut =
  /\b(?:existing|rest|unchanged|same|remaining|previous|other|as before|omitted|elided|truncated|more|keep|here|above|below|code|continue[sd]?)\b/i;
const missing =
  /\b(?:existing (?:code|content|implementation|imports|methods|functions)|(?:rest|remainder) of (?:the |your )?(?:\w+ )?(?:code|file|function|component|class|method|implementation|content)|(?:code|content|file|everything else|implementation) (?:remains? |is |stays? )?(?:unchanged|the same|as before|omitted)|remaining (?:code|lines|methods|functions)|omitted for brevity|same as (?:before|above))\b/i;

/** Detects "… existing code …" in the replacement, which marks omitted lines. */
export function hasNewElision(search: string, replace: string): boolean {
  const quoted = new Set(full(search).map((line) => line.trim()));
  const lines = full(replace).map((line) => line.trim());
  return lines.some((line, index) => {
    if (quoted.has(line)) return false;
    // The body of a Python stub is not an omission.
    if (isElisionOnly(line)) return !pythonBlock.test(lines[index - 1] ?? "");
    return isRemark(line);
  });
}
const pythonBlock = /^(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally)\b.*:$/;
const isElisionOnly = (text: string): boolean => /^(?:\.{3}|…|\[\.{3}\])$/.test(text);
const isRemark = (text: string): boolean => (opensWithDots.test(text) ? leftOut.test(text) : isComment.test(text) && missing.test(text));
