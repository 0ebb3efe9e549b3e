import { Project, Task } from "@tesslate/contract";
import { expect, expectAccessible, openPane, refuse, sample, sampleId, screen, test, waitFor, within } from "../../testing/index.ts";
import { LostFilesState } from "./LostFiles.tsx";

const project = sample(Project, { environment_status: "files_missing" });
const snapshot = { id: sampleId, label: "Before the sale", created_at: "2026-03-05T10:00:00Z", databases: ["orders"] };

test("says from which snapshot the files are restored and what is lost, and restores them", async ({ api, show, user }) => {
  api.answer("snapshots.filesCopy", { state: "missing", snapshot, task_id: null });
  api.answer("snapshots.restoreFiles", { task_id: sampleId, snapshot_id: sampleId });
  api.answer("tasks.get", sample(Task, { type: "files_restore", status: "running" }));
  show(openPane(LostFilesState, { project }).element);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("The files of this project are missing");
  expect(alert).toHaveTextContent(/from the snapshot “Before the sale” of .*Mar 5, 2026.*, with the rows of orders\./);
  expect(alert).toHaveTextContent("Changes after that moment are lost");
  await expectAccessible();
  await user.click(within(alert).getByRole("button", { name: "Restore files" }));
  await waitFor(() => expect(api.asked("snapshots.restoreFiles")).toHaveLength(1));
});

test("without a copy there is nothing to restore; it can be looked for again", async ({ api, show, user }) => {
  api.answer("snapshots.filesCopy", { state: "missing", snapshot: null, task_id: null });
  const failed = sample(Task, { type: "files_restore", status: "failed", error: "The bucket didn't respond." });
  show(openPane(LostFilesState, { project, tasks: [failed] }).element);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("There is no copy of them.");
  expect(alert).toHaveTextContent("The last restore failed: The bucket didn't respond.");
  expect(within(alert).queryByRole("button", { name: "Restore files" })).toBeNull();
  await user.click(within(alert).getByRole("button", { name: "Check again" }));
  await waitFor(() => expect(api.asked("snapshots.filesCopy")).toHaveLength(2));
  await expectAccessible();
});

test("a failure to load is shown, and Retry loads again", async ({ api, show, user }) => {
  api.answer("snapshots.filesCopy", refuse("internal_error"));
  show(openPane(LostFilesState, { project }).element);
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("Couldn't load the copy of the files");
  api.answer("snapshots.filesCopy", { state: "missing", snapshot, task_id: null });
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  expect(await screen.findByRole("button", { name: "Restore files" })).toBeVisible();
});
