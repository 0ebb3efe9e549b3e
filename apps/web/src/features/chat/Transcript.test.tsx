import { useState } from "react";
import { expect, screen, test, waitFor } from "../../testing/index.ts";
import { chatReducer, emptyChat, type ChatAction } from "./chat.reducer.ts";
import { RunActionsContext, type GoBackTarget } from "./run-actions.ts";
import { Transcript } from "./Transcript.tsx";
import { transcriptRows, type TranscriptRow } from "./transcript-rows.ts";

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
      <Transcript rows={transcriptRows(state)} reader={ada} onResume={nothing} onRetry={nothing} isBusy={false} />
      <button onClick={() => setState((now) => chatReducer(now, sent("u2", "And a total")))}>Send</button>
    </>
  );
}

test("the details of a message are shown on request, as plain text", async ({ show, user }) => {
  const state = chatReducer(emptyChat, { ...sent("u1", "Fix the error: x"), details: "TypeError: x\n    at <App>" } as ChatAction);
  show(<Transcript rows={transcriptRows(state)} reader={ada} onResume={nothing} onRetry={nothing} isBusy={false} />);
  await screen.findByText("Fix the error: x");
  expect(screen.queryByText(/at <App>/)).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Show details" }));
  expect(screen.getByLabelText("Details")).toHaveTextContent("TypeError: x at <App>");
  await user.click(screen.getByRole("button", { name: "Hide details" }));
  expect(screen.queryByLabelText("Details")).not.toBeInTheDocument();
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
        <Transcript rows={[row(taskId)]} reader={ada} onResume={nothing} onRetry={nothing} isBusy={false} />
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
