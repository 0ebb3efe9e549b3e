import { createStore } from "@tanstack/react-store";
import { ChangeSet, Container, Snapshot, type DatabaseDifference, type SnapshotDiff, type TableDifference } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  openPane,
  refuse,
  sample,
  sampleId,
  screen,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";
import { emptyChat } from "./chat.reducer.ts";
import { ConversationContext, type Conversation } from "./conversation.ts";
import { GoBackDialog } from "./GoBackDialog.tsx";
import type { ChatState, Part } from "./chat.types.ts";
import { emptyRun } from "./run-events.ts";
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
  api.answer("snapshots.tables", { databases: null });
}
const exactly = (rows: number) => ({ rows, is_estimate: false });
const table = (name: string, saved: TableDifference["now"], now: TableDifference["now"], more: Partial<TableDifference> = {}) => ({
  schema: "public",
  name,
  saved,
  now,
  has_other_columns: false,
  ...more,
});
const compared = (tables: TableDifference[], more: Partial<DatabaseDifference> = {}): DatabaseDifference => ({
  container: "PostgreSQL",
  database: "app",
  state: "compared",
  tables,
  total: tables.length,
  ...more,
});
/** The dialog in an open project, and what it was confirmed with. */
function dialog(parts: Part[] = []) {
  const confirmed: GoBackOptions[] = [];
  const state: ChatState = {
    ...emptyChat,
    turns: [
      { kind: "user", id: sampleId, text: "Add orders", at: "2026-03-14T09:30:00Z", delivery: "sent" },
      { kind: "run", taskId: sampleId },
    ],
    runs: { [sampleId]: { ...emptyRun(sampleId, sampleId), parts } },
  };
  const conversation = createStore({ chat: { state } } as Conversation);
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
const call = (name: string, parameters: Record<string, unknown>): Part => ({
  kind: "tool",
  key: `${name} ${JSON.stringify(parameters)}`,
  iteration: 1,
  name,
  parameters,
  status: "ok",
  edits: [],
});
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

test("a run that wrote to a database with the agent's tool keeps its tables, also without a snapshot", async ({ api, show }) => {
  server(api, []);
  show(dialog([call("database_query", { sql: "create table orders (id int)", write: true })]).element);
  await screen.findByText(
    "Running apps restart. Databases aren't restored: no earlier snapshot has their rows. Tables, columns and rows that were created or changed since then stay.",
  );
});

test("without a snapshot from before the run the dialog says that databases stay", async ({ api, show, user }) => {
  server(api, [saved(6, "2026-03-14T10:00:00Z")]);
  const { element, confirmed } = dialog([call("database_query", { sql: "select 1" })]);
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

test("only commands that can have changed more than files are listed, and what the run did to databases stays unless they are restored", async ({
  api,
  show,
  user,
}) => {
  server(api, [saved(3, "2026-03-14T09:00:00Z")]);
  const run = (command: string) => call("run_command", { command });
  const { element, confirmed } = dialog([
    ...["npm run typecheck", "ls -la", "curl localhost:3000", "npm run db:migrate", "git push", "git push"].map(run),
    { ...run("npm publish"), status: "refused" } as Part,
  ]);
  show(element);
  const question = await screen.findByRole("alertdialog", { name: "Undo this run?" });
  const choice = await screen.findByRole("switch", { name: "Restore databases: PostgreSQL" });
  expect(question).toHaveTextContent("Databases aren't restored. Tables, columns and rows that were created or changed since then stay.");
  const listed = () =>
    within(screen.getByRole("list", { name: "Commands" }))
      .getAllByRole("listitem")
      .map((item) => item.textContent);
  expect(listed()).toEqual(["npm run db:migrate", "git push"]);
  await expectAccessible();
  await user.click(choice);
  expect(question).not.toHaveTextContent("Databases aren't restored");
  expect(listed()).toEqual(["git push"]);
  await user.click(choice);
  await user.click(screen.getByRole("button", { name: "Undo run" }));
  await waitFor(() => expect(confirmed).toEqual([{ keepsDatabaseChanges: true }]));
});

/** The databases as they were saved for the run. */
const ofRun = () => saved(3, "2026-03-14T09:30:00Z", { snapshot_type: "run", checkpoint_id: sample(ChangeSet).before_id });
const databases = () => screen.findByRole("switch", { name: "Restore databases: PostgreSQL" });
const rowsOf = async (list: string) =>
  within(await screen.findByRole("list", { name: list }))
    .getAllByRole("listitem")
    .map((item) => [...item.children].map(({ textContent }) => textContent).join(" ") || item.textContent);

test("with the figures of tables the dialog names those that stay, and with the databases the rows that are lost", async ({
  api,
  show,
  user,
}) => {
  server(api, [ofRun()]);
  const release = api.hang("snapshots.tables");
  const { element, confirmed } = dialog();
  show(element);
  await user.click(await databases());
  expect(await screen.findByRole("status", { name: "Loading row counts" })).toBeVisible();
  release({
    databases: [
      compared(
        [
          table("notes", null, exactly(4)),
          table("drafts", null, exactly(0), { schema: "blog" }),
          table("bookings", exactly(9), exactly(12)),
          table("visits", exactly(1), { rows: 250_000, is_estimate: true }),
          table("people", exactly(1), exactly(1), { has_other_columns: true }),
          table("rooms", exactly(2), exactly(1), { has_other_columns: true }),
          table("orders", exactly(1), null),
          ...["a", "b", "c", "d"].map((name) => table(name, exactly(1), exactly(0))),
        ],
        { total: 13 },
      ),
    ],
  });
  expect(await rowsOf("Tables of PostgreSQL")).toEqual([
    "notes is removed with 4 rows",
    "blog.drafts is removed",
    "bookings 12 rows → 9",
    "visits about 250,000 rows → 1",
    "people columns are restored",
    "rooms 1 row → 2, columns are restored",
    "orders is restored with 1 row",
    "a 0 rows → 1",
    "b 0 rows → 1",
    "c 0 rows → 1",
    "and 3 more",
  ]);
  await expectAccessible();
  await user.click(await databases());
  await screen.findByText(
    "Running apps restart. Databases aren't restored. Tables that stay: notes, blog.drafts. Columns and rows that were changed since then stay.",
  );
  expect(screen.queryByRole("list", { name: "Tables of PostgreSQL" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Undo run" }));
  await waitFor(() => expect(confirmed).toEqual([{ keepsDatabaseChanges: true }]));
});

test("the figures replace the guess from commands: a migration that created one table names it", async ({ api, show }) => {
  server(api, [ofRun()]);
  api.answer("snapshots.tables", { databases: [compared([table("notes", null, exactly(4))])] });
  show(dialog([call("run_command", { command: "npm run db:migrate" })]).element);
  await screen.findByText("Running apps restart. Databases aren't restored. Tables that stay: notes.");
});

test("databases that cannot be compared give the reason, and the guess stays", async ({ api, show, user }) => {
  server(api, [ofRun()]);
  const other = { container: "Orders", tables: [], total: 0 };
  api.answer("snapshots.tables", {
    databases: [
      compared([], { state: "stopped" }),
      compared([], { database: "empty" }),
      ...(["deleted", "too_many_tables", "unreadable"] as const).map((state) => compared([], { ...other, state, database: state })),
    ],
  });
  show(dialog([call("run_command", { command: "npm run db:migrate" })]).element);
  await user.click(await databases());
  await screen.findByText(/the database is stopped/);
  const question = screen.getByRole("alertdialog", { name: "Undo this run?" });
  for (const text of [
    "PostgreSQL, appRow counts are not available: the database is stopped.",
    "PostgreSQL, emptyAll tables have the same columns and the same number of rows as now.",
    "Orders, deletedRow counts are not available: the database was deleted.",
    "Row counts are not available: the database has too many tables.",
    "Row counts are not available: the database can't be read right now.",
  ])
    expect(question).toHaveTextContent(text);
  await user.click(await databases());
  expect(question).toHaveTextContent("Databases aren't restored. Tables, columns and rows that were created or changed since then stay.");
});

test("row counts that do not load say so, and the databases can be restored", async ({ api, show, user }) => {
  server(api, [ofRun()]);
  api.answer("snapshots.tables", refuse("rate_limited"));
  const { element, confirmed } = dialog();
  show(element);
  await user.click(await databases());
  expect(await screen.findByText(/^Row counts are not available\./)).toHaveTextContent("Too many attempts.");
  await user.click(screen.getByRole("button", { name: "Undo run" }));
  await waitFor(() => expect(confirmed).toHaveLength(1));
  expect(confirmed[0]?.databasesFrom).toBeDefined();
});
