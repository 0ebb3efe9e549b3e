import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createPlacement, type Batch } from "./placement.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function placed(save: (batch: Batch) => Promise<unknown> = async () => undefined) {
  const batches: Batch[] = [];
  const failures: unknown[] = [];
  const placement = createPlacement({
    save: async (batch) => {
      batches.push(batch);
      return save(batch);
    },
    onFailure: (error) => failures.push(error),
  });
  return { placement, batches, failures };
}
const box = (id: string, x: number, y = 0) => ({ id, kind: "container" as const, x, y });

describe("placement", () => {
  test("many moves are one batch, with the last place of each", async () => {
    const { placement, batches } = placed();
    placement.put([box("a", 1)]);
    placement.put([box("a", 2), box("b", 3)]);
    placement.put([{ id: "p", kind: "preview", x: 4, y: 5, width: 320, height: 200 }]);
    placement.put([{ id: "p", kind: "preview", x: 6, y: 5 }]);
    expect([...placement.getUnsaved()].sort()).toEqual(["a", "b", "p"]);
    await vi.runAllTimersAsync();
    expect(batches).toEqual([
      {
        containers: [
          { id: "a", position_x: 2, position_y: 0 },
          { id: "b", position_x: 3, position_y: 0 },
        ],
        previews: [{ id: "p", position_x: 6, position_y: 5, width: 320, height: 200 }],
        targets: [],
      },
    ]);
    expect(placement.getUnsaved().size).toBe(0);
  });
  test("a layout goes at once, and what moves meanwhile follows in the next batch", async () => {
    let release: () => void = () => undefined;
    const { placement, batches } = placed(() => new Promise<void>((resolve) => (release = resolve)));
    placement.put([box("a", 1)], "now");
    expect(batches).toHaveLength(1);
    placement.put([box("a", 9)], "now");
    expect(batches).toHaveLength(1);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(batches[1]?.containers).toEqual([{ id: "a", position_x: 9, position_y: 0 }]);
    expect(placement.getUnsaved().has("a")).toBe(true);
    release();
    await vi.advanceTimersByTimeAsync(0);
    expect(placement.getUnsaved().size).toBe(0);
  });
  test("what could not be stored stays marked until it is tried again", async () => {
    let isDown = true;
    const { placement, batches, failures } = placed(() => (isDown ? Promise.reject(new Error("down")) : Promise.resolve()));
    placement.put([box("a", 1)]);
    await vi.runAllTimersAsync();
    expect(failures).toHaveLength(1);
    expect([...placement.getFailed()]).toEqual(["a"]);
    isDown = false;
    placement.retry();
    await vi.runAllTimersAsync();
    expect(batches).toHaveLength(2);
    expect(placement.getFailed().size + placement.getUnsaved().size).toBe(0);
  });
  test("a page that goes takes what waits along", () => {
    const { placement, batches } = placed();
    placement.put([box("a", 1)]);
    expect(placement.take()?.containers).toHaveLength(1);
    expect(placement.take()).toBeUndefined();
    vi.runAllTimers();
    expect(batches).toEqual([]);
  });
});
