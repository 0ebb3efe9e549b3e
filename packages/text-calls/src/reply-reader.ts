import type { CallableTool } from "./tool.ts";
import { callsAfterMark, looksLikeCall, mayBeCall } from "./call-signs.ts";
import { callsOf, findCalls, unread, type FoundCall } from "./find-calls.ts";
import { readJson } from "./read-json.ts";
import {
  callFences,
  callMarks,
  channelMark,
  completionTokens,
  labels,
  literalPattern,
  literalPrefixes,
  longestLiteral,
  maybeCallFences,
  thinkingMarks,
} from "./reply-marks.ts";
import { createShownText, type Piece } from "./reply-text.ts";
import { createBracketScan, createEndFinder, type BracketScan, type EndFinder } from "./reply-scans.ts";
import { meantTool } from "./tool-names.ts";

export interface ReadReply {
  pieces: Piece[];
  /** In order, without duplicates. */
  calls: FoundCall[];
  /** The text contains a completion token. */
  claimsDone: boolean;
}
export interface ReplyReader {
  /** The text that may be shown now. */
  push(delta: string): Piece[];
  /** `isCutOff`: the reply was cut off. */
  end(isCutOff: boolean): ReadReply;
}

/** Further calls of a reply are refused: only a looping model makes so many. */
export const maxCallsPerReply = 24;

/** Attempts to parse an object whose brackets do not match, before the end of the reply. */
const maxEarlyTries = 8;
/** Input is processed in pieces of this size, to bound the work per step. */
const pieceChars = 4_096;
/** Characters that are held back while a call may still follow. */
const maxHeldChars = 1_000;
/** A longer line is not a closing fence. */
const maxFenceLineChars = 80;

type Mode =
  | { kind: "text" }
  /** Hidden reasoning, up to its end marker. */
  | { kind: "thinking"; until: string; text: string; find: EndFinder }
  /** Calls up to an end marker. `mark`: their start marker as written. */
  | { kind: "marked"; until: string | undefined; mark: string; body: string; find: EndFinder; header?: string }
  /** One JSON value. */
  | { kind: "json"; text: string; scan: BracketScan; tries: number; isFenced: boolean; header?: string }
  /** Between values within a fence. */
  | { kind: "fence" }
  /** An ordinary code block, shown as it is, up to its closing fence. */
  | { kind: "code"; fence?: string }
  /** Tool results that the model invented. */
  | { kind: "ignored" };

export interface ReplyReaderOptions {
  /** The text is itself reasoning, so nested markers are ignored. */
  isThought?: boolean;
  /** Whether the call only repeats what the model has read. `text`: as written. */
  isQuoted?: (call: FoundCall, text: string) => boolean;
}

/**
 * Parses a streamed reply of a model without function calling into visible text, reasoning and calls. Quoted calls are shown and not executed: those in a
 * blockquote, a table, a comment, inline code, quotation marks or a longer fence, and those that `isQuoted` detects. Text that might become a call is held
 * back until that is clear. Time and memory are linear in the length of the reply.
 */
