import { Checkpoint, RunSummary, Snapshot } from "@tesslate/contract";
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
import { TimelinePane } from "./TimelinePane.tsx";

const snapshot = sample(Snapshot, { label: "Before the sale", status: "ready", snapshot_type: "manual", databases: ["orders"] });
const turn = sample(Checkpoint, { id: sampleId.replace(/1$/, "2"), kind: "turn", title: "add a cart", label: "add a cart to every page" });
const run = sample(RunSummary, {
  before_id: turn.id,
  status: "completed",
  visibility: "shown",
  files: 2,
  additions: 12,
  deletions: 3,
  cost_cents: 21,
  started_at: "2026-03-05T10:00:00Z",
  // It waited for an approval: the figure is how long the agent worked.
  ended_at: "2026-03-05T10:09:00Z",
  duration_ms: 41_000,
});
function points(api: CannedApi, snapshots: Snapshot[] = [snapshot], checkpoints: Checkpoint[] = [turn], runs: RunSummary[] = []): void {
  api.answer("changes.list", { items: runs });
  api.answer("snapshots.list", { items: snapshots, max_snapshots: 20 });
  api.answer("snapshots.checkpoints", { items: checkpoints });
  api.answer("snapshots.tables", { databases: null });
}

test("the empty state offers to save a snapshot", async ({ api, show, user }) => {
  points(api, [], []);
  show(openPane(TimelinePane).element);
  await screen.findByRole("heading", { name: "No history yet" });
  await user.click(screen.getAllByRole("button", { name: "Save snapshot" })[0] as HTMLElement);
  expect(await screen.findByRole("dialog")).toBeVisible();
  await expectAccessible();
});

test("loading and failure are shown; Retry loads again", async ({ api, show, user }) => {
  points(api);
  const answer = api.hang("snapshots.list");
  show(openPane(TimelinePane).element);
  expect(await screen.findByRole("status", { name: "Loading timeline…" })).toBeVisible();
  answer(refuse("internal_error"));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("Couldn't load timeline");
  points(api);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await screen.findByText(/Before the sale/)).toBeVisible();
});

test("the last copy is named, and one that is late", async ({ api, show }) => {
  points(api);
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const copies = { every_minutes: 60, copied_until: minutesAgo(12), due_since: null as string | null };
  api.answer("snapshots.list", { items: [snapshot], max_snapshots: 20, copies });
  const { unmount } = show(openPane(TimelinePane).element);
  expect(await screen.findByText(/^Last copy/)).toHaveTextContent("Last copy 12 min. ago");
  expect(screen.queryByText(/has been due/)).toBeNull();
  await expectAccessible();
  unmount();
  api.answer("snapshots.list", {
    items: [snapshot],
    max_snapshots: 20,
    copies: { ...copies, copied_until: minutesAgo(180), due_since: minutesAgo(120) },
  });
  show(openPane(TimelinePane).element);
  expect(await screen.findByText(/has been due since/)).toHaveTextContent("2 hr. ago");
});

test("a comparison of snapshots lists the tables that changed, with now or with another snapshot", async ({ api, show, user }) => {
  const later = { ...snapshot, id: sampleId.replace(/1$/, "9"), label: "After the sale", created_at: "2026-03-09T10:00:00.000Z" };
  points(api, [snapshot, later]);
  api.blank("snapshots.diff");
  const rows = (n: number) => ({ rows: n, is_estimate: false });
  const table = (name: string, saved: number | null, now: number | null, has_other_columns = false) => ({
    schema: "public",
    name,
    saved: saved === null ? null : rows(saved),
    now: now === null ? null : rows(now),
    has_other_columns,
  });
  const databases = [
    {
      container: "orders",
      database: "app",
      state: "compared" as const,
      tables: [table("slots", null, 4), table("bookings", 9, 12), table("people", 2, 2, true), table("drafts", 7, null)],
      total: 4,
    },
  ];
  api.answer("snapshots.tables", { databases });
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: /Before the sale, snapshot/ }));
  const list = await screen.findByRole("list", { name: "Changed tables of orders" });
  expect(
    within(list)
      .getAllByRole("listitem")
      .map(({ textContent }) => textContent),
  ).toEqual(["+ slotsNew, 4 rows", "bookings9 → 12 rows", "peopleOther columns", "− draftsDeleted, 7 rows"]);
  expect(api.asked("snapshots.tables")[0]?.query.get("against")).toBeNull();
  api.answer("snapshots.tables", { databases: [{ ...databases[0]!, state: "deleted" as const, tables: [], total: 0 }] });
  await user.click(screen.getByRole("combobox", { name: "Compare with" }));
  await user.click(await screen.findByRole("option", { name: /After the sale/ }));
  expect(await screen.findByText("The other snapshot doesn't have this database.")).toBeVisible();
  expect(api.asked("snapshots.tables").at(-1)?.query.get("against")).toBe(later.id);
  await expectAccessible();
  // A checkpoint has no databases.
  await user.click(screen.getByRole("combobox", { name: "Compare with" }));
  await user.click(await screen.findByRole("option", { name: /add a cart/ }));
  await waitFor(() => expect(screen.queryByRole("region", { name: "Databases" })).toBeNull());
});

