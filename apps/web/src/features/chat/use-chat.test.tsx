import { ChatSession, Project, TranscriptMessage, TranscriptRun, type ProjectEvent, type TranscriptEvent } from "@tesslate/contract";
import { useState } from "react";
import { expect, openPane, refuse, sample, sampleId, sampleTime, screen, test, waitFor } from "../../testing/index.ts";
import { Transcript } from "./Transcript.tsx";
import { transcriptRows } from "./transcript-rows.ts";
import { useChat } from "./use-chat.ts";

const project = sample(Project, { slug: "alder", environment_status: "stopped" });
const idOf = (n: number) => sampleId.replace(/1$/, String(n));
const reader = { id: "1", name: "Ada" };
const nothing = () => undefined;

function Probe() {
  const chat = useChat(project.id, "Ada");
  const [failure, setFailure] = useState("");
  const earlier = chat.loadEarlier && (async () => setFailure((await chat.loadEarlier?.()) ?? ""));
  return (
    <>
      <Transcript
        rows={transcriptRows(chat.state)}
        reader={reader}
        onResume={nothing}

        onEarlier={earlier}
        isBusy={chat.live !== undefined}
      />
      <output aria-label="failure">{failure}</output>
    </>
  );
}

const taskId = idOf(7);
const message = (n: number, text: string) => sample(TranscriptMessage, { id: idOf(n), text });
const event = (seq: number, type: string, data: object) => ({ seq, task_id: taskId, ts: sampleTime, type, data }) as TranscriptEvent;
const text = (seq: number, content: string) => event(seq, "text_chunk", { content, iteration: 1 });
const started = event(1, "task_started", { chat_id: sampleId, message_id: idOf(8), agent_id: null, model: "openai/scripted" });
const run = (last_seq: number, ...events: TranscriptEvent[]) =>
  sample(TranscriptRun, { message_id: idOf(8), task_id: taskId, last_seq, events });
/** The event on the stream of the project. */
const live = ({ seq, ...event }: TranscriptEvent) => ({ ...event, seq: seq + 100, task_seq: seq }) as unknown as ProjectEvent;

test("events that arrive while the transcript is read continue it, without a gap and without repeating", async ({ api, show }) => {
  api.answer("chat.sessions", { items: [sample(ChatSession)], total: 1 });
  const respond = api.hang("chat.transcript");
  const pane = openPane(Probe, { project });
  show(pane.element);
  await waitFor(() => expect(api.asked("chat.transcript")).toHaveLength(1));
  // The run started before the page was open.
  pane.emit(live(text(3, "add ")));
  pane.emit(live(text(4, "the ")));
  // The text stands for the events 2 and 3.
  respond({ entries: [message(2, "Add an about page"), run(3, started, text(2, "I'll add "))] });
  await screen.findByText("I'll add the");
  pane.emit(live(text(5, "page.")));
  await screen.findByText("I'll add the page.");
  expect(api.asked("chat.runEvents")).toEqual([]);
});

test("earlier messages are shown on request; a failure leaves the button", async ({ api, show, user }) => {
  api.answer("chat.sessions", { items: [sample(ChatSession)], total: 1 });
  api.answer("chat.transcript", { entries: [message(3, "Newer")], before: 4 });
  show(openPane(Probe, { project }).element);
  await screen.findByText("Newer");
  api.answer("chat.transcript", refuse("not_found", { detail: "Chat not found" }));
  await user.click(screen.getByRole("button", { name: "Show earlier messages" }));
  await waitFor(() => expect(screen.getByRole("status", { name: "failure" }).textContent).not.toBe(""));
  api.answer("chat.transcript", ({ query }) => ({ entries: [message(2, `Before ${query.get("before")}`)] }));
  await user.click(await screen.findByRole("button", { name: "Show earlier messages" }));
  await screen.findByText("Before 4");
  expect(screen.getAllByText(/Newer|Before 4/).map((found) => found.textContent)).toEqual(["Before 4", "Newer"]);
  expect(screen.queryByRole("button", { name: "Show earlier messages" })).toBeNull();
});
