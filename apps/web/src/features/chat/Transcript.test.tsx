import { Profiler, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { vi } from "vitest";
import { expect, expectAccessible, screen, test, waitFor, within } from "../../testing/index.ts";
import { marked } from "../../ui/markdown/markdown-html.ts";
import { chatReducer, emptyChat, type ChatAction } from "./chat.reducer.ts";
import { RunActionsContext, type GoBackTarget } from "./run-actions.ts";
import { Transcript } from "./Transcript.tsx";
import { createRowCache, transcriptRows, type TranscriptRow } from "./transcript-rows.ts";

const nothing = () => undefined;
const sent = (id: string, text: string): ChatAction => ({ type: "sending", id, text, at: "2026-03-05T10:00:00Z" });

const ada = { id: "1", name: "Ada" };
const message = { kind: "user", id: "m1", text: "Add a cart", at: "2026-03-05T10:00:00Z", delivery: "sent" } as const;

/** A conversation of two screens in a box of 800 pixels. */
function Conversation() {
  const [state, setState] = useState(() =>
    chatReducer(chatReducer(emptyChat, sent("u1", "Add a cart")), {
      type: "sent",
      id: "u1",
      chatId: "c1",
      taskId: "t1",
      editMode: "ask",
    }),
  );
  return (
    <>
      <Transcript rows={transcriptRows(state)} reader={ada} onResume={nothing} isBusy={false} />
      <button onClick={() => setState((now) => chatReducer(now, sent("u2", "And a total")))}>Send</button>
    </>
  );
}

test("the details of a message are shown on request, as plain text", async ({ show, user }) => {
  const state = chatReducer(emptyChat, { ...sent("u1", "Fix the error: x"), details: "TypeError: x\n    at <App>" } as ChatAction);
  show(<Transcript rows={transcriptRows(state)} reader={ada} onResume={nothing} isBusy={false} />);
  await screen.findByText("Fix the error: x");
  expect(screen.queryByText(/at <App>/)).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Show details" }));
  expect(screen.getByLabelText("Details")).toHaveTextContent("TypeError: x at <App>");
  await user.click(screen.getByRole("button", { name: "Hide details" }));
  expect(screen.queryByLabelText("Details")).not.toBeInTheDocument();
});

test("reasoning is shown while it streams, and folded to its duration afterwards", async ({ show, user }) => {
  const event = (seq: number, type: string, data: unknown) => ({ taskId: "t1", seq: seq + 1, at: `2026-03-05T10:00:0${seq}Z`, type, data });
  const begun = chatReducer(emptyChat, {
    type: "events",
    events: [
      event(0, "task_started", { chat_id: "c1", message_id: "m1", agent_id: null, model: "openai/gpt-5.1" }),
      event(1, "reasoning_chunk", { content: "The cart needs a total.", iteration: 1 }),
    ],
  });
  function Thinking() {
    const [state, setState] = useState(begun);
    const answer = event(9, "text_chunk", { content: "I add a total.", iteration: 1 });
    return (
      <>
        <Transcript rows={transcriptRows(state)} reader={ada} onResume={nothing} isBusy />
        <button onClick={() => setState((now) => chatReducer(now, { type: "events", events: [answer] }))}>Answer</button>
      </>
    );
  }
  show(<Thinking />);
  expect(await screen.findByRole("button", { name: "Thinking" })).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByText("The cart needs a total.").tagName).toBe("P");
  await user.click(screen.getByRole("button", { name: "Answer" }));
  const folded = await screen.findByRole("button", { name: /^Thought for 8 s/ });
  expect(folded).toHaveAttribute("aria-expanded", "false");
  await user.click(folded);
  expect(screen.getByText("The cart needs a total.").tagName).toBe("P");
});

