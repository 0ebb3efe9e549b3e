import { AgentDetail } from "@tesslate/contract";
import { expect, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

function begin(api: CannedApi): void {
  signedIn(api);
  api.blank("models.list", "agents.tools", "library.agents", "library.bases", "library.ownItems", "billing.config");
}
const baker = sample(AgentDetail, {
  name: "Baker",
  slug: "baker",
  description: "Bakes",
  category: "custom",
  agent_type: "TesslateAgent",
  system_prompt: "You bake.",
  pricing_type: "free",
  source_type: "open",
  is_owner: true,
  is_active: true,
});

test("a new one says what it lacks, and is not sent", async ({ api, open, user }) => {
  begin(api);
  open("/library/agents/new");
  await user.click(await screen.findByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.getByLabelText("Name")).toBeInvalid());
  expect(screen.getByRole("textbox", { name: "Its prompt" })).toBeInvalid();
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(api.asked("marketplaceAgents.create")).toEqual([]);
});

test("a marker is put in where the cursor stands", async ({ api, open, user }) => {
  begin(api);
  open("/library/agents/new");
  const prompt = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Its prompt" });
  await user.click(prompt);
  await user.paste("Work on  now");
  prompt.setSelectionRange(8, 8);
  await user.click(screen.getByRole("button", { name: "Insert {project_name}" }));
  expect(prompt).toHaveValue("Work on {project_name} now");
  await waitFor(() => expect(prompt).toHaveFocus());
});

test("leaving what is not saved asks; staying keeps it", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", baker);
  const app = open("/library/agents/baker");
  const name = await screen.findByLabelText("Name");
  await user.clear(name);
  await user.paste("Master baker");
  await user.click(screen.getAllByRole("link", { name: "Library" }).at(-1) as HTMLElement);
  const dialog = await screen.findByRole("alertdialog", { name: "Leave without saving?" });
  await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(app.path()).toBe("/library/agents/baker");
  expect(name).toHaveValue("Master baker");
});

test("a refused name stands at the name; what was written stays", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", baker);
  api.answer("marketplaceAgents.update", refuse("validation_error", { issues: { name: "There is a Baker already" } }));
  open("/library/agents/baker");
  const name = await screen.findByLabelText("Name");
  await user.clear(name);
  await user.paste("Bakers");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(name).toHaveAccessibleDescription("There is a Baker already"));
  expect(api.asked("marketplaceAgents.update")[0]?.body).toEqual({ name: "Bakers" });
});

test("a closed one of somebody else shows no prompt", async ({ api, open }) => {
  begin(api);
  api.answer("marketplaceAgents.get", { ...baker, is_owner: false, system_prompt: null });
  open("/library/agents/baker");
  expect(await screen.findByRole("heading", { name: "Baker is closed" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument();
});
