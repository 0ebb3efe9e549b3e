/** How a call in the text of a reply is recognized. */
import { callKeys, findCalls, unread, type FoundCall } from "./find-calls.ts";
import type { CallableTool } from "./tool.ts";
import { meantTool } from "./tool-names.ts";

/** Whether the bracket may start a call, decided by its first key. */
export function mayBeCall(text: string, tools: readonly CallableTool[], isEnd: boolean): "yes" | "no" | "wait" {
  const head = text.slice(0, 160);
  const list = /^\[\s*/.exec(head)?.[0];
  if (list !== undefined) {
    const inside = head.slice(list.length);
    if (inside === "") return isEnd || head.length >= 160 ? "no" : "wait";
    const python = /^([a-z_]\w*)(\(?)/.exec(inside);
    if (python) {
      if (python[2] === "(")
        return meantTool(python[1]!, tools) !== undefined && /^[a-z_]\w*\(\s*([a-z_]\w*\s*=|\))/.test(inside)
          ? "yes"
          : /^[a-z_]\w*\(\s*[a-z_]*\w*\s*$/.test(inside) && !isEnd && inside.length < 80
            ? "wait"
            : "no";
      return !isEnd && python[0].length === inside.length && inside.length < 40 ? "wait" : "no";
    }
    return inside[0] === "{" ? mayBeCall(inside, tools, isEnd) : "no";
  }
  const key = /^\{\s*["'“”`]?([\w.$-]*)["'“”`]?\s*(:?)/.exec(head);
  if (!key) return "no";
  if (key[2] === ":") return callKeys.has(key[1]!) || tools.some((tool) => tool.name === key[1]) ? "yes" : "no";
  return !isEnd && key[0].length === head.length && head.length < 160 ? "wait" : "no";
}

/** Whether an unreadable text was meant as a call. */
export const looksLikeCall = (text: string, tools: readonly CallableTool[]): boolean =>
  /["'“](tool_name|tool_calls|tool)["'”]\s*:/.test(text) ||
  (/["'“](name|function|action)["'”]\s*:\s*["'“]([\w.-]+)/.test(text) &&
    (/["'“](parameters|arguments|args|action_input)["'”]\s*:/.test(text) ||
      meantTool(/["'“](?:name|function|action)["'”]\s*:\s*["'“]([\w.-]+)/.exec(text)![1]!, tools) !== undefined)) ||
  tools.some((tool) => new RegExp(`^[\\s[{]*["']${tool.name}["']\\s*:`).test(text));

/** The calls after a marker, or one with a `problem`. */
export function callsAfterMark(body: string, tools: readonly CallableTool[], isCutOff: boolean, header?: string): FoundCall[] {
  const text = header === undefined ? body : body.replace(/<\|(call|end)\|>$/, "");
  const inner = text
    .trim()
    .replace(/^<\/?tools?>/i, "")
    .trimStart()
    .replace(/(<\/(tool_calls?|tools|function_calls?)>|<\|\/?tool_call(_end)?\|>|<\|eom_id\|>|```)$/i, "")
    .trimEnd();
  if (inner === "") return [];
  // A plain value instead of an object is the tool's only parameter, as ReAct models write it.
  if (header !== undefined && !/^\s*[{[]/.test(inner)) {
    const name = meantTool(header, tools) ?? header;
    const schema = tools.find((tool) => tool.name === name)?.parameters as { required?: string[] } | undefined;
    const only = schema?.required?.length === 1 ? schema.required[0] : undefined;
    if (only !== undefined)
      return [{ name, arguments: JSON.stringify({ [only]: inner.replace(/^["'`]|["'`]$/g, "") }), repairs: new Set(["quotes"]) }];
  }
  const found = findCalls(inner, tools, isCutOff, header);
  return found.length > 0
    ? found
    : [unread(inner, tools, isCutOff ? "the reply ended in the middle of the call" : "no JSON was found in it", header)];
}
