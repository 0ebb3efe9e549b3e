import DOMPurify from "dompurify";
import type { Token, Tokens } from "marked";
import { memo, useLayoutEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import { createBlockLexer } from "./block-lexer.ts";
import { CodeBlock } from "./CodeBlock.tsx";
import { allowedAddress, allowedTags, marked } from "./markdown-html.ts";
import { updateNodes } from "./update-nodes.ts";
import "./markdown.css";

function clean(html: string, hasTasks: boolean): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ["href", "align", "start", "checked", "disabled"],
    ALLOWED_URI_REGEXP: allowedAddress,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) continue;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  for (const checkbox of fragment.querySelectorAll("input")) {
    const item = checkbox.closest("li");
    item?.classList.add("task");
    checkbox.type = "checkbox";
    checkbox.setAttribute("aria-label", (item?.textContent ?? "").trim().split("\n", 1)[0] ?? "");
    checkbox.disabled = !hasTasks;
  }
  return fragment;
}

/** A block is parsed and cleaned again only when its own source changed. */
const Block = memo(
  ({ token, hasTasks }: { token: Token; hasTasks: boolean }) => {
    const fragment = useMemo(() => clean(marked.parser([token]), hasTasks), [token, hasTasks]);
    const box = useRef<HTMLDivElement>(null);
    const shown = useRef<DocumentFragment>(undefined);
    useLayoutEffect(() => {
      // Showing it leaves it empty.
      if (!box.current || shown.current === fragment) return;
      shown.current = fragment;
      updateNodes(box.current, fragment);
    }, [fragment]);
    return <div ref={box} className="contents" />;
  },
  (before, after) => before.token.type === after.token.type && before.token.raw === after.token.raw && before.hasTasks === after.hasTasks,
);

interface MarkdownProps {
  text: string;
  isStreaming?: boolean;
  /** Called with the index of a task whose checkbox is pressed. Without it, tasks are only shown. */
  onTask?: (index: number) => void;
}

/** What the agent or a person wrote. While it streams, half-written syntax is closed and a caret stands at the end. */
export const Markdown = memo(({ text, isStreaming = false, onTask }: MarkdownProps) => {
  const [lex] = useState(createBlockLexer);
  const tokens = useMemo(() => lex(text, isStreaming), [lex, text, isStreaming]);
  const root = useRef<HTMLDivElement>(null);
  const checkboxes = () => [...(root.current?.querySelectorAll("input") ?? [])];
  const pressed = useRef<number>(undefined);
  // The block of the task is rendered again.
  useLayoutEffect(() => {
    if (pressed.current !== undefined) checkboxes()[pressed.current]?.focus();
    pressed.current = undefined;
  }, [tokens]);
  const press = (event: MouseEvent) => {
    const index = checkboxes().findIndex((checkbox) => checkbox === event.target);
    if (index < 0 || !onTask) return;
    // The text decides what is checked.
    event.preventDefault();
    pressed.current = index;
    onTask(index);
  };
  return (
    <div ref={root} className="markdown" data-streaming={isStreaming || undefined} {...(onTask && { onClick: press })}>
      {tokens.map((token, index) =>
        token.type === "code" ? (
          <CodeBlock key={index} text={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? ""} />
        ) : (
          <Block key={index} token={token} hasTasks={onTask !== undefined} />
        ),
      )}
    </div>
  );
});
