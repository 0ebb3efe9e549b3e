import { parseMarkdown, type Inline } from "../lib/markdown";

export function Markdown({ text }: { text: string }) {
  return parseMarkdown(text).map((block, index) => {
    switch (block.kind) {
      case "heading": {
        const Heading = `h${block.level}` as const;
        return (
          <Heading key={index} className="text-xl font-semibold">
            <InlineParts parts={block.content} />
          </Heading>
        );
      }
      case "list":
        return (
          <ul key={index} className="list-disc pl-6">
            {block.items.map((item, itemIndex) => (
              <li key={itemIndex}>
                <InlineParts parts={item} />
              </li>
            ))}
          </ul>
        );
      case "paragraph":
        return (
          <p key={index}>
            <InlineParts parts={block.content} />
          </p>
        );
    }
  });
}

function InlineParts({ parts }: { parts: Inline[] }) {
  return parts.map((part, index) => {
    switch (part.kind) {
      case "bold":
        return <strong key={index}>{part.text}</strong>;
      case "italic":
        return <em key={index}>{part.text}</em>;
      case "code":
        return <code key={index}>{part.text}</code>;
      case "link":
        return (
          <a key={index} href={part.href} className="underline">
            {part.text}
          </a>
        );
      case "text":
        return part.text;
    }
  });
}
