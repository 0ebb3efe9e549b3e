import { expect, test, vi } from "vitest";
import { createLogger } from "../../../platform/logger.ts";
import { watchMemory } from "./memory-pressure.ts";

test("while memory is low, spare projects end before an idle project is stopped, one at a time", async () => {
  const ended: string[] = [];
  const waiting = { spares: ["spare 1", "spare 2"], projects: ["idle project"] };
  let usedBytes = 95;
  const memory = watchMemory({
    watermarkPercent: 90,
    everyMs: 5,
    read: () => ({ usedBytes, totalBytes: 100 }),
    releaseSpare: async () => {
      const spare = waiting.spares.shift();
      if (spare !== undefined) ended.push(spare);
      return spare !== undefined;
    },
    idle: { leastRecentlyUsed: async () => waiting.projects[0] },
    evict: async (project) => {
      waiting.projects.shift();
      ended.push(project);
      usedBytes = 50;
    },
    log: createLogger("silent"),
  });
  try {
    await vi.waitFor(() => expect(ended).toEqual(["spare 1", "spare 2", "idle project"]), { interval: 5 });
  } finally {
    memory.close();
  }
});
