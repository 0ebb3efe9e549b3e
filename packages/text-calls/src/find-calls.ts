import type { CallableTool } from "./tool.ts";
import { readJson, type Repair } from "./read-json.ts";
import { meantTool } from "./tool-names.ts";

/** A call that a model wrote as text. */
export interface FoundCall {
  name: string;
  /** JSON text; the model's own text for a call that could not be parsed. */
  arguments: string;
  repairs: ReadonlySet<Repair>;
  /** Why the call could not be parsed. */
  problem?: string;
}

type Tools = readonly CallableTool[];

/** First keys of an object that may be a call. */
export const callKeys = new Set([
  "tool_name", "tool", "name", "function", "function_name", "action", "tool_calls", "tool_call", "calls", "type", "id", "parameters", "arguments", "args",
]); // prettier-ignore
const nameKeys = ["tool_name", "tool", "name", "function_name", "function", "action", "recipient_name"];
const argumentKeys = ["parameters", "arguments", "args", "params", "input", "action_input", "tool_input", "kwargs", "tool_args"];
const unreadable = "unreadable_call";
/** Maximum characters of a name before a call. */
const maxNameChars = 160;
/** Maximum unparsable calls that are reported to the model. */
const maxUnread = 24;

/** The calls in a parsed value; undefined when the value is part of the answer. */
export function callsOf(value: unknown, tools: Tools, repairs: ReadonlySet<Repair>): FoundCall[] | undefined {
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined;
    const found = value.map((item) => callsOf(item, tools, repairs));
    return found.every((calls) => calls !== undefined) ? found.flat() : undefined;
  }
  if (!isObject(value)) return undefined;
  for (const key of ["tool_calls", "calls", "tool_call"]) {
    const inner = value[key];
    if (inner !== undefined) {
      const calls = callsOf(inner, tools, repairs);
      if (calls) return calls;
    }
  }
  // {"type": "function", "function": {"name", "arguments"}}
  if (isObject(value.function)) return callsOf(value.function, tools, repairs);
  const nameKey = nameKeys.find((key) => typeof value[key] === "string");
  if (nameKey === undefined) return namedByKey(value, tools, repairs);
  const given = value[nameKey] as string;
  const name = meantTool(given, tools);
  const argumentKey = argumentKeys.find((key) => key !== nameKey && value[key] !== undefined);
  if (argumentKey !== undefined) {
    const parameters = objectOf(value[argumentKey]);
    if (parameters === undefined && name === undefined) return undefined;
    return [callWith(name ?? given, parameters ?? value[argumentKey], tools, repairs)];
  }
  if (name === undefined) return nameKey === "tool_name" ? [callWith(given, {}, tools, repairs)] : undefined;
  // The parameters are beside the name.
  const { [nameKey]: _name, type: _type, id: _id, ...rest } = value;
  return nameKey === "tool_name" || nameKey === "tool" || Object.keys(rest).length === 0 || fits(rest, name, tools)
    ? [callWith(name, rest, tools, repairs)]
    : undefined;
}

/** {"write_file": {"file_path": …}} */
function namedByKey(value: Record<string, unknown>, tools: Tools, repairs: ReadonlySet<Repair>): FoundCall[] | undefined {
  const entries = Object.entries(value);
  const calls = entries.map(([key, item]) => {
    const name = meantTool(key, tools);
    return name !== undefined && name === key && isObject(item) ? callWith(name, item, tools, repairs) : undefined;
  });
  return calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
}

/** Guessed quotes are accepted only if the resulting names are parameters of the tool. */
function callWith(name: string, parameters: unknown, tools: Tools, repairs: ReadonlySet<Repair>): FoundCall {
  if (repairs.has("inner_quotes") && isObject(parameters) && !fits(parameters, name, tools)) {
    return {
      name,
      arguments: JSON.stringify(parameters).slice(0, -1),
      repairs,
      problem: "a quote inside a string is not escaped, so it is unclear where the string ends",
    };
  }
  return { name, arguments: JSON.stringify(parameters), repairs };
}

