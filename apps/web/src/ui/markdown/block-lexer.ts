import type { Token } from "marked";
import remend from "remend";
import { marked } from "./markdown-html.ts";

/**
 * Splits Markdown into blocks. A text that grows is parsed from its last block on: the blocks before it cannot change. While it streams, half-written
 * syntax is closed. Only links to definitions that are far from each other are resolved late, when the text is complete.
 */
export function createBlockLexer(): (text: string, isStreaming: boolean) => readonly Token[] {
  /** The text whose blocks are complete, and these blocks. */
  let settled = "";
  let blocks: readonly Token[] = [];
  return (text, isStreaming) => {
    if (!isStreaming || !text.startsWith(settled)) {
      settled = "";
      blocks = [];
    }
    if (!isStreaming) return visible(marked.lexer(text));
    const open = text.slice(settled.length);
    const tokens = marked.lexer(open);
    const last = tokens.findLastIndex((token) => token.type !== "space");
    // What was replaced while it was parsed, such as tabs, has other lengths than the text.
    const before = tokens.slice(0, Math.max(0, last));
    const raw = before.map((token) => token.raw).join("");
    if (raw === "" || !open.startsWith(raw)) return [...blocks, ...repaired(open, tokens)];
    settled += raw;
    blocks = [...blocks, ...visible(before)];
    return [...blocks, ...repaired(open.slice(raw.length), tokens.slice(last))];
  };
}

/** The blocks of a text with its half-written syntax closed; `tokens` are those of the text as it is. */
function repaired(text: string, tokens: readonly Token[]): Token[] {
  const closed = remend(text);
  return visible(closed === text ? tokens : marked.lexer(closed));
}

const visible = (tokens: readonly Token[]): Token[] => tokens.filter((token) => token.type !== "space");
