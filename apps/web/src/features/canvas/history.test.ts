import { describe, expect, test } from "vitest";
import { createHistory, type Action } from "./history.ts";

function journal() {
  const log: string[] = [];
  const failures: string[] = [];
  const history = createHistory((action, error) => failures.push(`${action.label}: ${String(error)}`));
  const action = (label: string, over: Partial<Action> = {}): Action => ({
    label,
    undo: async () => void log.push(`-${label}`),
    redo: async () => void log.push(`+${label}`),
    ...over,
  });
  return { log, failures, history, action };
}

describe("history", () => {
  test("takes back in reverse order and does again in order", async () => {
    const { history, action, log } = journal();
    history.record(action("a"));
    history.record(action("b"));
    expect(history.getState()).toEqual({ undo: "b", redo: undefined, isBusy: false });
    await history.undo();
    await history.undo();
    await history.undo();
    expect(history.getState()).toEqual({ undo: undefined, redo: "a", isBusy: false });
    await history.redo();
    await history.redo();
    expect(log).toEqual(["-b", "-a", "+a", "+b"]);
  });
  test("a new action ends what could be done again", async () => {
    const { history, action } = journal();
    history.record(action("a"));
    await history.undo();
    history.record(action("b"));
    expect(history.getState()).toMatchObject({ undo: "b", redo: undefined });
  });
  test("two quick presses run one after the other", async () => {
    const { history, action, log } = journal();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    history.record(action("a"));
    history.record(
      action("b", {
        undo: async () => {
          await gate;
          log.push("-b");
        },
      }),
    );
    const both = [history.undo(), history.undo()];
    await Promise.resolve();
    expect(log).toEqual([]);
    release();
    await Promise.all(both);
    expect(log).toEqual(["-b", "-a"]);
  });
  test("a failure is shown and leaves the history", async () => {
    const { history, action, failures, log } = journal();
    history.record(action("a"));
    history.record(action("b", { undo: () => Promise.reject(new Error("gone")) }));
    await history.undo();
    expect(failures).toEqual(["b: Error: gone"]);
    expect(history.getState()).toMatchObject({ undo: "a", redo: undefined });
    await history.undo();
    expect(log).toEqual(["-a"]);
  });
  test("what cannot be done again ends the way forward", async () => {
    const { history, action } = journal();
    const { redo: _, ...secret } = action("secret");
    history.record(secret);
    history.record(action("b"));
    await history.undo();
    expect(history.getState().redo).toBe("b");
    await history.undo();
    expect(history.getState()).toMatchObject({ undo: undefined, redo: undefined });
  });
  test("ten nudges are one step", async () => {
    const { history, action, log } = journal();
    for (const label of ["n1", "n2", "n3"]) history.record(action(label, { group: "nudge:a" }));
    history.record(action("other", { group: "nudge:b" }));
    await history.undo();
    await history.undo();
    await history.redo();
    expect(log).toEqual(["-other", "-n1", "+n3"]);
    expect(history.getState().undo).toBe("n3");
  });
  test("things that came back answer to their first name", () => {
    const { history } = journal();
    history.rename("a", "b");
    history.rename("b", "c");
    expect([history.now("a"), history.now("b"), history.now("x")]).toEqual(["c", "c", "x"]);
  });
});
