import { ModelError, type ModelClient, type ModelUsage } from "@tesslate/agent";
import type { Measurements } from "../../../platform/measurements.ts";

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

/** Measures each call of a client: duration, time to the first part of the reply, outcome, tokens. */
export const measuredClient = (client: ModelClient, provider: string, measurements: Pick<Measurements, "modelCall">): ModelClient => ({
  async *stream(request, signal) {
    const started = performance.now();
    let firstTokenSeconds: number | undefined;
    let usage: ModelUsage | null = null;
    // The caller stops reading an aborted call, which ends this generator without an error.
    let outcome = "aborted";
    try {
      for await (const event of client.stream(request, signal)) {
        if (event.type === "finish") {
          outcome = "completed";
          ({ usage } = event);
        } else if (event.type !== "model") firstTokenSeconds ??= secondsSince(started);
        yield event;
      }
    } catch (error) {
      outcome = error instanceof ModelError ? (error.kind ?? error.code) : "internal_error";
      throw error;
    } finally {
      measurements.modelCall({ provider, outcome, seconds: secondsSince(started), firstTokenSeconds, usage });
    }
  },
});
