/** Keys read per file; further ones are ignored. */
const maxKeys = 40;
const maxValueChars = 2_000;

export interface FrontMatter {
  /** Keys in lower case; lists joined with ", ". */
  fields: ReadonlyMap<string, string>;
  body: string;
}

/**
 * Parses the front matter of a Markdown file: `key: value`, quoted values, `- item` and `[a, b]` lists, `>` and `|` blocks. Not YAML: no anchors, types or
 * nesting, so that hostile files are harmless. A file without front matter has no fields. Linear in the length of the file.
 */
export function parseFrontMatter(source: string): FrontMatter {
  const text = source.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const lines = text.split("\n");
  const end = lines[0]?.trimEnd() === "---" ? lines.findIndex((line, at) => at > 0 && /^(---|\.\.\.)\s*$/.test(line)) : -1;
  if (end === -1) return { fields: new Map(), body: text.trim() };
  return {
    fields: fieldsOf(lines.slice(1, end)),
    body: lines
      .slice(end + 1)
      .join("\n")
      .trim(),
  };
}

function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < lines.length && fields.size < maxKeys;) {
    const found = /^([A-Za-z_][\w-]{0,63}):(?:\s+(.*))?$/.exec(lines[at]!);
    at++;
    if (!found) continue;
    const more: string[] = [];
    while (at < lines.length && (lines[at]!.trim() === "" || /^(\s+|- )/.test(lines[at]!))) more.push(lines[at++]!.trim());
    const key = found[1]!.toLowerCase();
    const first = (found[2] ?? "").trim().slice(0, maxValueChars);
    if (!fields.has(key)) fields.set(key, valueOf(first, more).slice(0, maxValueChars));
  }
  return fields;
}

function valueOf(first: string, more: readonly string[]): string {
  const block = /^([|>])[+-]?\d?$/.exec(first);
  if (block) return more.join(block[1] === "|" ? "\n" : " ").trim();
  const items = more.filter((line) => line !== "" && !line.startsWith("#"));
  if (first === "" && items.length > 0 && items.every((line) => line.startsWith("- ")))
    return items.map((line) => unquoted(line.slice(2).trim())).join(", ");
  const list = /^\[(.*)\]$/.exec(first);
  if (list)
    return list[1]!
      .split(",")
      .map((item) => unquoted(item.trim()))
      .join(", ");
  return unquoted([first, ...items].join(" ").slice(0, maxValueChars).trim());
}

function unquoted(value: string): string {
  const quote = value[0];
  if ((quote === '"' || quote === "'") && value.length >= 2) {
    const end = value.lastIndexOf(quote);
    if (end > 0) return value.slice(1, end);
  }
  return value.replace(/\s+#.*$/, "");
}
