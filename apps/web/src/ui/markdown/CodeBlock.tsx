import { memo } from "react";
import { CopyButton } from "../CopyButton.tsx";
import { scrollable } from "../scrollable.ts";

/** A block of code in a text, with a button that copies it. */
export const CodeBlock = memo(({ text, language }: { text: string; language: string }) => (
  <div className="group relative">
    <pre {...scrollable} aria-label={language ? `${language} code` : "Code"}>
      <code>{text}</code>
    </pre>
    <span className="absolute top-1 right-1 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
      <CopyButton text={text} label="Copy code" />
    </span>
  </div>
));
