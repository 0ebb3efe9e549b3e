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

test("with nothing kept it says what is kept by itself, and offers a snapshot", async ({ api, show, user }) => {
  points(api, [], []);
  show(openPane(TimelinePane).element);
  await screen.findByRole("heading", { name: "Nothing kept yet" });
  await user.click(screen.getAllByRole("button", { name: "Snapshot" })[0] as HTMLElement);
  expect(await screen.findByRole("dialog")).toBeVisible();
  await expectAccessible();
});

test("while it loads it says so; a failure can be tried again", async ({ api, show, user }) => {
  points(api);
  const answer = api.hang("snapshots.list");
  show(openPane(TimelinePane).element);
  expect(await screen.findByRole("status", { name: "Loading the timeline" })).toBeVisible();
  answer(refuse("internal_error"));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The timeline could not be loaded");
  points(api);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await screen.findByText(/Before the sale/)).toBeVisible();
});

test("kinds are filtered, and none of a kind is said", async ({ api, show, user }) => {
  points(api, [], [turn]);
  show(openPane(TimelinePane).element);
  await screen.findByText(/add a cart/);
  await user.click(screen.getByRole("combobox", { name: "Kinds of points" }));
  await user.click(await screen.findByRole("option", { name: "Deploys" }));
  expect(await screen.findByRole("heading", { name: "None of this kind" })).toBeVisible();
});

test("a snapshot is saved under its name; a refusal stays in the dialog", async ({ api, show, user }) => {
  points(api);
  api.answer("snapshots.create", refuse("project_busy", { detail: "A restore goes on." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: "Snapshot" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox"), "Friday{Enter}");
  expect(await within(dialog).findByText("A restore goes on.")).toBeVisible();
  expect(within(dialog).getByRole("textbox")).toHaveValue("Friday");
  expect(api.asked("snapshots.create")[0]?.body).toEqual({ label: "Friday" });
});

test("going back says what becomes what it was, and keeps the state of now unless told not to", async ({ api, show, user }) => {
  points(api);
  api.blank("snapshots.diff");
  api.answer("snapshots.restore", refuse("run_active", { detail: "Stop the run first." }));
  show(openPane(TimelinePane).element);
  await user.click(await screen.findByRole("button", { name: /Before the sale/ }));
  await user.click(await screen.findByRole("button", { name: /Go back/ }));
  const dialog = await screen.findByRole("dialog", { name: /Go back to/ });
  expect(dialog).toHaveTextContent("rows of orders");
  await user.click(within(dialog).getByRole("switch", { name: /Keep the state of now/ }));
  expect(dialog).toHaveTextContent("cannot be brought back");
  await user.click(within(dialog).getByRole("button", { name: "Go back" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("Stop the run first.");
  await waitFor(() => expect(api.asked("snapshots.restore")[0]?.body).toEqual({ safety_snapshot: false }));
});
