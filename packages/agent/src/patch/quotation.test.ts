import { describe, expect, test } from "vitest";
import { hasNewElision, quotations } from "./quotation.ts";

describe("hasNewElision", () => {
  test.each([
    "// ... existing code ...",
    "# ... rest of the function",
    "/* … unchanged … */",
    "{/* ... other fields ... */}",
    "<!-- ... -->\n<!-- rest of the file -->",
    "// rest of the code remains unchanged",
    "// existing code here",
    "-- remaining lines omitted for brevity",
    "...",
    "…",
  ])("%s marks omitted lines", (line) => {
    expect(hasNewElision("a\nb\nc", `a\n${line}\nc`)).toBe(true);
  });

  test.each([
    "// Loading...",
    "// keep waiting until the other side answers...",
    "// TODO: handle the other cases...",
    "# more here than meets the eye",
    "const all = [...rest];",
    'log("... existing code ...");',
    "  ...props,",
    "// unchanged when the flag is off",
  ])("%s is text", (line) => {
    expect(hasNewElision("a\nb\nc", `a\n${line}\nc`)).toBe(false);
  });

  test("a marker that the file contains is text, as is the body of a Python stub", () => {
    expect(hasNewElision("// ... existing code ...\na", "// ... existing code ...\nb")).toBe(false);
    expect(hasNewElision("def f(): pass", "def f() -> int:\n    ...")).toBe(false);
  });
});

describe("quotations", () => {
  test("removes a fence, line numbers and blank ends in sequence", () => {
    const [first, ...rest] = quotations("```ts\n 7: a\n 8: b\n```", "```ts\n 7: a\n 8: c\n```");
    expect(first?.search).toContain("```");
    expect(rest.at(-1)).toMatchObject({ search: "a\nb\n", replace: "a\nc\n", isNumbered: "yes" });
  });

  test("keeps numbers that do not increase or are on some lines only", () => {
    expect(quotations("2: a\n1: b", "x")).toHaveLength(1);
    expect(quotations("1: a\nb", "x")).toHaveLength(1);
    expect(quotations("10 apples\n11 pears", "x")).toHaveLength(1);
  });
});
