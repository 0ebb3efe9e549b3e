import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SearchEvent, SearchQuery } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";
import { createLineReader, matchOf } from "./files.search.ts";

describe("one line of ripgrep", () => {
  const line = (text: string | { bytes: string }, submatches: { start: number; end: number }[]) =>
    matchOf(
      JSON.stringify({
        type: "match",
        data: { path: { text: "./src/a.ts" }, lines: typeof text === "string" ? { text } : text, line_number: 7, submatches },
      }),
    );
  test("converts byte offsets to character offsets of the displayed text", () => {
    expect(line("häße = 'ß'\n", [{ start: 10, end: 12 }])).toEqual({
      path: "src/a.ts",
      line: 7,
      column: 9,
      text: "häße = 'ß'",
      ranges: [[8, 9]],
    });
  });
  test("shortens a long line around its first match", () => {
    const match = line(`${"x".repeat(5000)}needle${"y".repeat(5000)}`, [{ start: 5000, end: 5006 }]);
    expect(match).toMatchObject({ column: 5001 });
    expect(match?.text).toHaveLength(400);
    const [start = 0, end = 0] = match?.ranges[0] ?? [];
    expect(match?.text.slice(start, end)).toBe("needle");
  });
  test("replaces invalid bytes", () =>
    expect(line({ bytes: Buffer.from([0xff, 0x61, 0x62, 0x0a]).toString("base64") }, [{ start: 1, end: 3 }])).toMatchObject({
      text: "\ufffdab",
      ranges: [[1, 3]],
    }));
  test("joins chunks to whole lines and drops lines that are too long", () => {
    const lines: string[] = [];
    let dropped = 0;
    const reader = createLineReader(
      5,
      (l) => lines.push(l),
      () => dropped++,
    );
    for (const chunk of ["a", "b\nc", "d\n123456", "789\nef\n", "gh"]) reader.push(chunk);
    expect([lines, dropped]).toEqual([["ab", "cd", "ef"], 1]);
  });
});

describe("search in a project", () => {
  let app: SandboxApp;
  let owner: TestUser;
  let id: string;
  beforeAll(async () => {
    app = await sandboxApp();
    owner = await app.signUp();
    id = (await emptyProject(app, owner)).id;
    const { files } = await app.runtime.open({ id });
    await files.write("src/App.tsx", 'const title = "Hello";\nexport const hello = title;\n');
    await files.write("src/app.css", ".hello { color: red }\n");
    await files.write("node_modules/x/index.js", "hello");
    await files.write("-rf --pre=id", "hello from an odd name\n");
    await files.write(".env", "HELLO=1\n");
    await files.write("min.js", `${"h".repeat(1_500_000)}hello`);
  }, 60_000);
  afterAll(() => app.close());

  const search = async (query: SearchQuery) => {
    const events: SearchEvent[] = [];
    for await (const event of app.as(owner).files.search({ params: { id }, query })) events.push(event);
    const done = events.pop();
    return {
      hits: events.flatMap((e) => (e.type === "match" ? [`${e.data.path}:${e.data.line}`] : [])).sort(),
      done: done?.type === "done" ? done.data : undefined,
    };
  };

  test("finds text in every listed file and ends with a done event", async () => {
    const { hits, done } = await search({ q: "hello" });
    expect(hits).toEqual(["-rf --pre=id:1", ".env:1", "src/App.tsx:1", "src/App.tsx:2", "src/app.css:1"]);
    expect(done).toEqual({ matches: 5, files: 4, is_complete: false, reason: "long_lines" });
  });
  test.each([
    [{ q: "hello", case_sensitive: true, glob: "src/**" }, ["src/App.tsx:2", "src/app.css:1"]],
    [{ q: "hello", glob: "*.css, *.tsx" }, ["src/App.tsx:1", "src/App.tsx:2", "src/app.css:1"]],
    [{ q: "hello", glob: "!src/**,!min.js" }, ["-rf --pre=id:1", ".env:1"]],
    [{ q: "t[a-z]+e\\b", regex: true, glob: "src/**" }, ["src/App.tsx:1", "src/App.tsx:2"]],
    [{ q: "t[a-z]+e", glob: "src/**" }, []],
    [{ q: "--pre=/bin/true", glob: "src/**" }, []],
    [{ q: "hello", glob: "node_modules/**" }, []],
  ] as const)("%j", async (query, expected) => expect((await search(query)).hits).toEqual(expected));

  test("responds with 400 with ripgrep's reason for an invalid expression before the stream starts", async () => {
    for (const query of ["q=(&regex=true", "q=x&glob=[z-a]"]) {
      const response = await app.request(`/api/projects/${id}/file-search?${query}`, { user: owner });
      expect([query, response.status]).toEqual([query, 400]);
      expect(((await response.json()) as { detail: string }).detail).toMatch(/^Invalid search expression or glob: ./);
    }
    expect((await app.request(`/api/projects/${id}/file-search?q=a%0Ab`, { user: owner })).status).toBe(422);
    expect((await app.request(`/api/projects/${id}/file-search`, { user: owner })).status).toBe(422);
  });

  test("stops at the match limit, and ends ripgrep when the client disconnects", async () => {
    const { files } = await app.runtime.open({ id });
    for (let i = 0; i < 12; i++) await files.write(`many/${i}.txt`, "needle\n".repeat(250));
    expect((await search({ q: "needle" })).done).toMatchObject({ matches: 2000, is_complete: false, reason: "limit" });
    const abort = new AbortController();
    const first = await (async () => {
      for await (const event of app.as(owner).files.search({ params: { id }, query: { q: "needle" } }, { signal: abort.signal }))
        return event;
      return undefined;
    })();
    abort.abort();
    expect(first).toMatchObject({ seq: 1, type: "match" });
    const left = await (await app.runtime.open({ id })).exec(["/bin/sh", "-c", "ps -e -o comm= | grep -c '^rg' || true"]);
    expect(left.stdout.trim()).toBe("0");
  });

  test("responds with 404 to another user", async () => {
    const otherUser = await app.signUp();
    expect((await app.request(`/api/projects/${id}/file-search?q=x`, { user: otherUser })).status).toBe(404);
  });
});
