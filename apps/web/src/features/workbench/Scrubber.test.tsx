import { Checkpoint, Container, Project, RunSummary, Snapshot, SnapshotDiff, Task } from "@tesslate/contract";
import { expect, sample, sampleId, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const idOf = (n: number) => sampleId.replace(/.$/, String(n));
const at = (minute: number) => `2026-03-05T10:0${minute}:00Z`;
const runOf = (n: number, message: string): RunSummary =>
  sample(RunSummary, {
    task_id: idOf(n),
    before_id: idOf(n),
    message,
    status: "completed",
    visibility: "shown",
    started_at: at(n),
    files: 2,
    additions: 12,
    deletions: 3,
  });
const turnOf = (n: number, label: string) => sample(Checkpoint, { id: idOf(n), kind: "turn", title: label, label, created_at: at(n) });

function project(api: CannedApi): ReturnType<typeof api.stream<"projects.events">> {
  signedIn(api);
  api.blankReads();
  api.answer("projects.get", sample(Project, { name: "Bakery", slug: "alder", environment_status: "active", has_git_repo: false }));
  api.answer("containers.list", { items: [sample(Container, { id: sampleId, status: "stopped" })], total: 1 });
  api.blank("projects.activity");
  api.answer("snapshots.list", {
    items: [sample(Snapshot, { id: idOf(5), label: "A", status: "ready", created_at: at(5) })],
    max_snapshots: 20,
  });
  api.answer("snapshots.checkpoints", { items: [turnOf(4, "Add a cart"), turnOf(6, "Add a footer")] });
  api.answer("changes.list", { items: [runOf(6, "Add a footer"), runOf(4, "Add a cart")] });
  api.answer("snapshots.checkpointDiff", sample(SnapshotDiff, { files: [], total: 3 }));
  api.answer("snapshots.diff", sample(SnapshotDiff, { files: [], total: 1 }));
  return api.stream("projects.events");
}

test("the grip below the preview goes through the history with the keyboard, and back with Esc", async ({ api, open, user }) => {
  project(api);
  open("/p/alder/preview");
  const grip = await screen.findByRole("slider", { name: "Project history" });
  expect(grip).toHaveAttribute("aria-valuetext", "Now");
  expect(grip).toHaveAttribute("aria-valuemax", "3");
  grip.focus();
  const expectAt = (text: RegExp | string) => expect(grip).toHaveAttribute("aria-valuetext", expect.stringMatching(text));
  await user.keyboard("{ArrowLeft}");
  expectAt(/^checkpoint, .*, Before “Add a footer”$/);
  expect(await screen.findByText("Changes 3 files, 1 run")).toBeVisible();
  await user.keyboard("{ArrowLeft}");
  expectAt(/^snapshot, .*, A$/);
  await user.keyboard("{PageUp}");
  expectAt(/Before “Add a cart”$/);
  await user.keyboard("{PageDown}");
  expectAt(/Before “Add a footer”$/);
  await user.keyboard("{Home}");
  expectAt(/Before “Add a cart”$/);
  await user.keyboard("{End}");
  expectAt("Now");
  await user.keyboard("{ArrowLeft}{Escape}");
  expectAt("Now");
  // Enter at now asks nothing.
  await user.keyboard("{Enter}");
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});

test("letting go asks once, and restores files, databases and messages in one request; Cancel puts the grip back", async ({
  api,
  open,
  user,
}) => {
  const events = project(api);
  api.answer("snapshots.restore", { task_id: idOf(9), status_url: "/", snapshot_id: idOf(5), safety_snapshot_id: idOf(8) });
  open("/p/alder/preview");
  const grip = await screen.findByRole("slider", { name: "Project history" });
  grip.focus();
  await user.keyboard("{ArrowLeft}{ArrowLeft}{Enter}");
  await user.click(within(await screen.findByRole("dialog", { name: "Restore this snapshot?" })).getByRole("button", { name: "Cancel" }));
  await waitFor(() => expect(grip).toHaveAttribute("aria-valuetext", "Now"));
  expect(api.asked("snapshots.restore")).toEqual([]);

  grip.focus();
  await user.keyboard("{ArrowLeft}{ArrowLeft}{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "Restore this snapshot?" });
  expect(within(dialog).getByRole("switch", { name: /Hide messages of 1 later run/ })).toBeChecked();
  await user.click(within(dialog).getByRole("button", { name: "Restore snapshot" }));
  await waitFor(() => expect(api.asked("snapshots.restore")[0]?.body).toEqual({ safety_snapshot: true, with_messages: true }));
  await waitFor(() => expect(grip).toHaveAttribute("aria-valuetext", "Now"));
  // A toast says when it has ended. No message was hidden by then: its Redo restores the snapshot of the state before.
  events.send({
    seq: 1,
    ts: at(9),
    type: "task_update",
    data: sample(Task, {
      id: idOf(9),
      type: "snapshot_restore",
      status: "completed",
      error: null,
      result: { safety_snapshot_id: idOf(8) },
    }),
  });
  await screen.findByText("Restored to “A”.");
  await user.click(screen.getByRole("button", { name: "Redo" }));
  await waitFor(() => expect(api.asked("snapshots.restore")[1]?.body).toEqual({ safety_snapshot: false }));
});
