import type { ImagePart, ModelClient, ModelEvent, ModelMessage } from "@tesslate/agent";
import type { LiveRedactor } from "../../projects/secrets/index.ts";

/**
 * Replaces the values of the project's secrets by their names in everything that is sent to a model, wherever it comes from, and in its text, reasoning and
 * calls.
 */
export const redactedClient = (client: ModelClient, redactor: LiveRedactor): ModelClient => ({
  stream: ({ system, messages, ...request }, signal) => {
    const { current } = redactor;
    const redacted = messages.map((message) => redactMessage(message, current));
    const events = client.stream({ ...request, system: current.redact(system), messages: redacted }, signal);
    return current.isEmpty ? events : redactStream(events, redactor);
  },
});

/** The data of images stays as it is: what looks like a value in base64 is none. */
function redactMessage(message: ModelMessage, { redact, redactIn }: LiveRedactor["current"]): ModelMessage {
  const redactParts = <P extends { type: string }>(parts: readonly (P | ImagePart)[]): (P | ImagePart)[] =>
    parts.map((part) => (part.type === "image" ? { ...(part as ImagePart), name: redact((part as ImagePart).name) } : redactIn(part)));
  switch (message.role) {
    case "user":
      return { ...message, parts: redactParts(message.parts) };
    case "assistant":
      return redactIn(message);
    case "tool":
      return {
        ...message,
        parts: message.parts.map((part) => ({ ...redactIn({ ...part, content: [] }), content: redactParts(part.content) })),
      };
  }
}

/** A value may be split over chunks, so what could be the start of one is held back. */
async function* redactStream(events: AsyncIterable<ModelEvent>, { current }: LiveRedactor): AsyncGenerator<ModelEvent> {
  const text = current.stream();
  const reasoning = current.stream();
  const calls = new Map<string, ReturnType<typeof current.stream>>();
  const heldReasoning = function* (): Generator<ModelEvent> {
    const delta = current.redact(reasoning.flush());
    if (delta !== "") yield { type: "reasoning", delta };
  };
  const heldText = function* (): Generator<ModelEvent> {
    const delta = current.redact(text.flush());
    if (delta !== "") yield { type: "text", delta };
  };
  const rest = function* (): Generator<ModelEvent> {
    yield* heldReasoning();
    yield* heldText();
  };
  try {
    for await (const event of events) {
      switch (event.type) {
        case "text": {
          yield* heldReasoning();
          if (event.starts) yield* heldText();
          const delta = text.push(event.delta);
          if (delta !== "" || event.provider_state) yield { ...event, delta };
          break;
        }
        case "reasoning": {
          yield* heldText();
          if (event.starts) yield* heldReasoning();
          const delta = reasoning.push(event.delta);
          // The provider's state is signed with the original reasoning; it is only sent back to that provider.
          if (delta !== "" || event.provider_state) yield { ...event, delta };
          break;
        }
        case "model":
          yield event;
          break;
        case "tool_call_start":
          yield* rest();
          calls.set(event.id, current.stream());
          yield event;
          break;
        case "tool_call_delta": {
          const delta = calls.get(event.id)?.push(event.delta) ?? current.redact(event.delta);
          if (delta !== "") yield { ...event, delta };
          break;
        }
        case "tool_call_end": {
          const delta = current.redact(calls.get(event.id)?.flush() ?? "");
          calls.delete(event.id);
          if (delta !== "") yield { type: "tool_call_delta", id: event.id, delta };
          yield { ...event, ...(event.arguments === undefined ? {} : { arguments: current.redact(event.arguments) }) };
          break;
        }
        case "finish":
          for (const [id, call] of calls) {
            const delta = current.redact(call.flush());
            if (delta !== "") yield { type: "tool_call_delta", id, delta };
          }
          calls.clear();
          yield* rest();
          yield event;
      }
    }
  } catch (error) {
    // After a lost connection, what was held back is still emitted.
    yield* rest();
    throw error;
  }
  yield* rest();
}
