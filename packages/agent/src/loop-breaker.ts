import { createHash } from "node:crypto";
import type { ToolResult } from "./tool-call.ts";

const maxRepeats = 3;

/**
 * Counts equal failures: the same tool, arguments and error. A change of the project makes every call a new one.
 * Digits in the error do not count, since durations and ports differ between equal failures.
 */
export function createLoopBreaker(): { record(toolName: string, argumentsText: string, result: ToolResult): number; filesChanged(): void } {
  const seen = new Map<string, number>();
  return {
    /** Returns how often this failure occurred; at {@link isLoop} the run should stop. */
    record(toolName, argumentsText, result) {
      if (result.success) return 0;
      const output = typeof result.result?.output === "string" ? result.result.output : "";
      const key = createHash("sha256")
        .update(JSON.stringify([toolName, argumentsText, `${result.error}${output}`.replaceAll(/\d+/g, "0")]))
        .digest("hex");
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      return count;
    },
    filesChanged: () => seen.clear(),
  };
}

export function isLoop(count: number): boolean {
  return count >= maxRepeats;
}
