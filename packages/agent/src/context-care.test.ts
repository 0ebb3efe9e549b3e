import { expect, test } from "vitest";
import { answer, call, calls, play, read } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { createOutputs } from "./outputs.ts";

test("an older read of the same lines is replaced by a note once there is a newer one, even when the file changed in between", async () => {
  await using ws = await tempWorkspace({ "a.txt": "first line\n".repeat(200), "b.txt": "other\n".repeat(200) });
  const run = await play(ws, [
    calls(read("a.txt"), read("b.txt")),
    calls(
      call("patch_file", { file_path: "b.txt", search: "other\nother\nother\n", replace: "x\n" }),
      call("write_file", { file_path: "a.txt", content: "second line\n".repeat(200) }),
    ),
    calls(read("./a.txt")),
    answer("ok"),
  ]);
  const results = run.client.requests.map((request) =>
    request.messages.flatMap((message) =>
      message.role === "tool" && message.tool_name === "read_file" ? [message.content.slice(0, 60)] : [],
    ),
  );
  expect(results[1]![0]).toContain("a.txt: 200 lines.");
  const [old, other, fresh] = results[3]!;
  expect(old).toBe("(a.txt was read again later; the newer result holds.)");
  expect(other).toContain("b.txt: 200 lines.");
  expect(fresh).toContain("second line");
  // What is stored and shown keeps every result.
  expect(JSON.stringify(run.all("agent_step")[0]!.data)).toContain("first line");
});

test("other lines of the same file, failures and short results are left alone", async () => {
  await using ws = await tempWorkspace({ "a.txt": "line\n".repeat(400), "s.txt": "short" });
  const page = (offset: number) => call("read_file", { file_path: "a.txt", offset, limit: 200 });
  const run = await play(ws, [
    calls(page(1), page(201), read("s.txt"), read("gone.txt")),
    calls(page(1), read("s.txt"), read("gone.txt")),
    answer("ok"),
  ]);
  const results = run.client.requests[2]!.messages.flatMap((message) => (message.role === "tool" ? [message.content] : []));
  expect(results.map((text) => text.includes("read again later"))).toEqual([true, false, false, false, false, false, false]);
});

test("read_output is offered only after output was truncated, and returns the rest", async () => {
  await using ws = await tempWorkspace();
  ws.exec = async () => ({
    exitCode: 0,
    signal: null,
    stdout: Array.from({ length: 4_000 }, (_, index) => `row ${index}`).join("\n"),
    stderr: "",
    timedOut: false,
    aborted: false,
    durationMs: 1,
  });
  const run = await play(ws, [
    calls(call("bash_exec", { command: "seq" })),
    calls(call("read_output", { output_id: "o1", offset: 9_000 }), call("read_output", { output_id: "o9" })),
    answer("ok"),
  ]);
  const names = run.client.requests.map((request) => request.tools.map((tool) => tool.name).includes("read_output"));
  expect(names).toEqual([false, true, true]);
  const results = run.client.requests[2]!.messages.flatMap((message) => (message.role === "tool" ? [message.content] : []));
  expect(results[0]).toMatch(/\d+ characters left out: read_output \{"output_id": "o1", "offset": 4950\}/);
  expect(results[0]!.length).toBeLessThanOrEqual(10_000);
  expect(results[1]).toMatch(/^o1: characters 9000-18000 of \d+\. Continue with offset 18000\.\n/);
  expect(results[1]).toContain("row 1500");
  expect(results[2]).toContain("no output o9");
});

test("stored output is limited: the oldest is dropped first", () => {
  const outputs = createOutputs();
  const ids = Array.from({ length: 5 }, () => outputs.store("x".repeat(1_000_000)));
  expect(ids.map((id) => outputs.read(id, 0, 1) !== undefined)).toEqual([false, true, true, true, true]);
});
