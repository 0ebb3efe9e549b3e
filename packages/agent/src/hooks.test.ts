import { describe, expect, test } from "vitest";
import { textOf } from "./conversation.ts";
import { loadHooks } from "./hooks.ts";
import { answer, call, calls, play, read, write, type Script, type TestRun } from "./testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "./testing/temp-workspace.ts";

/** Plays a run with the hooks in the workspace. */
async function playWithHooks(
  ws: TempWorkspace,
  script: Script,
  { isReadOnly = false, signal }: { isReadOnly?: boolean; signal?: AbortSignal } = {},
): Promise<{ run: TestRun; failures: string[] }> {
  const failures: string[] = [];
  const hooks = await loadHooks({ workspace: ws, isReadOnly, onFailure: async (message) => void failures.push(message) });
  const run = await play(ws, script, { ...(hooks && { hooks }), ...(signal && { signal }) });
  return { run, failures };
}
const resultsOf = (run: TestRun) => run.all("agent_step").flatMap((event) => event.data.tool_results);

describe("hooks of the project", () => {
  test("exit code 2 before a tool blocks the call, with the reason; other calls pass", async () => {
    await using ws = await tempWorkspace({
      "a.txt": "a\n",
      ".tesslate/hooks/PreToolUse.sh": `input=$(cat); printf '%s\\n' "$input" >> seen.log
case "$input" in *secret.txt*) echo "Hands off secret.txt." >&2; exit 2;; esac`,
    });
    const { run, failures } = await playWithHooks(ws, [calls(write("secret.txt"), write("b.txt"), read("a.txt")), answer("ok")]);
    expect(resultsOf(run)).toMatchObject([
      { success: false, error: "A hook of the project blocked this call: Hands off secret.txt." },
      { success: true },
      { success: true },
    ]);
    expect(await ws.files.stat("secret.txt")).toBeUndefined();
    const seen = (await ws.get("seen.log"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(seen[1]).toEqual({ hook_event_name: "PreToolUse", tool_name: "write_file", tool_input: { file_path: "b.txt", content: "x\n" } });
    expect(failures).toEqual([]);
  });

  test("after a tool a hook sees the result and may tell the model something; at the end it sees why", async () => {
    await using ws = await tempWorkspace({
      ".tesslate/hooks/PostToolUse.sh": `cat > after.json; echo "Run the formatter." >&2; exit 2`,
      ".tesslate/hooks/Stop.sh": "cat > stop.json",
    });
    const { run } = await playWithHooks(ws, [calls(write("b.txt")), answer("ok")]);
    expect(textOf(run.client.requests[1]!.messages.at(-1)!)).toContain("Run the formatter.");
    expect(JSON.parse(await ws.get("after.json"))).toMatchObject({
      tool_name: "write_file",
      tool_response: { success: true, result: { file_path: "b.txt" } },
    });
    expect(JSON.parse(await ws.get("stop.json"))).toEqual({ hook_event_name: "Stop", completion_reason: "no_more_actions" });
    expect(run.order.at(-1)).toBe("complete");
  });

  test("a hook that fails is reported and blocks nothing", async () => {
    await using ws = await tempWorkspace({ ".tesslate/hooks/PreToolUse.sh": "exit 7", ".tesslate/hooks/PostToolUse": "not executable" });
    const { run, failures } = await playWithHooks(ws, [calls(write("b.txt")), answer("ok")]);
    expect(resultsOf(run)).toMatchObject([{ success: true }]);
    expect(failures).toEqual([
      "The hook .tesslate/hooks/PreToolUse.sh failed with exit code 7. The run continues without it.",
      "The hook .tesslate/hooks/PostToolUse could not be run. The run continues without it.",
    ]);
  });

  test("in plan mode a hook cannot change the project", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n", ".tesslate/hooks/PreToolUse.sh": "echo x > changed.txt || exit 2" });
    const { run } = await playWithHooks(ws, [calls(read("a.txt")), answer("ok")], { isReadOnly: true });
    expect(resultsOf(run)).toMatchObject([{ success: false }]);
    expect(await ws.files.stat("changed.txt")).toBeUndefined();
  });

  test("hooks are those from before the run, and other files in the folder are none", async () => {
    await using ws = await tempWorkspace({
      ".tesslate/hooks/README.md": "x",
      ".tesslate/hooks/PreToolUse.rb": "x",
      ".tesslate/hooks/lib/Stop.sh": "x",
    });
    expect(await loadHooks({ workspace: ws, isReadOnly: false, onFailure: async () => undefined })).toBeUndefined();
    const { run } = await playWithHooks(ws, [
      calls(write(".tesslate/hooks/PreToolUse.sh", "exit 2")),
      calls(call("list_dir", {})),
      answer("ok"),
    ]);
    expect(resultsOf(run)).toMatchObject([{ success: true }, { success: true }]);
  });
});
