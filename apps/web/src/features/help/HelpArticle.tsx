import { memo, type MouseEvent } from "react";
import { CodeBlock } from "../../ui/markdown/CodeBlock.tsx";
import "../../ui/markdown/markdown.css";
import "./help.css";
import { followedLink } from "./followed-link.ts";
import type { HelpContent } from "./help-content.ts";

/** The HTML was made from our own documents when the app was built; raw HTML in them is text. */
const Html = memo(({ html }: { html: string }) => <div className="contents" dangerouslySetInnerHTML={{ __html: html }} />);

/** A page of the help, without its title. `onOpen`: a link to another page, or to another part of this one. */
export function HelpArticle({ content, onOpen }: { content: HelpContent; onOpen: (slug: string, anchor: string) => void }) {
  const openInApp = (event: MouseEvent) => {
    const link = followedLink(event);
    if (link) onOpen(link.slug, link.anchor);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the links inside are links, followed by keys, too: this keeps the app open.
    <div className="markdown help-article" onClick={openInApp}>
      {content.parts.map((part, index) =>
        "html" in part ? <Html key={index} html={part.html} /> : <CodeBlock key={index} text={part.code} language={part.language} />,
      )}
    </div>
  );
}
