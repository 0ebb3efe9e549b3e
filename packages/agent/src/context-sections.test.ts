import { describe, expect, test } from "vitest";
import { missingSections, newSections } from "./context-sections.ts";
import { textOf, userMessage, type Message } from "./conversation.ts";
import type { ModelClient } from "./model-client.ts";
import { answer, calls, play, read, scripted } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

const message = (...sections: string[]): Message =>
  userMessage(`[CONTEXT]\nTime: now\n\n${sections.join("\n\n")}\n[/CONTEXT]\n\nMake it blue`);
const rules = "Conventions of this project, from its AGENTS.md:\nUse tabs.\n\nFiles:\nare in src";

describe("newSections", () => {
  test("a first message has all of them", () => {
    expect(newSections(["Files:\na.ts", rules], [])).toEqual(["Files:\na.ts", rules]);
  });
  test("what is unchanged is only named, also over several messages", () => {
    const earlier = [message(rules, "Files:\na.ts"), message("Files:\na.ts\nb.ts", "Unchanged since an earlier [CONTEXT]: Conventions.")];
    expect(newSections(["Files:\na.ts\nb.ts", rules], earlier)).toEqual([
      "Unchanged since an earlier [CONTEXT]: Files; Conventions of this project, from its AGENTS.md.",
    ]);
  });
  test("what has changed is sent, also when it is again as it was two messages ago", () => {
    const earlier = [message("Files:\na.ts"), message("Files:\na.ts\nb.ts")];
    expect(newSections(["Files:\na.ts"], earlier)).toEqual(["Files:\na.ts"]);
    expect(newSections(["Git: branch main"], [message("Git: branch main, 1 changed files")])).toEqual(["Git: branch main"]);
  });
  test("only whole sections of context blocks count, not the same text elsewhere", () => {
    expect(newSections(["Files:\na.ts"], [userMessage("Files:\na.ts"), message("Files:\na.ts\nb.ts")])).toEqual(["Files:\na.ts"]);
  });
});

test("missingSections: what no message has in this version", () => {
  const note = userMessage("[Repeated, because earlier messages were summarized.]\n[CONTEXT]\nFiles:\na.ts\n[/CONTEXT]", "note");
  expect(missingSections(["Files:\na.ts", rules], [note])).toEqual([rules]);
});

describe("a run", () => {
  const conventions = "Conventions of this project, from its AGENTS.md:\nUse tabs.";
  const firstText = ([first]: readonly Message[]) => (first?.role === "user" ? textOf(first) : "");
  const count = (messages: readonly Message[]) => messages.filter((one) => one.role === "user" && textOf(one).includes(conventions)).length;

  test("the second message of a chat does not repeat the conventions, until they change", async () => {
    await using ws = await tempWorkspace({ "AGENTS.md": "Use tabs." });
    const first = await play(ws, [answer("Hello.")], { message: "Hello" });
    const second = await play(ws, [answer("Again.")], { message: "Again", conversation: first.appended });
    const chat = [...first.appended, ...second.appended];
    expect(count(chat)).toBe(1);
    expect(firstText(second.appended)).toMatch(
      /^Unchanged since an earlier \[CONTEXT\]: Containers; Files; Conventions of this project, from its AGENTS\.md;/m,
    );
    await ws.put("AGENTS.md", "Use spaces.");
    const third = await play(ws, [answer("Yes.")], { message: "And now?", conversation: chat });
    expect(firstText(third.appended)).toContain("from its AGENTS.md:\nUse spaces.");
  });

  test("after a summary of earlier messages the conventions are repeated", async () => {
    const files = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`big${index}.txt`, "line of text\n".repeat(600)]));
    await using ws = await tempWorkspace({ ...files, "AGENTS.md": "Use tabs." });
    const { requests, stream } = scripted([...Object.keys(files).map((path) => calls(read(path))), answer("SUMMARY"), answer("done")]);
    // Tokens are estimated, because this provider does not count them.
    const client: ModelClient = {
      async *stream(request, signal) {
        for await (const event of stream(request, signal)) yield event.type === "finish" ? { ...event, usage: null } : event;
      },
    };
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 14_000 }, message: "Read it all" });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    const last = requests.at(-1)!.messages;
    expect(last[0]).toMatchObject({ kind: "summary" });
    expect(count(last)).toBe(1);
  });
});
