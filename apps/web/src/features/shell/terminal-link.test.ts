import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTerminalLink, type LinkState, type SocketLike } from "./terminal-link.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface FakeSocket extends SocketLike {
  sent: unknown[];
  opened: () => void;
  says: (frame: unknown) => void;
  closes: (code: number) => void;
  closedWith: number | undefined;
}
function start() {
  const sockets: FakeSocket[] = [];
  const states: LinkState[] = [];
  const output: string[] = [];
  const onAttach = vi.fn();
  const link = createTerminalLink({
    random: () => 1,
    onAttach,
    onOutput: (data) => output.push(data),
    onState: (state) => states.push(state),
    open: () => {
      const socket: FakeSocket = {
        readyState: 0,
        sent: [],
        closedWith: undefined,
        onopen: null,
        onmessage: null,
        onclose: null,
        send: (data) => socket.sent.push(JSON.parse(data)),
        close: (code) => void (socket.closedWith = code),
        opened: () => {
          socket.readyState = 1;
          socket.onopen?.({} as never);
        },
        says: (frame) => socket.onmessage?.({ data: JSON.stringify(frame) } as never),
        closes: (code) => {
          socket.readyState = 3;
          socket.onclose?.({ code } as never);
        },
      };
      sockets.push(socket);
      return socket;
    },
  });
  const at = (index: number) => {
    const socket = sockets[index];
    if (!socket) throw new Error(`no socket ${index}`);
    return socket;
  };
  return { link, sockets, at, states, output, onAttach };
}

describe("a shell's socket", () => {
  test("attaches, sends size and keys, shows output", () => {
    const { link, at, states, output, onAttach } = start();
    link.resize(100, 30);
    at(0).opened();
    link.resize(100, 30);
    link.type("ls\r");
    at(0).says({ type: "output", data: "README.md" });
    expect(at(0).sent).toEqual([
      { type: "resize", cols: 100, rows: 30 },
      { type: "input", data: "ls\r" },
    ]);
    expect(output).toEqual(["README.md"]);
    expect(states).toEqual(["attached"]);
    expect(onAttach).toHaveBeenCalledOnce();
  });
  test("a long paste goes in pieces", () => {
    const { link, at } = start();
    at(0).opened();
    link.type("x".repeat(70_000));
    expect(at(0).sent).toHaveLength(3);
  });
  test("pings every 30 s", async () => {
    const { at } = start();
    at(0).opened();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(at(0).sent).toEqual([{ type: "ping" }, { type: "ping" }]);
  });
  test("lost connection: comes back with growing pauses, clears before the scrollback, one socket at a time", async () => {
    const { sockets, at, states, onAttach } = start();
    at(0).opened();
    at(0).closes(1006);
    await vi.advanceTimersByTimeAsync(1000);
    at(1).closes(1006);
    await vi.advanceTimersByTimeAsync(1999);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    at(2).opened();
    expect(states).toEqual(["attached", "reconnecting", "reconnecting", "attached"]);
    expect(onAttach).toHaveBeenCalledTimes(2);
  });
  test("retry now does not wait, and does not open a second one", async () => {
    const { link, sockets, at } = start();
    at(0).closes(1006);
    link.retryNow();
    link.retryNow();
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(2);
  });
  test.each([
    [4404, "lost"],
    [4408, "lost"],
    [4410, "lost"],
    [1000, "ended"],
  ])("close %i is %s, for good", async (code, state) => {
    const { link, sockets, at } = start();
    at(0).opened();
    at(0).closes(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.getState()).toBe(state);
    expect(link.reason()).toBeTruthy();
    expect(sockets).toHaveLength(1);
  });
  test("exit says its code", () => {
    const { link, at } = start();
    at(0).opened();
    at(0).says({ type: "exit", code: 2 });
    at(0).closes(1000);
    expect(link.reason()).toBe("The terminal process exited with code 2.");
  });
  test("detach leaves the shell alone and stays away", async () => {
    const { link, sockets, at } = start();
    at(0).opened();
    link.detach();
    at(0).closes(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(at(0).closedWith).toBe(1000);
    expect(at(0).sent).not.toContainEqual({ type: "close" });
    expect(sockets).toHaveLength(1);
  });
  test("nonsense from the other side is no harm", () => {
    const { at, output } = start();
    at(0).opened();
    at(0).onmessage?.({ data: "{" } as never);
    expect(output).toEqual([]);
  });
});
