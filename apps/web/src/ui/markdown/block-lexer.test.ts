import remend from "remend";
import { expect, test, vi } from "vitest";
import { createBlockLexer } from "./block-lexer.ts";
import { marked } from "./markdown-html.ts";

const reply = `# Slots

A day closes at **18:00**, and a
canceled order frees \`its\` place.

- one

- two
  - nested

  with a paragraph

1. first
2. second

| slot | places |
|---|---|
| 07:30 | 2 |

> quoted
> text

\`\`\`ts
export const a = 1;

export const b = 2;
\`\`\`

Heading
---

Last [link](https://example.org).`;
const raws = (tokens: readonly { type: string; raw: string }[]) => tokens.filter(({ type }) => type !== "space").map(({ raw }) => raw);

test("a text that grows has the same blocks as when it is parsed as a whole", () => {
  const lex = createBlockLexer();
  for (let end = 1; end <= reply.length; end++) {
    const text = reply.slice(0, end);
    expect(raws(lex(text, true)), `after ${end} characters`).toEqual(raws(marked.lexer(remend(text))));
  }
  expect(raws(lex(reply, false))).toEqual(raws(marked.lexer(reply)));
});

test("another text is parsed from its start", () => {
  const lex = createBlockLexer();
  lex(reply, true);
  expect(raws(lex("One.\n\nTwo.", true))).toEqual(["One.", "Two."]);
  expect(raws(lex("Three.", true))).toEqual(["Three."]);
});

test("the blocks before the last one are the same objects, and are not parsed again", () => {
  const lex = createBlockLexer();
  const text = "A paragraph of the reply.\n\n".repeat(200);
  const before = lex(text, true);
  const lexer = vi.spyOn(marked, "lexer");
  const after = lex(`${text}More`, true);
  const parsedChars = lexer.mock.calls.reduce((sum, [parsed]) => sum + parsed.length, 0);
  lexer.mockRestore();
  expect(after).toHaveLength(201);
  expect(after.slice(0, 199)).toEqual(before.slice(0, 199));
  expect(after.slice(0, 199).every((token, index) => token === before[index])).toBe(true);
  expect(parsedChars).toBeLessThan(200);
});
