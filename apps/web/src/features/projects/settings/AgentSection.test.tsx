import { Project } from "@tesslate/contract";
import { expect, expectAccessible, openPane, sample, screen, test, waitFor } from "../../../testing/index.ts";
import { ProjectSettingsPane } from "./ProjectSettingsPane.tsx";

test("databases are saved with each run once the project's setting says so", async ({ api, show, user }) => {
  const project = sample(Project, { settings: {} });
  api.blankReads();
  api.answer("projects.update", ({ body }) => ({ ...project, ...(body as object) }));
  show(openPane(ProjectSettingsPane, { project }).element);
  const choice = await screen.findByRole("switch", { name: "Save databases with each run" });
  expect(choice).not.toBeChecked();
  await user.click(choice);
  await waitFor(() => expect(api.asked("projects.update").map(({ body }) => body)).toEqual([{ settings: { save_databases: true } }]));
});

test("checks after edits are on unless the project's setting turns them off", async ({ api, show, user }) => {
  const project = sample(Project, { settings: { agent_diagnostics: false } });
  api.blankReads();
  api.answer("projects.update", ({ body }) => ({ ...project, ...(body as object) }));
  show(openPane(ProjectSettingsPane, { project }).element);
  const edits = await screen.findByRole("switch", { name: "Check files after edits" });
  expect(edits).not.toBeChecked();
  expect(screen.getByRole("switch", { name: "Fix errors automatically" })).toBeChecked();
  await expectAccessible();
  await user.click(edits);
  await waitFor(() => expect(api.asked("projects.update").map(({ body }) => body)).toEqual([{ settings: { agent_diagnostics: true } }]));
});
