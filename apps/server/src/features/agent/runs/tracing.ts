import type { ModelClient, Tool } from "@tesslate/agent";
import type { Traces } from "../../../platform/traces.ts";

/** A span per model call: model, tokens and outcome, but no content. */
export const tracedClient = (client: ModelClient, model: string, traces: Traces | undefined): ModelClient =>
  traces === undefined
    ? client
    : {
        stream: async function* (request, signal) {
          const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": model };
          const span = traces.open(`chat ${model}`, "client", attributes, (opened) => opened);
          let hasEnded = false;
          try {
            for await (const event of client.stream(request, signal)) {
              if (event.type === "finish") {
                hasEnded = true;
                span.set({
                  "gen_ai.response.finish_reasons": [event.reason],
                  ...(event.usage && {
                    "gen_ai.usage.input_tokens": event.usage.tokens_in,
                    "gen_ai.usage.output_tokens": event.usage.tokens_out,
                  }),
                });
              }
              yield event;
            }
          } catch (error) {
            span.fail(error instanceof Error ? error.name : "unknown");
            hasEnded = true;
            throw error;
          } finally {
            if (!hasEnded) span.fail("cut_off");
            span.end();
          }
        },
      };

/** A span per tool call: tool and outcome, but neither arguments nor results. */
export const tracedTools = (tools: readonly Tool[], traces: Traces | undefined): readonly Tool[] =>
  traces === undefined
    ? tools
    : tools.map((tool) => ({
        ...tool,
        run: (params, context) =>
          traces.within(
            `execute_tool ${tool.name}`,
            { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool.name, "gen_ai.tool.type": tool.category },
            () => tool.run(params, context),
          ),
      }));
