import { Checkpoint, Snapshot } from "@tesslate/contract";
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
const turn = sample(Checkpoint, { id: sampleId.replace(/1$/, "2"), kind: "turn", label: "add a cart" });
function points(api: CannedApi, snapshots: Snapshot[] = [snapshot], checkpoints: Checkpoint[] = [turn]): void {
  api.answer("snapshots.list", { items: snapshots, max_snapshots: 20 });
  api.answer("snapshots.checkpoints", { items: checkpoints });
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
  api.answer("snapshots.restore", refuse("run_active", { detail: "Stop the run first." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: /Before the sale/ }));
  await user.click(await screen.findByRole("button", { name: "Restore A…" }));
  const dialog = await screen.findByRole("dialog", { name: "Restore this snapshot?" });
  expect(dialog).toHaveTextContent("data of orders");
  await user.click(within(dialog).getByRole("switch", { name: /Save current state first/ }));
  expect(dialog).toHaveTextContent("You can't undo this restore.");
  await user.click(within(dialog).getByRole("button", { name: "Restore snapshot" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Stop the run first.");
  await waitFor(() => expect(api.asked("snapshots.restore")[0]?.body).toEqual({ safety_snapshot: false }));
});