export function createReplyReader(
  tools: readonly CallableTool[],
  { isThought = false, isQuoted = () => false }: ReplyReaderOptions = {},
): ReplyReader {
  let mode: Mode = { kind: "text" };
  let buffer = "";
  let claimsDone = false;
  let isAfterFence = false;
  /** The opening line of a fence that may contain calls; shown if it contains none. */
  let fenceLine = "";
  const shown = createShownText();
  const calls: FoundCall[] = [];

  const become = (next: Mode): void => {
    mode = next;
  };
  const add = (found: readonly FoundCall[]): void => {
    fenceLine = "";
    calls.push(...found);
    shown.endCalls();
  };

  /** One step; false when more input is needed. */
  const step = (isEnd: boolean): boolean => {
    switch (mode.kind) {
      case "text":
        return plainStep(isEnd);
      case "ignored":
        buffer = "";
        return false;
      case "code": {
        const fence = mode.fence ?? "```";
        const end = new RegExp(`(^|\\n)[ \\t]*${fence}\`*[ \\t]*(?=\\n|$)`).exec(buffer);
        if (end && (isEnd || end.index + end[0].length < buffer.length)) {
          shown.emitCode(buffer.slice(0, end.index + end[0].length));
          buffer = buffer.slice(end.index + end[0].length);
          shown.isLineStart = false;
          become({ kind: "text" });
          return true;
        }
        const lastLine = buffer.lastIndexOf("\n");
        const lastPart = buffer.slice(lastLine + 1);
        const isSafe = lastPart.length > maxFenceLineChars || !/^[ \t]*`*[ \t]*$/.test(lastPart);
        const upTo = isEnd || isSafe ? buffer.length : Math.max(0, lastLine);
        shown.emitCode(buffer.slice(0, upTo));
        buffer = buffer.slice(upTo);
        return false;
      }
      case "thinking": {
        const end = mode.find(buffer);
        mode.text += buffer;
        buffer = "";
        if (end === undefined) return false;
        shown.addThought(mode.text.slice(0, end - mode.until.length).trim());
        buffer = mode.text.slice(end);
        become({ kind: "text" });
        return true;
      }
      case "marked": {
        const end = mode.find(buffer);
        mode.body += buffer;
        buffer = "";
        if (end === undefined) return false;
        const { body } = mode;
        addMarked(mode, body.slice(0, end), false);
        buffer = body.slice(end);
        become({ kind: "text" });
        return true;
      }
      case "fence": {
        buffer = buffer.replace(/^[\s,]+/, "");
        if (buffer === "") return false;
        if (/^`{1,2}$/.test(buffer) && !isEnd) return false;
        if (buffer.startsWith("```")) {
          buffer = buffer.slice(3);
          shown.isLineStart = true;
          become({ kind: "text" });
          return true;
        }
        if (buffer[0] === "{" || buffer[0] === "[") {
          const verdict = mayBeCall(buffer, tools, isEnd);
          if (verdict === "wait") return false;
          if (verdict === "yes") {
            become({ kind: "json", text: "", scan: createBracketScan(), tries: 0, isFenced: true });
            return true;
          }
        }
        isAfterFence = true;
        shown.isLineStart = true;
        become({ kind: "text" });
        return true;
      }
      case "json":
        return jsonStep(isEnd);
    }
  };

  const addMarked = ({ mark, header }: Extract<Mode, { kind: "marked" }>, body: string, isCutOff: boolean): void => {
    const found = callsAfterMark(body, tools, isCutOff, header);
    const meant = found.filter((call) => !isQuoted(call, body));
    if (found.length > 0 && meant.length === 0) shown.emitCode(mark + body);
    else add(meant);
  };
  const jsonStep = (isEnd: boolean): boolean => {
    if (mode.kind !== "json") return true;
    const { scan } = mode;
    scan.push(buffer);
    mode.text += buffer;
    buffer = "";
    while (mode.tries < maxEarlyTries) {
      const end = scan.next();
      if (end === undefined) break;
      const text = mode.text.slice(0, end);
      const reading = readJson(text);
      if (reading.ok && reading.end >= text.trimEnd().length) {
        const found = foundIn(text, reading, mode.header);
        const { isFenced } = mode;
        buffer = mode.text.slice(end);
        if (found) add(found);
        else if (isFenced && fenceLine !== "") {
          shown.emitCode(fenceLine + text);
          fenceLine = "";
          become({ kind: "code" });
          return true;
        } else shown.emit(text);
        become(isFenced ? { kind: "fence" } : { kind: "text" });
        return true;
      }
      // An unescaped quote may have shifted the brackets: try further ends.
      mode.tries++;
    }
    if (!isEnd) return false;
    endJson(mode);
    return true;
  };

  /** The reply ended before the brackets did. */
  const endJson = ({ text, header, isFenced }: Extract<Mode, { kind: "json" }>): void => {
    const reading = readJson(text);
    become({ kind: "text" });
    if (reading.ok) {
      const found = foundIn(text.slice(0, reading.end), reading, header);
      if (found) add(found);
      else shown.emitCode((isFenced ? fenceLine : "") + text.slice(0, reading.end));
      buffer = text.slice(reading.end).replace(/^\s*```/, "");
      if (isFenced) isAfterFence = true;
      return;
    }
    const call = header !== undefined || looksLikeCall(text, tools) ? unread(text, tools, reading.reason, header) : undefined;
    if (call && !isQuoted(call, text)) add([call]);
    else shown.emitCode((isFenced ? fenceLine : "") + text);
  };

  /** Undefined when there are none, or only quoted ones. */
  const foundIn = (
    text: string,
    { value, repairs }: { value: unknown; repairs: FoundCall["repairs"] },
    header: string | undefined,
  ): FoundCall[] | undefined => {
    const found = header === undefined ? callsOf(value, tools, repairs) : findCalls(JSON.stringify(value), tools, false, header);
    const meant = found?.filter((call) => !isQuoted(call, text));
    return meant && (meant.length > 0 || found?.length === 0) ? meant : undefined;
  };

  const plainStep = (isEnd: boolean): boolean => {
    literalPattern.lastIndex = 0;
    for (let match = literalPattern.exec(buffer); match; match = literalPattern.exec(buffer)) {
      // `<task_complete` holds `task_complete`: the longer marker may be incomplete.
      const longer = isEnd ? -1 : longerAt(buffer, match.index, match[0].length);
      if (longer !== -1) {
        shown.emit(buffer.slice(0, longer));
        buffer = buffer.slice(longer);
        return false;
      }
      const verdict = decide(match[0].toLowerCase(), match.index, isEnd);
      if (verdict === "wait") {
        // Including the formatting before a bold label.
        const from = match.index - (/(?:^|\n)([ \t*#>_]{1,6})$/.exec(buffer.slice(0, match.index))?.[1]?.length ?? 0);
        shown.emit(buffer.slice(0, from));
        buffer = buffer.slice(from);
        return false;
      }
      if (verdict === "taken") return true;
      literalPattern.lastIndex = match.index + 1;
    }
    let held = 0;
    if (!isEnd) {
      for (let size = Math.min(longestLiteral - 1, buffer.length); size > 0 && held === 0; size--)
        if (literalPrefixes.has(buffer.slice(-size).toLowerCase())) held = size;
      // Including the formatting around a label (`**Thought:**`).
      held += /(?:^|\n)([ \t*#>_]{1,6})$/.exec(buffer.slice(0, buffer.length - held))?.[1]?.length ?? 0;
    }
    shown.emit(buffer.slice(0, buffer.length - held));
    buffer = buffer.slice(buffer.length - held);
    return false;
  };

  /** Handles the marker at `at`. */
  const decide = (literal: string, at: number, isEnd: boolean): "taken" | "wait" | "none" => {
    const take = (length: number): void => {
      shown.emit(buffer.slice(0, at));
      buffer = buffer.slice(at + length);
    };
    const rest = buffer.slice(at);
    if (literal === "{" || literal === "[") {
      const verdict = mayBeCall(rest, tools, isEnd);
      if (verdict !== "yes") return verdict === "wait" ? "wait" : "none";
      if (shown.isInQuote(buffer, at)) return "none";
      take(0);
      become(
        /^\[\s*[a-z_]\w*\(/.test(rest)
          ? markedUntil(")]", "")
          : { kind: "json", text: "", scan: createBracketScan(), tries: 0, isFenced: false },
      );
      return "taken";
    }
    if (literal === "```") return shown.isInQuote(buffer, at) ? "none" : fence(rest, isEnd, take);
    if (completionTokens.includes(literal)) {
      claimsDone = true;
      take(literal.length);
      return "taken";
    }
    if (Object.hasOwn(thinkingMarks, literal)) {
      take(literal.length);
      if (!isThought) become(thinkingUntil(thinkingMarks[literal]!));
      return "taken";
    }
    if (Object.hasOwn(callMarks, literal)) {
      if (shown.isInQuote(buffer, at)) return "none";
      const isOpen = literal.endsWith("=") || literal.endsWith('"');
      take(isOpen ? 0 : literal.length);
      become(markedUntil(callMarks[literal], isOpen ? "" : rest.slice(0, literal.length)));
      return "taken";
    }
    if (literal === channelMark) {
      if (shown.isInQuote(buffer, at)) return "none";
      const message = rest.slice(0, 220).indexOf("<|message|>");
      if (message === -1) return isEnd || rest.length > 200 ? "none" : "wait";
      const head = rest.slice(0, message);
      const name = /to=([\w.:-]+)/.exec(head)?.[1];
      take(message + "<|message|>".length);
      if (name !== undefined) become(markedUntil("<|call|>", rest.slice(0, message + "<|message|>".length), name));
      else if (/analysis|commentary/.test(head)) become(thinkingUntil("<|end|>"));
      return "taken";
    }
    if (Object.hasOwn(labels, literal)) return label(literal, at, rest, isEnd, take);
    take(literal.length);
    return "taken";
  };

  const label = (literal: string, at: number, rest: string, isEnd: boolean, take: (length: number) => void): "taken" | "wait" | "none" => {
    const before = buffer.slice(0, at);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    if (!/^[ \t*#>_-]*$/.test(line) || (!before.includes("\n") && !shown.isLineStart)) return "none";
    const meaning = labels[literal]!;
    // The formatting after a bold label may be incomplete.
    if (/[*_]/.test(line) && !isEnd && rest.length < literal.length + 3) return "wait";
    const decoration = line.length;
    const drop = (): void => {
      // `**Thought:** …`: removes the formatting around the label.
      shown.emit(before.slice(0, before.length - decoration));
      buffer = rest.slice(literal.length + /^[*_]{0,3}/.exec(rest.slice(literal.length))![0].length);
    };
    if (meaning === "ignored") {
      if (calls.length === 0 && literal.endsWith(":")) return "none";
      take(0);
      buffer = "";
      become({ kind: "ignored" });
      return "taken";
    }
    if (meaning === "action" && !shown.isInQuote(buffer, at)) {
      // ReAct: a tool's name, then `Action Input:` and its parameters.
      const react =
        /^action:[*_\s]{0,8}[`"]?([\w.-]{1,128})[`"]?[*_]{0,3}[ \t]*\r?\n[ \t*_]*action input:[*_]*\s*(?:```(?:json)?\s*)?/i.exec(rest);
      if (react && meantTool(react[1]!, tools) !== undefined) {
        if (react[0].length === rest.length && !isEnd && rest.length < maxHeldChars) return "wait";
        take(react[0].length);
        become(
          buffer[0] === "{"
            ? { kind: "json", text: "", scan: createBracketScan(), tries: 0, isFenced: react[0].includes("```"), header: react[1]! }
            : markedUntil("\n", react[0], react[1]!),
        );
        return "taken";
      }
      const word = /^action:[*_\s]*[`"]?([\w.-]*)[`"]?[*_]*[ \t]*(\r?\n)?/i.exec(rest);
      const isName =
        word !== null &&
        (word[1] === "" ? /^action:[*_ \t]*$/i.test(rest) : meantTool(word[1]!, tools) !== undefined || word[0].length === rest.length);
      if (isName && !isEnd && rest.length < 200 && !/\n[^\n]*\n|:\s*\{/.test(rest.slice(8))) return "wait";
    }
    drop();
    shown.begin(meaning === "thought" ? "thought" : "text");
    return "taken";
  };

  const fence = (rest: string, isEnd: boolean, take: (length: number) => void): "taken" | "wait" | "none" => {
    const ticks = /^`+/.exec(rest)![0];
    if (ticks.length === rest.length && !isEnd && rest.length < maxHeldChars) return "wait";
    if (ticks.length > 3) {
      take(0);
      shown.emitCode(ticks);
      buffer = buffer.slice(ticks.length);
      become({ kind: "code", fence: ticks });
      return "taken";
    }
    const line = /^```[ \t]*([\w-]*)[ \t]*(\r?\n)?/.exec(rest)!;
    if (!isEnd && line[0].length === rest.length && line[2] === undefined && rest.length < maxHeldChars) return "wait";
    const language = (line[1] ?? "").toLowerCase();
    if (isAfterFence && language === "" && (line[2] !== undefined || isEnd)) {
      isAfterFence = false;
      take(line[0].length);
      return "taken";
    }
    if (line[2] === undefined && !/^```[ \t]*(?:(?:json|tool_\w+)[ \t]*)?[{[]/.test(rest)) {
      take(0);
      shown.emitCode(buffer.slice(0, 3));
      buffer = buffer.slice(3);
      return "taken";
    }
    if (callFences.has(language)) {
      take(line[0].length);
      become(markedUntil("```", line[0]));
      return "taken";
    }
    if (maybeCallFences.has(language)) {
      const inside = rest.slice(line[0].length).trimStart();
      if (inside === "" && !isEnd && rest.length < maxHeldChars) return "wait";
      const tag = Object.keys(callMarks).find((mark) => inside.toLowerCase().startsWith(mark));
      const isTagSoon =
        !isEnd && inside.length < 20 && (inside[0] === "<" || inside[0] === "[") && literalPrefixes.has(inside.toLowerCase());
      if (tag === undefined && isTagSoon) return "wait";
      const verdict = tag !== undefined ? "yes" : inside[0] === "{" || inside[0] === "[" ? mayBeCall(inside, tools, isEnd) : "no";
      if (verdict === "wait") return "wait";
      if (verdict === "yes") {
        take(line[0].length);
        if (tag !== undefined) {
          isAfterFence = true;
          return "taken";
        }
        fenceLine = line[0];
        become({ kind: "fence" });
        return "taken";
      }
    }
    take(0);
    shown.emitCode(line[0]);
    buffer = buffer.slice(line[0].length);
    become({ kind: "code" });
    return "taken";
  };

  const run = (isEnd: boolean): void => {
    while (step(isEnd));
  };

  return {
    push(delta) {
      for (let at = 0; at < delta.length; at += pieceChars) {
        buffer += delta.slice(at, at + pieceChars);
        run(false);
      }
      return shown.take();
    },
    end(isCutOff) {
      run(true);
      if (mode.kind === "marked") addMarked(mode, mode.body, isCutOff || mode.until !== undefined);
      if (mode.kind === "json") endJson(mode);
      if (mode.kind === "thinking") {
        // Unterminated reasoning may contain the intended calls.
        shown.addThought(mode.text.trim());
        const inner = createReplyReader(tools, { isThought: true, isQuoted });
        inner.push(mode.text);
        if (calls.length === 0 && !isCutOff) calls.push(...inner.end(false).calls.filter((call) => call.problem === undefined));
      }
      become({ kind: "text" });
      run(true);
      return { pieces: shown.take(), calls: limitCalls(calls), claimsDone };
    },
  };
}

/** The possible start of a longer marker around the one found; -1 when there is none. */
function longerAt(buffer: string, at: number, length: number): number {
  if (at + length !== buffer.length) return -1;
  for (let from = Math.max(0, at - 6); from < at; from++) if (literalPrefixes.has(buffer.slice(from).toLowerCase())) return from;
  return -1;
}

/** Removes duplicates; refuses too many calls in one result. */
function limitCalls(calls: readonly FoundCall[]): FoundCall[] {
  const seen = new Set<string>();
  const unique = calls.filter((call) => {
    const key = `${call.name} ${call.arguments}`;
    return seen.has(key) ? false : (seen.add(key), true);
  });
  if (unique.length <= maxCallsPerReply) return unique;
  const surplus = unique.length - maxCallsPerReply;
  return [
    ...unique.slice(0, maxCallsPerReply),
    { ...unread("", [], `${surplus} more calls of this reply were not run: at most ${maxCallsPerReply} at once`), arguments: "{" },
  ];
}

const markedUntil = (until: string | undefined, mark: string, header?: string): Mode => ({
  kind: "marked",
  until,
  mark,
  body: "",
  find: createEndFinder(until),
  ...(header === undefined ? {} : { header }),
});
const thinkingUntil = (until: string): Mode => ({ kind: "thinking", until, text: "", find: createEndFinder(until) });
