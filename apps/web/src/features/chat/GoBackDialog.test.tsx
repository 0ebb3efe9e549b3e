import { createStore } from "@tanstack/react-store";
import { ChangeSet, Container, Snapshot, type SnapshotDiff } from "@tesslate/contract";
import { expect, expectAccessible, openPane, sample, sampleId, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
import { emptyChat } from "./chat.reducer.ts";
import { ConversationContext, type Conversation } from "./conversation.ts";
import { GoBackDialog } from "./GoBackDialog.tsx";
import type { GoBackOptions, GoBackTarget } from "./run-actions.ts";

const target: GoBackTarget = { messageId: sampleId, taskId: sampleId };
const diff: SnapshotDiff = {
  files: [{ path: "menu.html", old_path: null, status: "modified", additions: 1, deletions: 1, is_binary: false, patch: null }],
  total: 1,
  additions: 1,
  deletions: 1,
};
const database = sample(Container, { name: "PostgreSQL", container_type: "service", service_slug: "postgres" });

function server(api: CannedApi, snapshots: Snapshot[], project_id = sampleId): void {
  api.answer("changes.diff", sample(ChangeSet, { project_id, started_at: "2026-03-14T09:30:00Z" }));
  api.answer("snapshots.checkpointDiff", diff);
  api.answer("snapshots.list", { items: snapshots, max_snapshots: 20 });
  api.answer("snapshots.checkpoints", { items: [] });
}
/** The dialog in an open project, and what it was confirmed with. */
function dialog() {
  const confirmed: GoBackOptions[] = [];
  const conversation = createStore({ chat: { state: emptyChat } } as Conversation);
  const Pane = () => (
    <ConversationContext value={conversation}>
      <GoBackDialog
        projectId={sampleId}
        target={target}
        onClose={() => undefined}
        onGoBack={async (_, options) => void confirmed.push(options)}
      />
    </ConversationContext>
  );
  return { element: openPane(Pane, { containers: [database] }).element, confirmed };
}
const saved = (id: number, created_at: string, more: Partial<Snapshot> = {}) =>
  sample(Snapshot, {
    id: sampleId.replace(/1$/, String(id)),
    status: "ready",
    label: `Saved ${id}`,
    databases: ["PostgreSQL"],
    created_at,
    ...more,
  });

test("the databases of the latest snapshot before the run are offered, with what is lost", async ({ api, show, user }) => {
  server(api, [
    saved(2, "2026-03-14T08:00:00Z"),
    saved(3, "2026-03-14T09:00:00Z"),
    saved(4, "2026-03-14T09:10:00Z", { databases: [] }),
    saved(5, "2026-03-14T09:20:00Z", { status: "error" }),
    saved(6, "2026-03-14T10:00:00Z"),
  ]);
  const { element, confirmed } = dialog();
  show(element);
  const question = await screen.findByRole("alertdialog", { name: "Undo this run?" });
  const choice = await screen.findByRole("switch", { name: "Restore databases: PostgreSQL" });
  expect(question).toHaveTextContent("Databases aren't affected.");
  expect(question).toHaveTextContent("From the snapshot “Saved 3”");
  await user.click(choice);
  expect(question).not.toHaveTextContent("Databases aren't affected");
  expect(question).toHaveTextContent(/This removes what was written or changed since .* ago\), also by visitors/);
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Undo run" }));
  await waitFor(() => expect(confirmed).toEqual([{ databasesFrom: sampleId.replace(/1$/, "3") }]));
});

test("without a snapshot from before the run the dialog says that databases stay", async ({ api, show, user }) => {
  server(api, [saved(6, "2026-03-14T10:00:00Z")]);
  const { element, confirmed } = dialog();
  show(element);
  await screen.findByText(/^Running apps restart\. Databases aren't affected: no earlier snapshot has their rows\.$/);
  expect(screen.queryByRole("switch")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Undo run" }));
  await waitFor(() => expect(confirmed).toEqual([{}]));
});

test("the run of a branch has no snapshot of the project's databases", async ({ api, show }) => {
  server(api, [saved(3, "2026-03-14T09:00:00Z")], sampleId.replace(/1$/, "9"));
  show(dialog().element);
  await screen.findByText("menu.html");
  expect(screen.getByText("Running apps restart. Databases aren't affected.")).toBeVisible();
  expect(screen.queryByRole("switch")).toBeNull();
  expect(api.asked("snapshots.list")).toEqual([]);
});