test("who has scrolled up and sends a message sees it", async ({ show, user }) => {
  show(<Conversation />);
  const log = await screen.findByRole("log", { name: "Transcript" });
  Object.defineProperty(log, "scrollHeight", { configurable: true, value: 2400 });
  log.style.overflow = "auto";
  const isUp = () => screen.queryByRole("button", { name: "Jump to latest" }) !== null;
  await waitFor(async () => {
    if (!isUp()) {
      log.scrollTop = 200;
      log.dispatchEvent(new Event("scroll"));
      log.dispatchEvent(new WheelEvent("wheel", { deltaY: -900, bubbles: true }));
    }
    // What follows from a change of size comes a little later: up is who stays there.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isUp()).toBe(true);
  });
  await user.click(screen.getByRole("button", { name: "Send" }));
  await screen.findByText("And a total");
  await waitFor(() => expect(isUp()).toBe(false));
  await waitFor(() => expect(log.scrollTop).toBeGreaterThan(1500));
});

test("restoring to after a message names the run that answers the next one, also when that run was resumed as another task", async ({
  show,
  user,
}) => {
  const targets: GoBackTarget[] = [];
  const row = (nextTaskId: string): TranscriptRow => ({
    key: "u/m1",
    kind: "user",
    turn: message,
    position: { messageId: "m1", lastId: "m1", taskId: "t1", nextId: "m2", nextTaskId },
    mode: undefined,
    bead: "message",
    line: "done",
  });
  function Resumable() {
    const [taskId, setTaskId] = useState("t2");
    return (
      <RunActionsContext
        value={{
          review: nothing,
          goBack: (target) => targets.push(target),
          redo: nothing,
          fork: nothing,
          goneIds: new Set(),
          isBusy: false,
          isRedoing: false,
        }}
      >
        <Transcript rows={[row(taskId)]} reader={ada} onResume={nothing} isBusy={false} />
        <button onClick={() => setTaskId("t3")}>Resume</button>
      </RunActionsContext>
    );
  }
  show(<Resumable />);
  await user.click(await screen.findByRole("button", { name: "Resume" }));
  await user.click(screen.getByRole("button", { name: /^Actions for/ }));
  await user.click(await screen.findByRole("menuitem", { name: "Restore to after this message…" }));
  expect(targets).toEqual([{ messageId: "m2", taskId: "t3", label: "after “Add a cart”" }]);
});

test("hidden messages are rendered as in the transcript, and long ones are folded", async ({ show, user }) => {
  const at = "2026-03-05T10:00:00Z";
  const gone = (id: string, role: "user" | "assistant", text: string): TranscriptRow => ({
    key: `gone/${id}`,
    kind: "gone",
    message: { id, role, text, at },
    isFirst: id === "m1",
    bead: "checkpoint",
    line: "gone",
  });
  const answer = "## Cart\n\nI added **a cart** in `cart.ts`:\n\n- totals\n- discounts\n\n```ts\nconst total = 1;\n```";
  show(
    <Transcript
      rows={[gone("m1", "user", "Use **bold** prices"), gone("m2", "assistant", answer)]}
      reader={ada}
      onResume={nothing}
      isBusy={false}
    />,
  );
  const log = await screen.findByRole("log", { name: "Transcript" });
  expect(within(log).getByRole("heading", { name: "Cart" })).toBeVisible();
  expect(within(log).getByText("a cart").tagName).toBe("STRONG");
  expect(within(log).getByText("totals").closest("li")).not.toBeNull();
  // What a person wrote is shown as it was written.
  expect(within(log).getByText("Use **bold** prices")).toBeVisible();
  expect(log).toHaveTextContent("Hidden message from the agent");
  const [toggle] = within(log).getAllByRole("button", { name: "Show all" });
  expect(within(log).getAllByRole("button", { name: "Show all" })).toHaveLength(1);
  await user.click(toggle as HTMLElement);
  expect(within(log).getByRole("button", { name: "Show less" })).toHaveAttribute("aria-expanded", "true");
  await expectAccessible();
});

