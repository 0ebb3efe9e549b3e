import { memo, useEffect, useState } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { counted } from "../../../lib/counted.ts";
import { formatCompact } from "../../../lib/numbers.ts";
import { scrollable } from "../../../ui/scrollable.ts";
import { loadCodeTokens, type CodeToken } from "../../editor/index.ts";
import type { CallDraft } from "../chat.types.ts";
import { lookOf } from "./tool-looks.ts";

/** What is written, and how much of it: "Writing", "src/App.tsx", "120 lines". */
export function draftFacts({ name, path, lines, chars }: CallDraft): { verb: string; target: string; size: string } {
  const size =
    chars === 0 ? "" : lines > 1 ? counted(lines, "line") : `${formatCompact(chars)} ${chars === 1 ? "character" : "characters"}`;
  return { verb: path === undefined ? "Preparing" : "Writing", target: path ?? lookOf(name).verb, size };
}

/** A call that the model is writing, with the end of its text, which grows. */
export const DraftRow = memo(({ draft }: { draft: CallDraft }) => {
  const { icon: Icon } = lookOf(draft.name);
  const { verb, target, size } = draftFacts(draft);
  return (
    <div data-testid="draft-row" data-tool={draft.name} className="text-xs">
      <div className="flex h-(--row) min-w-0 items-center gap-1.75 narrow:h-9 narrow:text-sm">
        <Icon size={14} className="flex-none text-fg-3" aria-hidden="true" />
        <span className="flex-none font-medium text-fg-0">{verb}</span>
        <span className={draft.path === undefined ? "min-w-0 truncate text-fg-2" : "min-w-0 truncate font-mono text-xs text-fg-2"}>
          {target}
        </span>
        {size === "" ? null : <span className="num flex-none text-fg-3">· {size}</span>}
        <span className="spin ml-auto flex-none" aria-hidden="true" />
      </div>
      {draft.tail === "" ? null : (
        <div className="pb-2">
          <CodeTail draft={draft} />
        </div>
      )}
    </div>
  );
});

/** The end of the text in the colors of its language. Follows the end unless the person has scrolled up. */
function CodeTail({ draft: { path = "", lines, tail } }: { draft: CallDraft }) {
  const { scrollRef, contentRef } = useStickToBottom({ initial: "instant", resize: "instant" });
  const texts = tail.split("\n");
  const tokens = useCodeTokens(path, tail);
  // Lines keep their keys while the text before them is left out.
  const first = Math.max(0, lines - texts.length);
  return (
    <div
      ref={scrollRef}
      {...scrollable}
      role="group"
      aria-label={path === "" ? "Text so far" : `Text of ${path} so far`}
      className="scroll-y max-h-48 overflow-x-auto rounded-2 border border-line-0 bg-bg-1 px-2.5 py-1.75 font-mono text-xs leading-5 text-fg-0"
    >
      <div ref={contentRef} className="w-max min-w-full">
        {texts.map((text, index) => (
          <CodeLine key={first + index} text={text} tokens={tokens?.[index]} />
        ))}
      </div>
    </div>
  );
}

const CodeLine = memo(
  ({ text, tokens = [] }: { text: string; tokens: readonly CodeToken[] | undefined }) => {
    const pieces = [];
    let from = 0;
    for (const token of tokens) {
      // The colors may be those of a shorter text, until the newer one is parsed.
      if (token.from < from || token.to > text.length) continue;
      pieces.push(text.slice(from, token.from));
      pieces.push(
        <span key={token.from} style={{ color: token.color }}>
          {text.slice(token.from, token.to)}
        </span>,
      );
      from = token.to;
    }
    return (
      <div className="min-h-[1lh] whitespace-pre">
        {pieces}
        {text.slice(from)}
      </div>
    );
  },
  (before, after) => before.text === after.text && isSame(before.tokens ?? [], after.tokens ?? []),
);
const isSame = (a: readonly CodeToken[], b: readonly CodeToken[]): boolean =>
  a.length === b.length &&
  a.every((token, index) => token.from === b[index]?.from && token.to === b[index]?.to && token.color === b[index]?.color);

/** The colors of the newest text that has been parsed; undefined for plain text. */
function useCodeTokens(path: string, text: string): readonly (readonly CodeToken[])[] | undefined {
  const [found, setFound] = useState<readonly (readonly CodeToken[])[]>();
  useEffect(() => {
    let isNewest = true;
    void loadCodeTokens(path, text.split("\n")).then((tokens) => {
      if (isNewest) setFound(tokens);
    });
    return () => {
      isNewest = false;
    };
  }, [path, text]);
  return found;
}
