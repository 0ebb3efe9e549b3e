import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createBuffers, type ReadFile, type WriteFile } from "./buffers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A server of one file. */
function server(first: string) {
  let text: string | undefined = first;
  let version = 1;
  const etag = () => `"${version}"`;
  const read = vi.fn(async (): Promise<ReadFile> => (text === undefined ? { kind: "gone" } : { kind: "text", text, etag: etag() }));
  const write = vi.fn(async (_: string, next: string, given: string | undefined): Promise<WriteFile> => {
    if (text === undefined ? given !== undefined : given !== etag()) return { kind: "changed", etag: etag() };
    text = next;
    version += 1;
    return { kind: "written", etag: etag() };
  });
  return {
    read,
    write,
    etag,
    text: () => text,
    change: (next: string | undefined) => {
      text = next;
      version += 1;
      return etag();
    },
  };
}

async function opened(first = "one") {
  const remote = server(first);
  const buffers = createBuffers({ read: remote.read, write: remote.write });
  buffers.open("a.ts");
  await settle();
  const view = () => {
    const found = buffers.get("a.ts");
    if (!found) throw new Error("closed");
    return found;
  };
  let typed = first;
  const type = (text: string) => {
    typed = text;
    buffers.edited("a.ts", () => typed);
  };
  return { remote, buffers, view, type };
}

describe("saving", () => {
  test("30 keystrokes, one write, with the etag that was read", async () => {
    const { remote, view, type } = await opened();
    for (let key = 1; key <= 30; key++) {
      type("x".repeat(key));
      await settle(50);
    }
    expect(view().isDirty).toBe(true);
    await settle(800);
    expect(remote.write.mock.calls).toEqual([["a.ts", "x".repeat(30), '"1"']]);
    expect(view()).toMatchObject({ isDirty: false, isSaving: false });
    expect(remote.text()).toBe("x".repeat(30));
  });
  test("typed back to what it was: nothing to write", async () => {
    const { remote, view, type } = await opened();
    type("two");
    type("one");
    await settle(800);
    expect(remote.write).not.toHaveBeenCalled();
    expect(view().isDirty).toBe(false);
  });
  test("our own change echoed by the stream is not read again, however early it comes", async () => {
    const { remote, buffers, view, type } = await opened();
    type("two");
    remote.write.mockImplementationOnce(async (_, next) => {
      const etag = remote.change(next);
      buffers.changed("a.ts", etag);
      return { kind: "written", etag };
    });
    await settle(800);
    buffers.changed("a.ts", remote.etag());
    await settle();
    expect(remote.read).toHaveBeenCalledTimes(1);
    expect(view()).toMatchObject({ text: "two", revision: 1, conflict: undefined });
  });
  test("a failure keeps what was typed and says why; retry writes it", async () => {
    const { remote, buffers, view, type } = await opened();
    remote.write.mockResolvedValueOnce({ kind: "failed", message: "The disk is full." });
    type("two");
    await settle(800);
    expect(view()).toMatchObject({ isDirty: true, failure: "The disk is full." });
    buffers.retry("a.ts");
    await settle();
    expect(remote.text()).toBe("two");
    expect(view()).toMatchObject({ isDirty: false, failure: undefined });
  });
  test("closing writes first", async () => {
    const { remote, buffers, type } = await opened();
    type("two");
    await buffers.close("a.ts");
    expect(remote.text()).toBe("two");
    expect(buffers.get("a.ts")).toBeUndefined();
  });
});

describe("changed outside", () => {
  test("clean: taken over", async () => {
    const { remote, buffers, view } = await opened();
    buffers.changed("a.ts", remote.change("theirs"));
    await settle();
    expect(view()).toMatchObject({ text: "theirs", revision: 2, conflict: undefined });
  });
  test("unsaved: a conflict, and nothing is written until a person chose", async () => {
    const { remote, buffers, view, type } = await opened();
    type("mine");
    buffers.changed("a.ts", remote.change("theirs"));
    await settle(5000);
    expect(view().conflict).toEqual({ text: "theirs" });
    expect(remote.text()).toBe("theirs");
    type("mine too");
    await settle(5000);
    expect(remote.write).not.toHaveBeenCalled();
  });
  test("found out by the write (412): the same conflict; keep mine writes over theirs", async () => {
    const { remote, buffers, view, type } = await opened();
    type("mine");
    remote.change("theirs");
    await settle(800);
    expect(view().conflict).toEqual({ text: "theirs" });
    expect(remote.text()).toBe("theirs");
    buffers.keepMine("a.ts");
    await settle();
    expect(remote.text()).toBe("mine");
    expect(view()).toMatchObject({ conflict: undefined, isDirty: false });
  });
  test("take theirs", async () => {
    const { remote, buffers, view, type } = await opened();
    type("mine");
    remote.change("theirs");
    await settle(800);
    buffers.takeTheirs("a.ts");
    await settle(5000);
    expect(view()).toMatchObject({ text: "theirs", isDirty: false, conflict: undefined });
    expect(remote.text()).toBe("theirs");
  });
  test("deleted: shown; unsaved text can bring it back", async () => {
    const { remote, buffers, view, type } = await opened();
    remote.change(undefined);
    buffers.deleted("a.ts");
    expect(view().status).toBe("gone");
    const second = await opened();
    second.type("mine");
    second.remote.change(undefined);
    second.buffers.deleted("a.ts");
    expect(second.view().conflict).toEqual({ text: undefined });
    second.buffers.keepMine("a.ts");
    await settle();
    expect(second.remote.text()).toBe("mine");
    expect(type).toBeDefined();
  });
  test("moved: the unsaved text goes along", async () => {
    const { buffers, remote, type } = await opened();
    type("two");
    buffers.moved("a.ts", "b.ts");
    await settle(800);
    expect(buffers.get("a.ts")).toBeUndefined();
    expect(remote.write.mock.calls[0]?.[0]).toBe("b.ts");
  });
});

