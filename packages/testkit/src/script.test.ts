import { describe, expect, test } from "vitest";
import { findPosition, readAgentUserText } from "./conversation.ts";
import {
  afterwards,
  call,
  disconnect,
  fail,
  finish,
  nextMessage,
  parallel,
  pause,
  say,
  script,
  think,
  turn,
  usage,
  when,
  type Script,
  type ScriptMessage,
  type ScriptRequest,
} from "./script.ts";

/** The script's shape in a line per exchange: `say+call say` are two answers to one message. */
const shapeOf = (made: Script, branch = made.branches.length - 1) =>
  made.branches[branch]!.exchanges.map((exchange) =>
    exchange
      .map((step) => [...step.faults.map((fault) => `!${fault.kind}`), ...(step.turn?.parts ?? []).map((part) => part.kind)].join("+"))
      .join(" "),
  );

describe("how a flat list becomes responses", () => {
  test.each([
    ["text joins the call after it", [say("a"), call("x"), say("b")], ["say+call say"]],
    ["a call closes its answer", [call("x"), call("y"), say("b")], ["call call say"]],
    ["parallel calls are one answer", [say("a"), parallel(call("x"), call("y")), say("b")], ["say+call+call say"]],
    ["an answer without calls ends the exchange", [say("a"), say("b")], ["say", "say"]],
    ["thinking and pauses are followed by their text", [think("hm"), say("a"), pause(5), say("b")], ["think+say+pause+say"]],
    ["a fault waits for the answer after it", [fail(429), say("a")], ["!fail+say"]],
    ["several faults wait together", [fail(429), disconnect(), say("a"), call("x"), say("b")], ["!fail+!disconnect+say+call say"]],
    ["a fault with nothing after it is a step of its own", [say("a"), fail(401)], ["say", "!fail"]],
    ["usage belongs to the answer it is in", [say("a"), usage({ input: 1, output: 1 }), call("x"), say("b")], ["say+call say"]],
    ["an answer that was cut off is continued", [say("a"), finish("length"), say("b"), say("c")], ["say say", "say"]],
    ["turn() groups by hand", [turn(say("a"), say("b")), say("c")], ["say+say", "say"]],
    ["nextMessage() separates by hand", [call("x"), nextMessage(), say("b")], ["call", "say"]],
  ])("%s", (_, items, shape) => {
    expect(shapeOf(script(items))).toEqual(shape);
  });

  test("rejects a branch inside a branch", () => {
    expect(() => script([when(/a/, [when(/b/, [say("x")])])])).toThrow("top of a script");
  });
  test("rejects a fault inside turn()", () => {
    expect(() => turn(fail(500))).toThrow("turn(…) cannot hold fail");
  });
});

describe("which response a request gets", () => {
  const user = (text: string): ScriptMessage => ({ role: "user", text });
  const assistant: ScriptMessage = { role: "assistant", text: "", calls: [] };
  const tool: ScriptMessage = { role: "tool", callId: "1", text: "ok" };
  const request = (...messages: ScriptMessage[]): ScriptRequest => ({
    protocol: "openai",
    model: "scripted",
    stream: true,
    wantsUsage: true,
    system: "",
    messages,
    tools: [],
  });
  const made = script([
    when(/counter/i, [call("a"), call("b"), say("c"), say("d")]),
    when((seen) => seen.tools.includes("special"), [say("special")]),
    say("default"),
  ]);
  const at = (...messages: ScriptMessage[]) => {
    const { exchange, answer, step } = findPosition(made, request(...messages), readAgentUserText);
    return [
      exchange,
      answer,
      step?.turn?.parts.map((part) => (part.kind === "call" ? part.name : part.kind === "say" ? part.text : part.kind)),
    ];
  };

  test.each<[string, ScriptMessage[], unknown[]]>([
    ["the first", [user("A Counter app")], [0, 0, ["a"]]],
    ["after one answer", [user("A counter app"), assistant, tool], [0, 1, ["b"]]],
    ["after two", [user("A counter app"), assistant, tool, assistant, tool], [0, 2, ["c"]]],
    ["of the second message", [user("A counter app"), assistant, tool, user("More")], [1, 0, ["d"]]],
    ["past the end: none", [user("A counter app"), user("b"), user("c")], [2, 0, undefined]],
    ["counted from the message that chose the branch", [user("Hello"), assistant, user("A counter app")], [0, 0, ["a"]]],
    ["of the default branch", [user("Hello")], [0, 0, ["default"]]],
    ["words in the context block do not count", [user("[CONTEXT]\nsrc/Counter.tsx\n[/CONTEXT]\n\nHello")], [0, 0, ["default"]]],
  ])("%s", (_, messages, expected) => {
    expect(at(...messages)).toEqual(expected);
  });

  test("results repeated by the agent are not the user's words", () => {
    expect(at(user("A counter app"), assistant, user("[tool results]\nread_file: x"), user("[CONTEXT]\n[/CONTEXT]\n\nMore"))).toEqual([
      1,
      0,
      ["d"],
    ]);
  });
  test("a broken response is continued, not followed", () => {
    const position = findPosition(
      script([say("one two three"), say("next")]),
      request(user("hi"), { role: "assistant", text: "one two", calls: [] }, user("[The connection broke while you were answering.]")),
      readAgentUserText,
    );
    expect(position).toMatchObject({ exchange: 0, answer: 0, sentText: "one two" });
  });
  test("a note after a truncated response requests the next response", () => {
    const position = findPosition(
      script([say("one"), finish("length"), say("two")]),
      request(user("hi"), { role: "assistant", text: "one", calls: [] }, user("[Your answer was cut off at the output limit.]")),
      readAgentUserText,
    );
    expect(position).toMatchObject({ exchange: 0, answer: 1, sentText: "", step: { turn: { parts: [say("two")] } } });
  });
  test("a function may choose by anything in the request", () => {
    const position = findPosition(made, { ...request(user("A counter app")), tools: ["special"] }, readAgentUserText);
    expect(position.step?.turn?.parts).toEqual([say("special")]);
  });
  test("the last exchange of afterwards repeats", () => {
    const ending = script([when(/a/, [say("a")]), afterwards([say("once"), say("always")]), say("default")]);
    const texts = ["a", "a b", "a b c", "a b c d", "x y"].map(
      (words) => findPosition(ending, request(...words.split(" ").map(user)), readAgentUserText).step?.turn?.parts,
    );
    expect(texts).toEqual([[say("a")], [say("once")], [say("always")], [say("always")], [say("once")]]);
  });
  test("a repeating script starts over", () => {
    const repeating = script([say("a"), say("b")], { repeat: true });
    const position = findPosition(repeating, request(user("1"), user("2"), user("3")), readAgentUserText);
    expect(position.step?.turn?.parts).toEqual([say("a")]);
  });
  test("distinguishes conversations by their first message", () => {
    const mark = (text: string) => findPosition(made, request(user(text), assistant, user("same")), readAgentUserText).conversation;
    expect(mark("one")).not.toBe(mark("two"));
    expect(mark("one")).toBe(mark("one"));
  });
});
