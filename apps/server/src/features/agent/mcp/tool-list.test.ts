import { Value } from "typebox/value";
import { describe, expect, test } from "vitest";
import { sanitizeSchema } from "./tool-schema.ts";
import { readToolList, mcpToolName, readResult } from "./tool-list.ts";

describe("sanitizing a schema of an MCP server", () => {
  const deep = (levels: number): object => (levels === 0 ? {} : { type: "object", properties: { a: deep(levels - 1) } });
  test.each<[string, unknown, unknown]>([
    ["keeps supported keywords", { type: "object", properties: { a: { type: "string", maxLength: 3 } }, required: ["a"] }, null],
    ["turns anything else into an object", "nonsense", { type: "object", properties: {} }],
    ["turns an array type into an object", { type: "array" }, { type: "object", properties: {} }],
    [
      "loses expressions that could take for ever",
      { properties: { a: { type: "string", pattern: "(a+)+$" } } },
      { type: "object", properties: { a: { type: "string" } } },
    ],
    [
      "inlines its own references and drops others",
      { properties: { a: { $ref: "#/$defs/x" }, b: { $ref: "https://evil.example/schema" } }, $defs: { x: { type: "number" } } },
      { type: "object", properties: { a: { type: "number" }, b: {} } },
    ],
    ["stops at a recursive reference", { properties: { a: { $ref: "#/properties/a" } } }, { type: "object", properties: { a: {} } }],
    ["drops types that do not exist", { properties: { a: { type: "frob" } } }, { type: "object", properties: { a: {} } }],
    ["drops invalid required and enum", { properties: { a: {} }, required: "a", enum: 5 }, { type: "object", properties: { a: {} } }],
    ["drops an enormous schema", { properties: { a: { enum: ["x".repeat(30_000)] } } }, { type: "object", properties: {} }],
  ])("%s", (_, given, expected) => {
    expect(sanitizeSchema(given)).toEqual(expected ?? given);
  });
  test("a sanitized schema can always be validated, however deeply nested", () => {
    expect(Value.Check(sanitizeSchema(deep(5_000)) as never, { a: { a: 1 } })).toBe(false);
    expect(Value.Check(sanitizeSchema({ properties: { a: { type: "string" } }, required: ["a"] }) as never, { a: "x" })).toBe(true);
  });
});

describe("tools of an MCP server", () => {
  test("get unique names that every provider accepts", () => {
    expect(mcpToolName("docs", "search")).toBe("mcp__docs__search");
    const odd = ["a.b", "a/b", "a b", "x".repeat(100), `${"x".repeat(100)}y`].map((name) => mcpToolName("docs", name));
    expect(new Set(odd).size).toBe(odd.length);
    for (const name of odd) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });
  test("are limited in number and length, and hidden characters are removed", () => {
    const many = Array.from({ length: 100 }, (_, i) => ({
      name: `t${i}`,
      description: `a\u200b\u202eb${"x".repeat(5_000)}`,
      inputSchema: { type: "object" as const },
    }));
    const [first, ...rest] = readToolList([...many, ...many]).tools;
    expect(rest).toHaveLength(39);
    expect(first?.description.startsWith("a b")).toBe(true);
    expect(first?.description).toHaveLength(1_000);
  });
  test("return text of bounded length, and images", () => {
    const { text, images } = readResult(
      {
        content: [
          { type: "text", text: "y".repeat(50_000) },
          { type: "image", data: "AAAA", mimeType: "image/png" },
          { type: "resource", resource: { uri: "shot://1", blob: "BBBB", mimeType: "image/webp" } },
          { type: "resource", resource: { uri: "file://1", blob: "CCCC", mimeType: "application/zip" } },
          { type: "audio", data: "A".repeat(4_096), mimeType: "audio/wav" },
        ],
      },
      "mcp__a__look",
    );
    expect(text.length).toBeLessThan(20_200);
    expect(text).toContain("characters left out");
    expect(text.split("\n").slice(-4)).toEqual([
      "[image 1 of mcp__a__look]",
      "[image 2 of mcp__a__look]",
      "[resource file://1, not shown]",
      "[audio audio/wav, 3 kB, not shown]",
    ]);
    expect(images.map(({ name, data }) => [name, Buffer.from(data).toString("base64")])).toEqual([
      ["image 1 of mcp__a__look", "AAAA"],
      ["image 2 of mcp__a__look", "BBBB"],
    ]);
    expect(readResult({ content: [], structuredContent: { a: 1 } }, "t")).toEqual({ text: '{"a":1}', images: [] });
  });
});