describe("what cannot be edited", () => {
  test.each<[ReadFile, string]>([
    [{ kind: "binary", size: 12, etag: "1" }, "binary"],
    [{ kind: "too_large" }, "too_large"],
    [{ kind: "gone" }, "gone"],
  ])("%j is %s", async (answer, status) => {
    const buffers = createBuffers({ read: async () => answer, write: async () => ({ kind: "written", etag: "1" }) });
    buffers.open("x");
    await settle();
    expect(buffers.get("x")?.status).toBe(status);
  });
  test("unreadable: why, and again", async () => {
    const read = vi.fn(async (): Promise<ReadFile> => ({ kind: "text", text: "ok", etag: "1" }));
    read.mockRejectedValueOnce(new Error("The server does not answer."));
    const buffers = createBuffers({ read, write: async () => ({ kind: "written", etag: "1" }) });
    buffers.open("x");
    await settle();
    expect(buffers.get("x")).toMatchObject({ status: "failed", failure: "The server does not answer." });
    buffers.retry("x");
    await settle();
    expect(buffers.get("x")).toMatchObject({ status: "ready", text: "ok" });
  });
});

describe("reading", () => {
  /** Answers when it is told to, in whatever order. */
  async function slow() {
    const answers: ((text: string, etag: string) => void)[] = [];
    const read = vi.fn(() => new Promise<ReadFile>((resolve) => answers.push((text, etag) => resolve({ kind: "text", text, etag }))));
    const write = vi.fn(async (): Promise<WriteFile> => ({ kind: "written", etag: '"w"' }));
    const buffers = createBuffers({ read, write });
    buffers.open("a.ts");
    answers[0]?.("v1", '"1"');
    await settle();
    const answer = async (at: number, text: string, etag: string) => {
      answers[at]?.(text, etag);
      await settle();
    };
    return { read, write, buffers, answer, text: () => buffers.get("a.ts")?.text };
  }
  test("thirty quick changes start two reads, and the last one counts", async () => {
    const { read, buffers, answer, text } = await slow();
    for (let n = 2; n <= 31; n++) buffers.changed("a.ts", `"${n}"`);
    await settle();
    expect(read).toHaveBeenCalledTimes(2);
    await answer(1, "v15", '"15"');
    expect(read).toHaveBeenCalledTimes(3);
    await answer(2, "v31", '"31"');
    expect(text()).toBe("v31");
    await settle(10_000);
    // The first one was the opening.
    expect(read).toHaveBeenCalledTimes(3);
  });
  test("an answer that comes late never replaces a newer one", async () => {
    const { read, buffers, answer, text } = await slow();
    buffers.changed("a.ts", '"2"');
    buffers.changed("a.ts", '"3"');
    await settle();
    // Were both on their way, the newer one could be here first.
    await answer(2, "v3", '"3"');
    await answer(1, "v2", '"2"');
    await answer(2, "v3", '"3"');
    expect(text()).toBe("v3");
    expect(read).toHaveBeenCalledTimes(3);
  });
  test("a change while the file is opened is read too", async () => {
    const remote = server("one");
    const buffers = createBuffers({ read: remote.read, write: remote.write });
    buffers.open("a.ts");
    buffers.changed("a.ts", remote.change("two"));
    await settle();
    expect(buffers.get("a.ts")?.text).toBe("two");
  });
  test("what was read before our own write answered does not take the typed text away", async () => {
    const { read, buffers, answer, text } = await slow();
    buffers.changed("a.ts", '"2"');
    buffers.edited("a.ts", () => "typed");
    await settle(1000);
    expect(buffers.get("a.ts")).toMatchObject({ isDirty: false, isSaving: false, text: "typed" });
    await answer(1, "v1", '"1"');
    expect(text()).toBe("typed");
    expect(read).toHaveBeenCalledTimes(3);
    await answer(2, "typed", '"w"');
    expect(buffers.get("a.ts")).toMatchObject({ text: "typed", conflict: undefined });
  });
});
