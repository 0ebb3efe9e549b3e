import type { ModelClient, ModelEvent } from "@tesslate/agent";
import type { LiveRedactor } from "../../projects/secrets/index.ts";

/**
 * A model that is never told the project's values, wherever they come from: an old message, an earlier run, a person's own words; and that cannot
 * tell one either, should it know it all the same: in its words, its thoughts and its calls the name stands in its place.
 */
export const redactedClient = (client: ModelClient, redactor: LiveRedactor): ModelClient => ({
  stream: ({ system, messages, ...request }, signal) => {
    const { current } = redactor;
    const events = client.stream({ ...request, system: current.redact(system), messages: current.redactIn(messages) }, signal);
    return current.isEmpty ? events : silenced(events, redactor);
  },
});

/** A value may come in pieces, so what could be the beginning of one waits for the rest. */
async function* silenced(events: AsyncIterable<ModelEvent>, { current }: LiveRedactor): AsyncGenerator<ModelEvent> {
  const text = current.stream();
  const thoughts = current.stream();
  const calls = new Map<string, ReturnType<typeof current.stream>>();
  const rest = function* (): Generator<ModelEvent> {
    const thought = current.redact(thoughts.flush());
    if (thought !== "") yield { type: "reasoning", delta: thought };
    const said = current.redact(text.flush());
    if (said !== "") yield { type: "text", delta: said };
  };
  try {
    for await (const event of events) {
      switch (event.type) {
        case "text": {
          const delta = text.push(event.delta);
          if (delta !== "") yield { type: "text", delta };
          break;
        }
        case "reasoning": {
          const delta = thoughts.push(event.delta);
          // The provider's own state is signed with its thoughts as they were: it goes back to that provider only.
          if (delta !== "" || event.provider_state) yield { ...event, delta };
          break;
        }
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
    // A line that broke: what waited was said.
    yield* rest();
    throw error;
  }
  yield* rest();
}
