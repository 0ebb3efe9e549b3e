import { TranscriptMessage, ChatSession, Project, QueueItem } from "@tesslate/contract";
import { useState } from "react";
import { useProject } from "../../project/project-context.ts";
import { expect, openPane, sample, sampleId, sampleTime, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
import { useChat } from "./use-chat.ts";
import { useFirstMessage } from "./use-first-message.ts";

const item = sample(QueueItem, { id: sampleId.replace(/1$/, "2"), message: "A bakery shop" });
const project = sample(Project, { slug: "alder", environment_status: "provisioning" });

/** The transcript's messages with how far each is, and whether the first one still waits. */
function Probe() {
  const made = useProject();
  const chat = useChat(made.id, "Nadia");
  const [status, setStatus] = useState(made.environment_status);
  const first = useFirstMessage({ project: { environment_status: status }, chat });
  const lines = chat.state.turns.map((turn) => (turn.kind === "user" ? `${turn.text} (${turn.delivery})` : "run"));
  return (
    <>
      <output>{[...lines, first ? "waits" : "nothing waits"].join(", ")}</output>
      <button onClick={() => setStatus("stopped")}>set up</button>
      <button onClick={() => setStatus("setup_failed")}>failed</button>
    </>
  );
}
function waiting(api: CannedApi): ReturnType<typeof openPane> {
  api.answer("chat.sessions", { items: [sample(ChatSession)], total: 1 });
  api.blank("chat.transcript");
  api.answer("queue.list", { items: [item], total: 1 });
  return openPane(Probe, { project });
}
const changed = { seq: 1, ts: sampleTime, type: "queue_changed" as const, data: { chat_id: sampleId } };
const transcript = async () => (await screen.findByRole("status")).textContent;

test("what a project was created with is shown while it is set up, and becomes the stored message without a gap", async ({
  api,
  show,
  user,
}) => {
  const pane = waiting(api);
  show(pane.element);
  await waitFor(async () => expect(await transcript()).toBe("A bakery shop (sending), waits"));
  await user.click(screen.getByRole("button", { name: "set up" }));
  expect(await transcript()).toBe("A bakery shop (sending), waits");
  api.answer("chat.transcript", { entries: [sample(TranscriptMessage, { text: "A bakery shop" })] });
  api.blank("queue.list");
  const seen = new Set<string | null>();
  const watch = new MutationObserver(() => seen.add(screen.getByRole("status").textContent));
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  pane.emit(changed);
  await waitFor(async () => expect(await transcript()).toBe("A bakery shop (sent), nothing waits"));
  watch.disconnect();
  expect([...seen].filter((text) => !text?.startsWith("A bakery shop"))).toEqual([]);
});

test("after a failed setup it still waits; a run that is refused afterwards leaves it to the queue", async ({ api, show, user }) => {
  const pane = waiting(api);
  show(pane.element);
  await waitFor(async () => expect(await transcript()).toBe("A bakery shop (sending), waits"));
  await user.click(screen.getByRole("button", { name: "failed" }));
  expect(await transcript()).toBe("A bakery shop (sending), waits");
  await user.click(screen.getByRole("button", { name: "set up" }));
  api.answer("queue.list", { items: [item], total: 1, held: { reason: "insufficient_credits", message: "No credits are left." } });
  pane.emit(changed);
  await waitFor(async () => expect(await transcript()).toBe("nothing waits"));
});
