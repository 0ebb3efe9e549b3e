export type Inline = { kind: "text" | "bold" | "italic" | "code"; text: string } | { kind: "link"; text: string; href: string };
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3; content: Inline[] }
  | { kind: "list"; items: Inline[][] }
  | { kind: "paragraph"; content: Inline[] };

/** The blocks of a Markdown text. What is no Markdown, such as HTML, is text. */
export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  const endParagraph = () => {
    if (lines.length > 0) blocks.push({ kind: "paragraph", content: parseInline(lines.join(" ")) });
    lines = [];
  };
  for (const line of text.split("\n")) {
    const heading = /^(#{1,3}) (.+)$/.exec(line);
    const item = /^- (.+)$/.exec(line)?.[1];
    if (heading?.[1] && heading[2]) {
      endParagraph();
      blocks.push({ kind: "heading", level: heading[1].length as 1 | 2 | 3, content: parseInline(heading[2]) });
    } else if (item !== undefined) {
      endParagraph();
      const last = blocks.at(-1);
      if (last?.kind === "list") last.items.push(parseInline(item));
      else blocks.push({ kind: "list", items: [parseInline(item)] });
    } else if (line.trim() === "") endParagraph();
    else lines.push(line);
  }
  endParagraph();
  return blocks;
}

function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(/\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    const [all, bold, italic, code, label, href] = match;
    if (bold !== undefined) parts.push({ kind: "bold", text: bold });
    else if (italic !== undefined) parts.push({ kind: "italic", text: italic });
    else if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (label !== undefined && href !== undefined) parts.push({ kind: "link", text: label, href });
    end = match.index + all.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}
