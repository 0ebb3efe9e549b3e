import { expect, test } from "vitest";
import { answer, call, calls, play, read, resultTexts, scripted } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { createOutputs } from "./outputs.ts";

test("reading a file again leaves the earlier result as it was", async () => {
  await using ws = await tempWorkspace({ "a.txt": "first line\n".repeat(200), "b.txt": "other\n".repeat(200) });
  const run = await play(ws, [
    calls(read("a.txt"), read("b.txt")),
    calls(call("write_file", { file_path: "a.txt", content: "second line\n".repeat(200) })),
    calls(read("./a.txt")),
    answer("ok"),
  ]);
  const requests = run.client.requests.map((request) => request.messages);
  for (const [index, messages] of requests.entries())
    if (index > 0) expect(messages.slice(0, requests[index - 1]!.length)).toEqual(requests[index - 1]);
  const results = resultTexts(requests[3]!);
  expect(results[0]).toContain("first line");
  expect(results[3]).toContain("second line");
});

test("read_output is offered from the start, and returns what was truncated", async () => {
  await using ws = await tempWorkspace();
  ws.exec = async () => ({
    exitCode: 0,
    signal: null,
    stdout: Array.from({ length: 9_000 }, (_, index) => `row ${index}`).join("\n"),
    stderr: "",
    timedOut: false,
    aborted: false,
    durationMs: 1,
  });
  const run = await play(ws, [
    calls(call("run_command", { command: "seq" })),
    calls(call("read_output", { output_id: "o1", offset: 9_000 }), call("read_output", { output_id: "o9" })),
    answer("ok"),
  ]);
  const names = run.client.requests.map((request) => request.tools.map((tool) => tool.name).includes("read_output"));
  expect(names).toEqual([true, true, true]);
  const results = resultTexts(run.client.requests[2]!.messages);
  const [, left, offset] = /… (\d+) lines \(\d+ characters\) left out: read_output \{"output_id": "o1", "offset": (\d+)\} …\n/.exec(
    results[0]!,
  )!;
  const rows = results[0]!.split("\n").filter((line) => line.startsWith("row"));
  expect(rows.length).toBeLessThanOrEqual(2_020);
  expect(rows.at(-1)).toBe("row 8999");
  // Nothing is lost between what was shown and what is read on.
  expect(rows.length + Number(left)).toBe(9_000);
  expect(results[1]).toMatch(/^o1: characters 9000-\d+ of \d+\. Continue with offset \d+\.\n/);
  expect(results[1]!.split("\n")).toHaveLength(2_002);
  expect(Number(offset)).toBeGreaterThan(6_000);
  expect(results[2]).toContain("no output o9");
});

test("a result has at most 50 000 characters, a step at most half of the context window", async () => {
  const files = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`f${index}.txt`, `${"word ".repeat(12)}\n`.repeat(2_000)]));
  await using ws = await tempWorkspace({ ...files, "short.txt": "short\n" });
  const sizes = async (paths: string[], context_window: number): Promise<number[]> => {
    const client = scripted([calls(...paths.map(read)), answer("ok")]);
    const run = await play(ws, [], { model: { client, context_window } });
    expect(run.result.success).toBe(true);
    return resultTexts(client.requests[1]!.messages).map((text) => text.length);
  };
  const [large] = await sizes(["f0.txt"], 200_000);
  expect(large).toBeGreaterThan(49_000);
  expect(large).toBeLessThan(51_000);
  const [small] = await sizes(["f0.txt"], 32_000);
  expect(small).toBeGreaterThan(15_000);
  expect(small).toBeLessThan(17_000);
  const many = await sizes([...Object.keys(files), "short.txt"], 128_000);
  expect(many.at(-1)).toBeLessThan(100);
  expect(many.reduce((sum, one) => sum + one)).toBeLessThan(128_000 * 2 + 12_000);
  expect(Math.min(...many.slice(0, -1))).toBeGreaterThan(25_000);
});

test("stored output is limited: the oldest is dropped first", () => {
  const outputs = createOutputs();
  const ids = Array.from({ length: 5 }, () => outputs.store("x".repeat(1_000_000)));
  expect(ids.map((id) => outputs.read(id) !== undefined)).toEqual([false, true, true, true, true]);
});
