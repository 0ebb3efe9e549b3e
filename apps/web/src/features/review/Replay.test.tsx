import { ChangeSet, Checkpoint, TranscriptRun, type TranscriptEvent } from "@tesslate/contract";
import { createElement } from "react";
import { expect, openPane, sample, sampleId, sampleTime, screen, test } from "../../testing/index.ts";
import { RunActionsContext, type RunActions } from "../chat/run-actions.ts";
import { ReviewPane } from "./ReviewPane.tsx";

const taskId = sampleId;
const earlierTaskId = sampleId.replace(/1$/, "2");
const event = (task_id: string, seq: number, type: string, data: object) =>
  ({ seq, task_id, ts: sampleTime, type, data }) as TranscriptEvent;
const started = (task: string) => event(task, 1, "task_started", { chat_id: sampleId, message_id: sampleId, agent_id: null, model: "m" });
const text = (task: string, content: string) => event(task, 2, "text_chunk", { content, iteration: 1 });
const actions: RunActions = {
  review: () => undefined,
  goBack: () => undefined,
  redo: () => undefined,
  fork: () => undefined,
  goneIds: new Set(),
  isBusy: false,
  isRedoing: false,
};

test("a run is replayed from the transcript of its chat, without the tasks before it", async ({ api, show, user }) => {
  api.blank("snapshots.list", "evidence.list");
  api.answer("snapshots.checkpoints", {
    items: [sample(Checkpoint, { kind: "turn", title: "add a cart", label: "add a cart", task_id: taskId })],
  });
  api.answer("changes.diff", sample(ChangeSet, { message: "add a cart", is_running: false }));
  api.answer("chat.transcript", ({ query }) => ({
    entries: [
      sample(TranscriptRun, {
        task_id: query.get("task_id") ?? "",
        events: [started(earlierTaskId), text(earlierTaskId, "I begin."), started(taskId), text(taskId, "I add a cart.")],
      }),
    ],
  }));
  show(createElement(RunActionsContext, { value: actions }, openPane(ReviewPane).element));
  await user.click(await screen.findByRole("radio", { name: "Replay" }));
  expect(await screen.findByText("I add a cart.")).toBeVisible();
  expect(screen.getByText("1 of 1")).toBeVisible();
  expect(api.asked("chat.transcript").map(({ query }) => query.get("task_id"))).toEqual([taskId]);
});
