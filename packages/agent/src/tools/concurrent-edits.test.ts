import { describe, expect, test } from "vitest";
import { answer, call, calls, play, type Script } from "../testing/harness.ts";
import { tempWorkspace, type TempWorkspace } from "../testing/temp-workspace.ts";
import type { ToolResult } from "../tool-call.ts";
import type { SeenFiles } from "../tool.ts";

type Action = [name: string, parameters: unknown] | { person: (ws: TempWorkspace) => Promise<unknown> };

/** One call per turn; a person's actions happen between the turns. */
async function alternate(ws: TempWorkspace, actions: Action[], seen?: SeenFiles): Promise<ToolResult[]> {
  const script: Script = [];
  const after: (((ws: TempWorkspace) => Promise<unknown>) | undefined)[] = [];
  for (const act of actions)
    if ("person" in act) after[script.length - 1] = act.person;
    else script.push(calls(call(...act)));
  let step = -1;
  const run = await play(ws, [...script, answer("ok")], {
    ...(seen && { seen }),
    deps: {
      beforeModelCall: async () => {
        await after[step++]?.(ws);
        return { ok: true };
      },
    },
  });
  return run.all("agent_step").flatMap(({ data }) => data.tool_results);
}
const patch = (...lines: string[]) => ({ patch: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") });
const write = (content: string): Action => ["write_file", { file_path: "a.txt", content }];
const read: Action = ["read_file", { file_path: "a.txt" }];
const change = (content: string): Action => ({ person: (ws) => ws.put("a.txt", content) });
const edit = (search: string, replace: string): Action => ["edit_file", { file_path: "a.txt", search, replace }];

describe("a person edits while the agent works", () => {
  test.each<[name: string, actions: Action[], left: string, refusal: RegExp | undefined]>([
    ["a file it never read", [write("mine\n")], "one\ntwo\n", /not read it/],
    ["a file it read", [read, write("mine\n")], "mine\n", undefined],
    [
      "changed since it was read",
      [read, change("one\ntheirs\n"), write("mine\n")],
      "one\ntheirs\n",
      /changed by someone else since you read/,
    ],
    ["read again after the change", [read, change("one\ntheirs\n"), read, write("both\n")], "both\n", undefined],
    [
      "a file it wrote, changed since",
      [read, write("mine\n"), change("theirs\n"), write("again\n")],
      "theirs\n",
      /changed by someone else/,
    ],
    ["a file it wrote", [read, write("mine\n"), write("again\n")], "again\n", undefined],
    ["read, edited by the agent, then replaced", [read, edit("two", "2"), write("mine\n")], "mine\n", undefined],
    ["edited without being read, then replaced", [edit("two", "2"), write("mine\n")], "one\n2\n", /not read it/],
    [
      "an edit beside a person's change, then the whole file",
      [read, change("theirs\ntwo\n"), edit("two", "2"), write("mine\n")],
      "theirs\n2\n",
      /changed by/,
    ],
    ["the same text", [write("one\ntwo\n"), write("mine\n")], "mine\n", undefined],
    ["emptied by a person", [read, change(""), write("mine\n")], "mine\n", undefined],
    [
      "moved and back, as it was read",
      [
        read,
        ["apply_patch", patch("*** Update File: a.txt", "*** Move to: b.txt")],
        ["apply_patch", patch("*** Update File: b.txt", "*** Move to: a.txt", "@@", "-two", "+2")],
        write("mine\n"),
      ],
      "mine\n",
      undefined,
    ],
    [
      "deleted after a change",
      [read, change("theirs\n"), ["apply_patch", patch("*** Delete File: a.txt")]],
      "theirs\n",
      /changed by someone else/,
    ],
    [
      "patched by a patch, then replaced",
      [read, ["apply_patch", patch("*** Update File: a.txt", "@@", "-two", "+2")], write("mine\n")],
      "mine\n",
      undefined,
    ],
  ])("%s", async (_name, actions, left, refusal) => {
    await using ws = await tempWorkspace({ "a.txt": "one\ntwo\n" });
    const last = (await alternate(ws, actions)).at(-1);
    expect(await ws.get("a.txt")).toBe(left);
    if (refusal) expect(last).toMatchObject({ success: false, error: expect.stringMatching(refusal) });
    else expect(last).toMatchObject({ success: true });
  });

  test("the error contains the next step and the path that the model used", async () => {
    await using ws = await tempWorkspace({ "web/a.txt": "one\n" });
    const run = await play(ws, [calls(call("write_file", { file_path: "a.txt", content: "x" })), answer("ok")], { root: "web" });
    const [message] = run.client.requests[1]!.messages.filter((message) => message.role === "tool");
    expect(message).toMatchObject({
      parts: [
        {
          is_error: true,
          content: [{ text: expect.stringMatching(/^Error: a\.txt exists already and you have not read it\..*read_file/s) }],
        },
      ],
    });
  });

  test("a change between the check and the write is refused too, and a new file does not replace one that appeared", async () => {
    await using ws = await tempWorkspace({ "a.txt": "one\n" });
    const { write: write0 } = ws.files;
    let isTheirs = false;
    ws.files.write = async (path, data, options) => {
      if (!isTheirs && options !== undefined) {
        isTheirs = true;
        await write0(path, "theirs\n");
      }
      return write0(path, data, options);
    };
    const [, refused] = await alternate(ws, [read, write("mine\n")]);
    expect([refused?.success, await ws.get("a.txt")]).toEqual([false, "theirs\n"]);
    isTheirs = false;
    const [appeared] = await alternate(ws, [["write_file", { file_path: "new.txt", content: "mine\n" }]]);
    expect([appeared?.error, await ws.get("new.txt")]).toEqual([expect.stringMatching(/changed by someone else/), "theirs\n"]);
  });

  test("a file read by an earlier run of the chat must be read again before it is replaced", async () => {
    const long = Array.from({ length: 200 }, (_, i) => `line ${i + 1}`).join("\n");
    await using ws = await tempWorkspace({ "a.txt": long });
    const seen = new Map<string, string>();
    await alternate(ws, [read], seen);
    const actions = [write("mine\n"), edit("line 100", "line C"), write("mine\n"), read];
    const [replaced, edited, again, reread] = await alternate(ws, actions, seen);
    for (const refused of [replaced, again])
      expect(refused).toMatchObject({ success: false, error: expect.stringMatching(/a\.txt is no longer in this conversation/) });
    expect([edited?.success, reread?.success, await ws.get("a.txt")]).toEqual([true, true, long.replace("line 100", "line C")]);
    const [, after] = await alternate(ws, [read, write("mine\n")], seen);
    expect([after?.success, await ws.get("a.txt")]).toEqual([true, "mine\n"]);
  });

  test("changes of others since an earlier run are detected", async () => {
    await using ws = await tempWorkspace({ "a.txt": "one\n" });
    const seen = new Map<string, string>();
    await alternate(ws, [read], seen);
    await ws.put("a.txt", "theirs\n");
    const [stale] = await alternate(ws, [write("again\n")], seen);
    expect([stale?.error, await ws.get("a.txt")]).toEqual([expect.stringMatching(/changed by someone else/), "theirs\n"]);
  });

  test("a patch that fails halfway restores only the files that nobody else changed since", async () => {
    await using ws = await tempWorkspace({ "a.txt": "one\n", "b.txt": "two\n" });
    const { write: write0 } = ws.files;
    ws.files.write = async (path, data, options) => {
      const done = await write0(path, data, options);
      if (path === "a.txt" && data === "1\n") {
        await write0("a.txt", "theirs\n");
        await write0("b.txt", "theirs too\n");
      }
      return done;
    };
    const [result] = await alternate(ws, [
      ["apply_patch", patch("*** Update File: a.txt", "@@", "-one", "+1", "*** Update File: b.txt", "@@", "-two", "+2")],
    ]);
    expect(result).toMatchObject({ success: false, result: { details: { rollback: "incomplete" } } });
    expect(await ws.snapshot()).toEqual({ "a.txt": "theirs\n", "b.txt": "theirs too\n" });
  });
});