test("the list is filtered by kind; without results the filter can be cleared", async ({ api, show, user }) => {
  points(api, [], [turn]);
  show(openPane(TimelinePane).element);
  await screen.findByText(/add a cart/);
  await user.click(screen.getByRole("combobox", { name: "Filter" }));
  await user.click(await screen.findByRole("option", { name: "Deployments" }));
  expect(await screen.findByRole("heading", { name: "No results" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  expect(await screen.findByText(/add a cart/)).toBeVisible();
});

test("a snapshot is saved with its label; a failure is shown in the dialog", async ({ api, show, user }) => {
  points(api);
  api.answer("snapshots.create", refuse("project_busy", { detail: "A restore is running." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: "Save snapshot" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox"), "Friday{Enter}");
  expect(await within(dialog).findByText("A restore is running.")).toBeVisible();
  expect(within(dialog).getByRole("textbox")).toHaveValue("Friday");
  expect(api.asked("snapshots.create")[0]?.body).toEqual({ label: "Friday" });
});

test("the restore dialog lists what is restored, and saves the current state unless that is turned off", async ({ api, show, user }) => {
  points(api);
  api.blank("snapshots.diff");
  api.answer("snapshots.tables", {
    databases: [{ container: "orders", database: "app", state: "stopped", tables: [], total: 0 }],
  });
  api.answer("snapshots.restore", refuse("run_active", { detail: "Stop the run first." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: /Before the sale, snapshot/ }));
  await user.click(await screen.findByRole("button", { name: "Restore A…" }));
  const dialog = await screen.findByRole("dialog", { name: "Restore this snapshot?" });
  expect(dialog).toHaveTextContent("data of orders");
  expect(await within(dialog).findByText("Row counts are not available: the database is stopped.")).toBeVisible();
  await user.click(within(dialog).getByRole("switch", { name: /Save current state first/ }));
  expect(dialog).toHaveTextContent("You can't undo this restore.");
  await user.click(within(dialog).getByRole("button", { name: "Restore snapshot" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Stop the run first.");
  await waitFor(() => expect(api.asked("snapshots.restore")[0]?.body).toEqual({ safety_snapshot: false, with_messages: false }));
});

test("the state that an undo saved is folded below it, and can be restored from there", async ({ api, show, user }) => {
  const id = (last: number) => sampleId.replace(/1$/, String(last));
  const before = { ...turn, kind: "restore" as const, id: id(3), title: "Before undoing “add a cart”", created_at: "2026-03-05T11:00:00Z" };
  const undo = { ...before, id: id(4), title: "Undid “add a cart”", before_id: id(3), created_at: "2026-03-05T11:00:02Z" };
  points(api, [], [turn, before, undo], [run]);
  show(openPane(TimelinePane).element);
  await screen.findByRole("button", { name: /^\d.*Undid “add a cart”/ });
  expect(screen.queryByText("Before undoing “add a cart”")).toBeNull();
  const details = screen.getByRole("button", { name: "Details of Undid “add a cart”" });
  await user.click(details);
  expect(details).toHaveAttribute("aria-expanded", "true");
  expect(await screen.findByRole("button", { name: "Restore to before undoing “add a cart”" })).toBeEnabled();
  await expectAccessible();
  await user.click(details);
  expect(screen.queryByText("Before undoing “add a cart”")).toBeNull();
});

test("a run is shown with its changes, duration and cost, and is restored from its row with its messages", async ({ api, show, user }) => {
  points(api, [], [turn], [run]);
  api.answer("snapshots.checkpointRestore", refuse("run_active", { detail: "Stop the run first." }));
  show(openPane(TimelinePane).element);
  const row = await screen.findByRole("button", { name: /^\d.*“add a cart”/ });
  for (const figure of ["+12", "−3", "2 files", "41 s", "$0.21"]) expect(row).toHaveTextContent(figure);
  await user.click(screen.getByRole("button", { name: "Restore to before “add a cart”" }));
  const dialog = await screen.findByRole("dialog", { name: "Restore this checkpoint?" });
  await user.click(within(dialog).getByRole("button", { name: "Restore checkpoint" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Stop the run first.");
  expect(api.asked("snapshots.checkpointRestore")[0]?.body).toEqual({ safety_snapshot: true, with_messages: true });
  await expectAccessible();
});

test("a checkpoint restores databases from the last snapshot before it, if that is chosen and the current state is saved", async ({
  api,
  show,
  user,
}) => {
  const at = (day: number) => ({ created_at: `2026-03-0${day}T10:00:00.000Z` });
  const id = (last: number) => sampleId.replace(/1$/, String(last));
  points(
    api,
    [
      { ...snapshot, id: id(5), label: "Older", ...at(1) },
      { ...snapshot, id: id(6), label: "Nearest", ...at(2) },
      { ...snapshot, id: id(7), label: "Without rows", databases: [], ...at(3) },
      { ...snapshot, id: id(8), label: "Later", ...at(5) },
    ],
    [{ ...turn, ...at(4) }],
    [run],
  );
  api.answer("snapshots.tables", {
    databases: [
      {
        container: "orders",
        database: "app",
        state: "compared",
        tables: [
          {
            schema: "public",
            name: "bookings",
            saved: { rows: 9, is_estimate: false },
            now: { rows: 12, is_estimate: false },
            has_other_columns: false,
          },
        ],
        total: 1,
      },
    ],
  });
  api.answer("snapshots.checkpointRestore", refuse("run_active", { detail: "Stop the run first." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: "Restore to before “add a cart”" }));
  const dialog = await screen.findByRole("dialog", { name: "Restore this checkpoint?" });
  expect(dialog).toHaveTextContent("Databases, deployments, board, notes and secrets aren't affected.");
  const databases = within(dialog).getByRole("switch", { name: /Restore databases: orders/ });
  expect(dialog).toHaveTextContent("From the snapshot “Nearest”");
  await user.click(databases);
  expect(dialog).toHaveTextContent("This restores all files, and the data of orders as of");
  expect(dialog).not.toHaveTextContent(/databases, deployments/i);
  expect(await within(dialog).findByRole("list", { name: "Tables of orders" })).toHaveTextContent("bookings12 rows → 9");
  await expectAccessible();
  await user.click(within(dialog).getByRole("button", { name: "Restore checkpoint" }));
  await waitFor(() =>
    expect(api.asked("snapshots.checkpointRestore")[0]?.body).toEqual({
      safety_snapshot: true,
      with_messages: true,
      databases_from: id(6),
    }),
  );
  // Without the current state saved, the present rows would be lost.
  await user.click(within(dialog).getByRole("switch", { name: /Save current state first/ }));
  expect(within(dialog).queryByRole("switch", { name: /Restore databases/ })).toBeNull();
});

test("undone runs stay in the list; those that can be redone offer it once", async ({ api, show, user }) => {
  points(
    api,
    [],
    [turn, { ...turn, id: sampleId.replace(/1$/, "3"), title: "add a footer" }],
    [
      { ...run, visibility: "hidden" },
      { ...run, before_id: sampleId.replace(/1$/, "3"), task_id: sampleId.replace(/1$/, "4"), visibility: "discarded" },
    ],
  );
  api.answer("chat.redo", { task_id: sampleId, status_url: "/" });
  show(openPane(TimelinePane).element);
  expect(await screen.findByRole("button", { name: /“add a cart”, undone/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /“add a footer”, undone/ })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Redo" }));
  await waitFor(() => expect(api.asked("chat.redo")).toHaveLength(1));
});

test("two points are compared: Shift selects the second", async ({ api, show, user }) => {
  points(api);
  api.blank("snapshots.diff");
  api.blank("snapshots.checkpointDiff");
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: /Before the sale, snapshot/ }));
  await screen.findByRole("complementary", { name: "Comparison" });
  await user.keyboard("{Shift>}");
  await user.click(screen.getByRole("button", { name: /add a cart”, checkpoint/ }));
  await user.keyboard("{/Shift}");
  await waitFor(() => expect(api.asked("snapshots.diff").at(-1)?.query.get("against")).toBe(turn.id));
});
