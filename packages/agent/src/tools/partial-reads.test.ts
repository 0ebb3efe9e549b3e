import { describe, expect, test } from "vitest";
import { answer, call, calls, play, scripted, type RunChanges, type TestRun } from "../testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "../testing/temp-workspace.ts";

const lines = Array.from({ length: 100 }, (_, index) => `export const price${index + 1} = ${index + 1} * taxOf("region ${index + 1}");`);
const text = `${lines.join("\n")}\n`;
const read = (offset?: number, limit?: number) => call("read_file", { file_path: "a.ts", offset, limit });
const write = call("write_file", { file_path: "a.ts", content: "mine\n" });
const edit = (search: string, replace: string) => call("edit_file", { file_path: "a.ts", edits: [{ search, replace }] });

/** One call per turn. */
const run = (ws: TempWorkspace, made: readonly ReturnType<typeof call>[], changes: RunChanges = {}): Promise<TestRun> =>
  play(ws, [...made.map((one) => calls(one)), answer("ok")], changes);
const results = (made: TestRun) => made.all("agent_step").flatMap(({ data }) => data.tool_results);
const inPart = { success: false, error: expect.stringContaining("You have read only a part of a.ts. Nothing was written.") };

describe("a file that was read in part", () => {
  test.each([
    ["one page", [read(1, 50)]],
    ["pages with a gap", [read(1, 50), read(52)]],
    ["a page behind its end", [read(101)]],
    ["one page and an edit of it", [read(1, 50), edit(lines[9]!, "// ten")]],
  ])("is not replaced: %s", async (_name, before) => {
    await using ws = await tempWorkspace({ "a.ts": text });
    const made = await run(ws, [...before, write]);
    expect(results(made).at(-1)).toMatchObject(inPart);
    expect(await ws.get("a.ts")).not.toBe("mine\n");
  });

  test.each([
    ["all pages, in any order", [read(51), read(1, 50)]],
    ["pages that overlap, with an edit between them", [read(1, 60), edit(lines[9]!, "// ten"), read(40)]],
    ["whole after in part", [read(1, 10), read()]],
    ["the rest after a refusal", [read(1, 50), write, read(51)]],
  ])("is replaced after %s", async (_name, before) => {
    await using ws = await tempWorkspace({ "a.ts": text });
    expect(results(await run(ws, [...before, write])).at(-1)).toMatchObject({ success: true });
    expect(await ws.get("a.ts")).toBe("mine\n");
  });

  test("after someone else changed it, is not replaced, although its earlier text was read whole", async () => {
    await using ws = await tempWorkspace({ "a.ts": text });
    let modelCalls = 0;
    const beforeModelCall = async () => {
      if (++modelCalls === 2) await ws.put("a.ts", text.replace(lines[9]!, "// theirs"));
      return { ok: true as const };
    };
    expect(results(await run(ws, [read(), read(50, 10), write], { deps: { beforeModelCall } })).at(-1)).toMatchObject(inPart);
  });

  test("a line of which only the beginning was shown was not read", async () => {
    await using ws = await tempWorkspace({ "a.ts": `short\n${"long ".repeat(1_000)}\n` });
    expect(results(await run(ws, [read(), write]))[1]).toMatchObject(inPart);
  });

  test("a result whose middle was left out, because many files were read at once, is a part", async () => {
    const long = (name: string) => Array.from({ length: 400 }, (_, index) => `line ${index} of ${name}\n`).join("");
    const names = Array.from({ length: 12 }, (_, index) => `f${index}.txt`);
    await using ws = await tempWorkspace({ "a.ts": "short\n", ...Object.fromEntries(names.map((name) => [name, long(name)])) });
    const client = scripted([
      calls(...names.map((name) => call("read_file", { file_path: name })), read()),
      calls(call("write_file", { file_path: "f3.txt", content: "x" }), write),
      answer("ok"),
    ]);
    const made = await play(ws, [], { model: { client, context_window: 32_000 } });
    expect(results(made).at(3)?.result?.message).toBe("f3.txt: 400 lines.");
    expect(results(made).slice(-2)).toMatchObject([
      { success: false, error: expect.stringContaining("only a part of f3.txt") },
      { success: true },
    ]);
  });

  test("a later run of the chat knows which lines its conversation has", async () => {
    await using ws = await tempWorkspace({ "a.ts": text, "b.ts": "one\ntwo\n" });
    const seen = new Map<string, string>();
    const first = await run(ws, [read(1, 50), edit(lines[9]!, "// ten"), call("read_file", { file_path: "b.ts" })], { seen });
    const next = { seen, conversation: first.appended };
    const second = await run(ws, [write, call("write_file", { file_path: "b.ts", content: "mine\n" }), read(51), write], next);
    expect(results(second)).toMatchObject([inPart, { success: true }, { success: true }, { success: true }]);
  });

  test("is edited where the edit quotes it, but in lines that were not read only if it quotes them exactly", async () => {
    await using ws = await tempWorkspace({ "a.ts": text });
    const nearly = (index: number) => lines[index]!.replace("region", "regon");
    const made = await run(ws, [
      read(1, 50),
      edit(lines[80]!, "// exact"),
      edit(nearly(70), "// unread"),
      edit(nearly(20), "// read"),
      read(70, 5),
      edit(nearly(70), "// read now"),
    ]);
    expect(results(made).slice(1)).toMatchObject([
      { success: true },
      {
        success: false,
        error: expect.stringContaining("has lines of a.ts that you have not read. Nothing was changed."),
        result: { content: expect.stringContaining(lines[70]!) },
      },
      { success: true },
      { success: true },
      { success: true },
    ]);
    const after = (await ws.get("a.ts"))!.split("\n");
    expect([after[20], after[70], after[80]]).toEqual(["// read", "// read now", "// exact"]);
  });
});
