import { createHash } from "node:crypto";
import type { Branch, Exchange, Fault, Script, ScriptRequest, Step } from "./script.ts";

/**
 * Extracts the user's words from a user message: `null` when a program wrote the message (tool results as text, a nudge). The default
 * knows the formats of our agent; other clients can provide their own.
 */
export type ReadUserText = (text: string) => string | null;

/** The position of a request in a script. */
export interface ScriptPosition {
  /** Identifies the conversation: the hash of the user's first message. */
  conversation: string;
  branch: Branch | undefined;
  /** Which user message, counted from the one that chose the branch. */
  exchange: number;
  /** How many responses it has had. */
  answer: number;
  step: Step | undefined;
  /** The part of the response that was sent before the connection broke, if the request continues it. */
  sentText: string;
}

/** What our agent writes as the user: results of calls as text, a correction, notes on the run, images of results, a summary. */
const programNotes =
  /^\[(tool results\]|Correction\]|The connection broke|Your answer was cut off|This run (was|ended)|The run ended|The person stopped|The image |Repeated, because|SUMMARY of)/;
const brokenNote = /^\[The connection broke/;

export const readAgentUserText: ReadUserText = (text) => {
  if (programNotes.test(text)) return null;
  const context = /^\s*\[CONTEXT\][\s\S]*?\[\/CONTEXT\]\s*/.exec(text);
  return context ? text.slice(context[0].length) : text;
};

/** Determines the position from the request alone, so that the same request always has the same one. */
export function findPosition(script: Script, request: ScriptRequest, readUserText: ReadUserText): ScriptPosition {
  const userMessages: { text: string; index: number }[] = [];
  request.messages.forEach((message, index) => {
    const text = message.role === "user" ? readUserText(message.text) : null;
    if (text !== null) userMessages.push({ text, index });
  });
  const conversation = createHash("sha256")
    .update(userMessages[0]?.text ?? "")
    .digest("hex")
    .slice(0, 16);
  const last = userMessages.at(-1)?.index ?? -1;
  const answers = request.messages.filter((message, index) => message.role === "assistant" && index > last);
  // After a broken connection the model continues the response.
  const [before, note] = request.messages.slice(-2);
  const isUnfinished = note?.role === "user" && brokenNote.test(note.text) && before?.role === "assistant" && before.calls.length === 0;
  const sentText = isUnfinished ? before.text : "";
  const answer = answers.length - (sentText === "" ? 0 : 1);
  const { branch, from } = chooseBranch(
    script,
    request,
    userMessages.map((message) => message.text),
  );
  const exchange = Math.max(0, userMessages.length - 1 - from);
  const steps = branch && exchangeOf(script, branch, exchange);
  return { conversation, branch, exchange, answer, step: steps?.[answer], sentText };
}

function exchangeOf(script: Script, { exchanges }: Branch, index: number): Exchange | undefined {
  if (index < exchanges.length) return exchanges[index];
  if (script.repeats && exchanges.length > 0) return exchanges[index % exchanges.length];
  const { afterwards } = script;
  return afterwards[Math.min(index - exchanges.length, afterwards.length - 1)];
}

function chooseBranch(script: Script, request: ScriptRequest, userMessages: string[]): { branch: Branch | undefined; from: number } {
  const byRequest = script.branches.find((branch) => typeof branch.matches === "function" && branch.matches(request));
  if (byRequest) return { branch: byRequest, from: 0 };
  for (const [from, text] of userMessages.entries()) {
    const branch = script.branches.find((candidate) => candidate.matches instanceof RegExp && text.search(candidate.matches) >= 0);
    if (branch) return { branch, from };
  }
  return { branch: script.branches.find((candidate) => candidate.matches === undefined), from: 0 };
}

/** Remembers which faults were applied, per conversation and position. */
export function createFaultState() {
  const applied = new Map<string, number>();
  return {
    /** The fault to apply now, counted; `undefined` when the response may be played. */
    next(position: ScriptPosition): Fault | undefined {
      const { step } = position;
      if (!step) return undefined;
      for (const [index, fault] of step.faults.entries()) {
        const isLasting = !step.turn && index === step.faults.length - 1;
        if (isLasting) return fault;
        const key = `${position.conversation}/${position.exchange}/${position.answer}/${index}`;
        const times = applied.get(key) ?? 0;
        if (times >= fault.times) continue;
        applied.set(key, times + 1);
        return fault;
      }
      return undefined;
    },
    clear: () => applied.clear(),
  };
}