function fits(parameters: Record<string, unknown>, name: string, tools: Tools): boolean {
  const properties = tools.find((tool) => tool.name === name)?.parameters.properties;
  return isObject(properties) && Object.keys(parameters).every((key) => Object.hasOwn(properties, key));
}

/** Some write the arguments as JSON inside a string. */
function objectOf(value: unknown): Record<string, unknown> | undefined {
  if (isObject(value)) return value;
  if (typeof value !== "string") return value === null ? {} : undefined;
  if (value.trim() === "") return {};
  const inner = readJson(value.trim());
  return inner.ok && isObject(inner.value) ? inner.value : undefined;
}

/**
 * All calls in a text that was marked as calls: JSON in the usual shapes, XML of Qwen, Hermes, Llama, GLM and Claude, tokens of DeepSeek and Kimi, Python
 * calls. Unparsable text becomes a call with a `problem`.
 */
export function findCalls(body: string, tools: Tools, isCutOff: boolean, header?: string): FoundCall[] {
  // Mistral: name[CALL_ID]x[ARGS]{…}[TOOL_CALLS]name[ARGS]{…}
  const text = /^\s*[\w.:-]+\s*(\[CALL_ID\]\w+)?\[ARGS\]/.test(body)
    ? body.replaceAll(/\[CALL_ID\]\w+|\[ARGS\]|\[TOOL_CALLS\]/g, " ").trim()
    : body.trim();
  if (text === "") return [];
  const xml = xmlCalls(text, tools);
  if (xml.length > 0) return xml;
  const tokens = tokenCalls(text, tools);
  if (tokens.length > 0) return tokens;
  if (header !== undefined) {
    const inner = readJson(text);
    return inner.ok && isObject(inner.value)
      ? [callWith(meantTool(header, tools) ?? header, inner.value, tools, inner.repairs)]
      : [unread(text, tools, inner.ok ? "an object of parameters is needed" : inner.reason, header)];
  }
  const calls: FoundCall[] = [];
  let rest = text;
  while (rest !== "") {
    const at = rest.search(/[{[]|\b[a-z_]\w*\(/);
    if (at === -1) break;
    const python = pythonCall(rest.slice(at), tools);
    if (python) {
      calls.push(python.call);
      rest = rest.slice(at + python.end);
      continue;
    }
    if (rest[at] !== "{" && rest[at] !== "[") {
      const next = rest.slice(at).search(/[{[]/);
      if (next === -1) break;
      // name{"file_path": …} and name[ARGS]{…}
      const word = /([\w.:-]+)\s*(?:\[ARGS\])?\s*$/.exec(rest.slice(Math.max(0, at + next - maxNameChars), at + next))?.[1];
      rest = rest.slice(at + next);
      if (word === undefined || meantTool(word, tools) === undefined) continue;
      const inner = readJson(rest);
      if (!inner.ok) return [...calls, unread(rest, tools, inner.reason, word)];
      if (isObject(inner.value)) calls.push(callWith(meantTool(word, tools)!, inner.value, tools, inner.repairs));
      rest = rest.slice(inner.end);
      continue;
    }
    if (/^\[\s*[a-z_]\w*\(/.test(rest.slice(at))) {
      rest = rest.slice(at + 1);
      continue;
    }
    const before = /([\w.:-]+)\s*(?:\[ARGS\]|\[CALL_ID\]\w+\[ARGS\]|\n?```(?:json)?)?\s*$/.exec(
      rest.slice(Math.max(0, at - maxNameChars), at),
    )?.[1];
    const named = before === undefined ? undefined : meantTool(before, tools);
    const reading = readJson(rest.slice(at));
    if (!reading.ok)
      return [
        ...calls,
        unread(
          rest.slice(at),
          tools,
          isCutOff && reading.isTruncated ? "the reply ended in the middle of the call" : reading.reason,
          named,
        ),
      ];
    const found = callsOf(reading.value, tools, reading.repairs);
    if (found) calls.push(...found);
    else if (named !== undefined && isObject(reading.value)) calls.push(callWith(named, reading.value, tools, reading.repairs));
    rest = rest.slice(at + Math.max(1, reading.end));
  }
  return calls;
}

/** A call that could not be parsed: its name, if visible, and the reason. */
export function unread(text: string, tools: Tools, reason: string, header?: string): FoundCall {
  const seen = header ?? /["'“]?(?:tool_name|tool|name|function|action)["'”]?\s*[:=]\s*["'“]([\w.:-]+)["'”]/.exec(text)?.[1];
  const name = seen === undefined ? unreadable : (meantTool(seen, tools) ?? seen);
  return { name, arguments: text.slice(0, 2_000), repairs: new Set(), problem: reason };
}

function xmlCalls(text: string, tools: Tools): FoundCall[] {
  const calls: FoundCall[] = [];
  const add = (name: string, parameters: Record<string, unknown>, isClosed: boolean): void => {
    const meant = meantTool(name, tools) ?? name;
    calls.push(
      isClosed
        ? { name: meant, arguments: JSON.stringify(parameters), repairs: new Set() }
        : { name: meant, arguments: text.slice(-2_000), repairs: new Set(), problem: "the reply ended in the middle of the call" },
    );
  };
  // <function=write_file><parameter=file_path>…</parameter></function>, <invoke name="…"><parameter name="…">…</parameter></invoke>
  for (const block of text.matchAll(
    /<(function|invoke)(?:=|\s+name=)["']?([\w.:-]+)["']?\s*>([\s\S]*?)(<\/\1>|(?=<(?:function|invoke)(?:=|\s+name=))|$)/g,
  )) {
    const [, , name = "", inside = "", end = ""] = block;
    const parameters: Record<string, unknown> = {};
    let isClosed = true;
    for (const one of inside.matchAll(
      /<parameter(?:=|\s+name=)["']?([\w.-]+)(?![\w.-])["']?[^<>]*>([\s\S]*?)(<\/parameter>|(?=<parameter[= ])|$)/g,
    )) {
      parameters[one[1]!] = unframed(one[2]!);
      if (one[3] === "" && end === "") isClosed = false;
    }
    if (Object.keys(parameters).length === 0) {
      const inner = readJson(inside.trim());
      if (inner.ok && isObject(inner.value)) Object.assign(parameters, inner.value);
      else if (inside.trim() !== "" && end === "") isClosed = false;
    }
    add(name, parameters, isClosed);
  }
  if (calls.length > 0) return calls;
  // GLM: name, then <arg_key>k</arg_key><arg_value>v</arg_value>
  for (const block of text.split(/<\/?tool_call>/)) {
    if (!block.includes("<arg_key>")) continue;
    const parameters: Record<string, unknown> = {};
    for (const [, key = "", value = ""] of block.matchAll(/<arg_key>([^<]*)<\/arg_key>\s*<arg_value>([\s\S]*?)(?:<\/arg_value>|$)/g))
      parameters[key.trim()] = value;
    add(
      block.trim().split(/[\s<]/)[0] ?? "",
      parameters,
      (block.match(/<arg_value>/g) ?? []).length === (block.match(/<\/arg_value>/g) ?? []).length,
    );
  }
  if (calls.length > 0) return calls;
  // <write_file><file_path>…</file_path><content>…</content></write_file>
  for (const block of elements(text)) {
    const name = tools.find((tool) => tool.name === block.name)?.name;
    if (name === undefined) continue;
    const parameters: Record<string, unknown> = {};
    for (const { name: key, inside } of elements(block.inside)) parameters[key] = unframed(inside);
    add(name, parameters, true);
  }
  return calls;
}

/** The content between a tag and the next one that closes it, without nesting. End tags are indexed once. */
function* elements(text: string): Generator<{ name: string; inside: string }> {
  const ends = new Map<string, { at: number[]; next: number }>();
  for (const end of text.matchAll(/<\/([a-z]\w*)>/g)) {
    const known = ends.get(end[1]!);
    if (known) known.at.push(end.index);
    else ends.set(end[1]!, { at: [end.index], next: 0 });
  }
  const opening = /<([a-z]\w*)>/g;
  for (let open = opening.exec(text); open; open = opening.exec(text)) {
    const name = open[1]!;
    const closing = ends.get(name);
    if (!closing) continue;
    const from = opening.lastIndex;
    while (closing.next < closing.at.length && closing.at[closing.next]! < from) closing.next++;
    const to = closing.at[closing.next];
    if (to === undefined) continue;
    yield { name, inside: text.slice(from, to) };
    opening.lastIndex = to + name.length + 3;
  }
}

/** DeepSeek: `function<｜tool▁sep｜>name\n```json\n{…}\n````. Kimi: `functions.name:0<|tool_call_argument_begin|>{…}`. */
function tokenCalls(text: string, tools: Tools): FoundCall[] {
  const calls: FoundCall[] = [];
  for (const one of text.matchAll(
    /(?:<｜tool▁sep｜>|<\|tool_call_begin\|>\s*)([\w.:-]+)(?:\s*```(?:json)?\s*|\s*<\|tool_call_argument_begin\|>\s*|\s*)(?=\{)/g,
  )) {
    const name = one[1]!.replace(/^functions\./, "").replace(/:\d+$/, "");
    const rest = text.slice(one.index + one[0].length);
    const reading = readJson(rest);
    if (reading.ok && isObject(reading.value)) calls.push(callWith(meantTool(name, tools) ?? name, reading.value, tools, reading.repairs));
    else calls.push(unread(rest, tools, reading.ok ? "an object of parameters is needed" : reading.reason, name));
    if (calls.length >= maxUnread && calls.every((call) => call.problem !== undefined)) break;
  }
  return calls;
}

/** `write_file(file_path="a", content="b")`, also `print(default_api.write_file(…))` and `write_file.call(…)`. */
function pythonCall(text: string, tools: Tools): { call: FoundCall; end: number } | undefined {
  const head = /^(?:print\()?(?:default_api\.|functions\.|tools\.)?([a-z_]\w*)(?:\.call)?\(\s*/.exec(text);
  if (!head) return undefined;
  const name = meantTool(head[1]!, tools);
  if (name === undefined) return undefined;
  let at = head[0].length;
  const parameters: Record<string, unknown> = {};
  const repairs = new Set<Repair>();
  for (;;) {
    const key = /^\s*,?\s*([a-z_]\w*)\s*=\s*/.exec(text.slice(at, at + 200));
    if (!key) break;
    at += key[0].length;
    const one = firstValue(text.slice(at));
    if (!one.ok) return { call: unread(text, tools, one.reason, name), end: text.length };
    for (const repair of one.repairs) repairs.add(repair);
    parameters[key[1]!] = one.value;
    at += one.end;
  }
  const end = /^\s*,?\s*\)+/.exec(text.slice(at))?.[0];
  if (end === undefined) return { call: unread(text, tools, "the call does not end with a bracket", name), end: text.length };
  return { call: { name, arguments: JSON.stringify(parameters), repairs }, end: at + end.length };
}

function firstValue(text: string): ReturnType<typeof readJson> {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    if (text.startsWith(quote.repeat(3))) return readJson(text);
    // Python strings have JSON's escapes and end at the first unescaped quote.
    let end = 1;
    while (end < text.length && text[end] !== quote) end += text[end] === "\\" ? 2 : 1;
    if (end >= text.length) return { ok: false, reason: "a string does not end", isTruncated: true };
    const inner = readJson(text.slice(0, end + 1));
    return inner.ok ? { ...inner, end: end + 1 } : inner;
  }
  return readJson(text);
}

/** XML parameters are surrounded by line breaks that are not part of the value. They stay text; the tool's schema converts them. */
function unframed(text: string): string {
  return text.replace(/^\r?\n/, "").replace(/\r?\n$/, "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