test.for([true, false])(
  "above the hidden messages it says what stays in databases, if the project has one: %s",
  async (hasDatabase, { show }) => {
    const row: TranscriptRow = {
      key: "gone/m1",
      kind: "gone",
      message: { id: "m1", role: "user", text: "Add prices", at: "2026-03-05T10:00:00Z" },
      isFirst: true,
      bead: "message",
      line: "gone",
    };
    const actions = {
      review: nothing,
      goBack: nothing,
      redo: nothing,
      fork: nothing,
      goneIds: new Set(["m1"]),
      isBusy: false,
      isRedoing: false,
    };
    show(
      <RunActionsContext value={{ ...actions, hasDatabase }}>
        <Transcript rows={[row]} reader={ada} onResume={nothing} isBusy={false} />
      </RunActionsContext>,
    );
    await screen.findByText(/Later messages are hidden/);
    expect(screen.queryAllByText(/Tables, columns and rows that were created or changed since then stay/)).toHaveLength(
      hasDatabase ? 1 : 0,
    );
    expect(screen.getByRole("button", { name: "Redo" })).toBeVisible();
    await expectAccessible();
  },
);

test("text that streams into a long chat renders one row per change", async ({ show }) => {
  const at = "2026-03-05T10:00:00Z";
  const frame = (taskId: string, seq: number, type: string, data: unknown) => ({ taskId, seq, at, type, data });
  const past = Array.from({ length: 250 }, (_, index) => [
    frame(`t${index}`, 1, "task_started", { chat_id: "c1", message_id: `m${index}`, agent_id: null, model: "x" }),
    frame(`t${index}`, 2, "text_chunk", { iteration: 1, content: `Answer ${index}` }),
    frame(`t${index}`, 3, "complete", {
      success: true,
      iterations: 1,
      final_response: "",
      tool_calls_made: 0,
      completion_reason: "no_more_actions",
    }),
  ]).flat();
  const live = [
    frame("live", 1, "task_started", { chat_id: "c1", message_id: "m", agent_id: null, model: "x" }),
    frame("live", 2, "text_chunk", { iteration: 1, content: "One.\n\n" }),
  ];
  const opened = chatReducer(emptyChat, { type: "opened", chatId: "c1" });
  const first = chatReducer(opened, { type: "events", events: [...past, ...live] });
  let state = first;
  let notify = nothing;
  const subscribe = (listener: () => void) => {
    notify = listener as typeof nothing;
    return nothing;
  };
  const push = (seq: number, content: string) =>
    flushSync(() => {
      state = chatReducer(state, { type: "events", events: [frame("live", seq, "text_chunk", { iteration: 1, content })] });
      notify();
    });
  const rowsOf = createRowCache();
  const renders: string[] = [];
  function Streaming() {
    const rows = transcriptRows(
      useSyncExternalStore(subscribe, () => state),
      rowsOf,
    );
    return (
      <Profiler id="transcript" onRender={(_id, phase) => renders.push(phase)}>
        <Transcript rows={rows} reader={ada} onResume={nothing} isBusy />
      </Profiler>
    );
  }
  show(<Streaming />);
  const log = await screen.findByRole("log", { name: "Transcript" });
  expect(log.querySelectorAll(".markdown").length).toBe(251);
  /** What changed in the page. */
  const changed = new Set<Node>();
  const observer = new MutationObserver((records) => {
    for (const { target } of records) changed.add(target);
  });
  observer.observe(log, { subtree: true, childList: true, characterData: true, attributes: true });
  const parses = vi.spyOn(marked, "lexer");
  const chunks = 100;
  renders.length = 0;
  const before = transcriptRows(state, rowsOf);
  for (let index = 0; index < chunks; index++) push(index + 3, `word ${index} `);
  await waitFor(() => expect(changed.size).toBeGreaterThan(0));
  observer.disconnect();
  const parsedTexts = parses.mock.calls.map(([text]) => text);
  parses.mockRestore();
  expect(renders.length).toBeLessThanOrEqual(2 * chunks);
  // Only the last row changes in the page, and only its last block is parsed.
  const rows = [...log.querySelectorAll(".markdown")];
  for (const node of changed) expect(rows.at(-1)?.contains(node)).toBe(true);
  expect(parsedTexts.length).toBeLessThanOrEqual(3 * chunks);
  for (const text of parsedTexts.slice(3)) expect(text).not.toContain("One.");
  // The rows of the other runs are the same objects.
  const after = transcriptRows(state, rowsOf);
  expect(after.filter((row, index) => row !== before[index])).toHaveLength(1);
});
