import DOMPurify from "dompurify";
import type { Token, Tokens } from "marked";
import { memo, useMemo, useState } from "react";
import { createBlockLexer } from "./block-lexer.ts";
import { CodeBlock } from "./CodeBlock.tsx";
import { allowedAddress, allowedTags, marked } from "./markdown-html.ts";
import "./markdown.css";

function clean(html: string): string {
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ["href", "align", "start"],
    ALLOWED_URI_REGEXP: allowedAddress,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) continue;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  const box = document.createElement("div");
  box.append(fragment);
  return box.innerHTML;
}

/** A block is parsed and cleaned again only when its own source changed. */
const Block = memo(
  ({ token }: { token: Token }) => {
    const html = useMemo(() => clean(marked.parser([token])), [token]);
    // The HTML is DOMPurify's.
    return <div className="contents" dangerouslySetInnerHTML={{ __html: html }} />;
  },
  (before, after) => before.token.type === after.token.type && before.token.raw === after.token.raw,
);

/** What the agent wrote. While it streams, half-written syntax is closed and a caret stands at the end. */
export const Markdown = memo(({ text, isStreaming = false }: { text: string; isStreaming?: boolean }) => {
  const [lex] = useState(createBlockLexer);
  const tokens = useMemo(() => lex(text, isStreaming), [lex, text, isStreaming]);
  return (
    <div className="markdown" data-streaming={isStreaming || undefined}>
      {tokens.map((token, index) =>
        token.type === "code" ? (
          <CodeBlock key={index} text={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? ""} />
        ) : (
          <Block key={index} token={token} />
        ),
      )}
    </div>
  );
});
