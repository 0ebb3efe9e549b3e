import {
  assistantMessage,
  ModelError,
  refusesTools,
  userMessage,
  withTextTools,
  type FoundCall,
  type ModelMessage,
  type ModelClient,
  type ModelUsage,
  type ToolDefinition,
} from "@tesslate/agent";

/** The result of a probe. */
export interface Conformance {
  native_tools: boolean;
  parallel_tools: boolean;
  /** Calls written as text could be parsed. */
  text_tools: boolean;
  /** Its JSON had to be repaired. */
  needs_repair: boolean;
  reports_usage: boolean;
  /** 0 to 100: how well it works with tools. */
  score: number;
  first_token_ms: number | null;
  tokens_per_second: number | null;
}
export interface Trial extends Conformance {
  /** Total usage of its calls. */
  usage: ModelUsage;
  calls: number;
}

const system = "You are being tested. Do exactly what is asked, with the tools, and nothing else.";
const addNote: ToolDefinition = {
  name: "add_note",
  description: "Stores a note and answers its number.",
  parameters: { type: "object", properties: { title: { type: "string" }, count: { type: "integer" } }, required: ["title", "count"] },
};
const task = 'Call add_note once, with the title "alpha" and the count 3. Call nothing else.';
const pair = 'Call add_note twice in this one reply: title "alpha" with count 1, and title "beta" with count 2.';

/**
 * Probes a model with three or four small calls, made as in a run: one tool call, two at once, an answer that uses a result; as text where the provider has
 * no function calling. `isProven`: the model has made native calls before, so only a provider that refuses tools proves otherwise. Throws `ModelError` when
 * the model cannot be reached.
 */
export async function probeTools(client: ModelClient, signal: AbortSignal, { isProven = false } = {}): Promise<Trial> {
  const usage: ModelUsage = { tokens_in: 0, tokens_out: 0, tokens_cached: 0 };
  let calls = 0;
  let hasUsage = false;
  const countedReply = async (by: ModelClient, messages: ModelMessage[]): Promise<Reply> => {
    calls++;
    const reply = await replyOf(by, messages, signal);
    if (reply.usage) {
      hasUsage = true;
      usage.tokens_in += reply.usage.tokens_in;
      usage.tokens_out += reply.usage.tokens_out;
      usage.tokens_cached += reply.usage.tokens_cached;
    }
    return reply;
  };

  let repairs = 0;
  const byText = withTextTools(client, {
    onCalls: (found: readonly FoundCall[]) =>
      void (repairs += found.filter((call) => call.repairs.size > 0 || call.problem !== undefined).length),
  });
  let first: Reply | undefined;
  try {
    first = await countedReply(client, [userMessage(task)]);
  } catch (error) {
    if (!refusesTools(error)) throw error;
  }
  const native_tools = first !== undefined && (isProven || first.calls.length > 0);
  const by = native_tools ? client : byText;
  const one = native_tools && first ? first : await countedReply(by, [userMessage(task)]);
  const call = one.calls[0];
  const isRight = call?.name === addNote.name;
  const isExact = isRight && one.calls.length === 1 && isSame(call.arguments, { title: "alpha", count: 3 });
  let parallel_tools = false;
  let isFollowed = false;
  if (call && isRight) {
    const two = await countedReply(by, [userMessage(pair)]).catch(ignoring);
    parallel_tools = two !== undefined && two.calls.filter((other) => other.name === addNote.name).length === 2;
    const after = await countedReply(by, [
      userMessage(`${task} Then answer with the number you got.`),
      assistantMessage("", [call]),
      {
        role: "tool",
        parts: [
          {
            type: "tool_result",
            call_id: call.id,
            name: call.name,
            content: [{ type: "text", text: "Stored. Its number is 4711." }],
            is_error: false,
          },
        ],
      },
    ]).catch(ignoring);
    isFollowed = after !== undefined && after.calls.length === 0 && after.text.includes("4711");
  }
  const needs_repair = repairs > 0;
  const score =
    (native_tools ? 15 : 0) +
    (isRight ? 30 : 0) +
    (isExact ? 20 : 0) +
    (parallel_tools ? 10 : 0) +
    (isFollowed ? 20 : 0) +
    (hasUsage ? 5 : 0);
  return {
    native_tools,
    parallel_tools,
    text_tools: !native_tools && isRight,
    needs_repair,
    reports_usage: hasUsage,
    score: needs_repair ? Math.max(0, score - 10) : score,
    first_token_ms: one.firstTokenMs,
    tokens_per_second: one.tokensPerSecond,
    usage,
    calls,
  };
}

/** A later, harder question may fail without affecting the first result. */
function ignoring(error: unknown): undefined {
  if (error instanceof ModelError) return undefined;
  throw error;
}

interface Reply {
  text: string;
  calls: { id: string; name: string; arguments: string }[];
  usage: ModelUsage | null;
  firstTokenMs: number | null;
  tokensPerSecond: number | null;
}

async function replyOf(client: ModelClient, messages: ModelMessage[], signal: AbortSignal): Promise<Reply> {
  const started = performance.now();
  const reply: Reply = { text: "", calls: [], usage: null, firstTokenMs: null, tokensPerSecond: null };
  const calls = new Map<string, Reply["calls"][number]>();
  for await (const event of client.stream({ system, messages, tools: [addNote], max_output_tokens: 1_000 }, signal)) {
    if (event.type !== "finish") reply.firstTokenMs ??= Math.round(performance.now() - started);
    if (event.type === "text") reply.text += event.delta;
    else if (event.type === "tool_call_start") calls.set(event.id, { id: event.id, name: event.name, arguments: "" });
    else if (event.type === "tool_call_delta") {
      const call = calls.get(event.id);
      if (call) call.arguments += event.delta;
    } else if (event.type === "tool_call_end") {
      const call = calls.get(event.id);
      if (call && event.arguments !== undefined) call.arguments = event.arguments;
    } else if (event.type === "finish") reply.usage = event.usage;
  }
  reply.calls = [...calls.values()];
  const seconds = (performance.now() - started - (reply.firstTokenMs ?? 0)) / 1_000;
  if (reply.usage && seconds > 0.05) reply.tokensPerSecond = Math.max(1, Math.round(reply.usage.tokens_out / seconds));
  return reply;
}

function isSame(text: string, expected: Record<string, unknown>): boolean {
  try {
    const given = JSON.parse(text) as Record<string, unknown>;
    return Object.entries(expected).every(([key, value]) => given[key] === value || String(given[key]) === String(value));
  } catch {
    return false;
  }
}
