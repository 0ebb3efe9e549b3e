import { AgentDetail } from "@tesslate/contract";
import {
  expect,
  refuse,
  sample,
  sampleId,
  sampleTime,
  screen,
  signedIn,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";

function begin(api: CannedApi): void {
  signedIn(api);
  api.blank("agentDrafts.get", "agentDrafts.save", "marketplaceCollections.categories");
  api.blank("models.list", "agents.tools", "library.agents", "library.bases", "library.ownItems", "billing.config");
}
const baker = sample(AgentDetail, {
  latest_version: null,
  has_unpublished_changes: false,
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
  expect(screen.getByRole("textbox", { name: "System prompt" })).toBeInvalid();
  await waitFor(() => expect(screen.getByLabelText("Name")).toHaveFocus());
  expect(api.asked("marketplaceAgents.create")).toEqual([]);
});

test("a marker is put in where the cursor stands", async ({ api, open, user }) => {
  begin(api);
  open("/library/agents/new");
  const prompt = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "System prompt" });
  await user.click(prompt);
  await user.paste("Work on  now");
  prompt.setSelectionRange(8, 8);
  await user.click(screen.getByRole("button", { name: "Insert {project_name}" }));
  expect(prompt).toHaveValue("Work on {project_name} now");
  await waitFor(() => expect(prompt).toHaveFocus());
});

test("what is not saved is kept: through leaving, a reload, and what somebody else saved meanwhile", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", baker);
  const app = open("/library/agents/baker");
  const name = await screen.findByLabelText("Name");
  await user.clear(name);
  await user.paste("Master baker");
  await user.click(screen.getAllByRole("link", { name: "Library" }).at(-1) as HTMLElement);
  await waitFor(() => expect(app.path()).toBe("/library"));
  app.unmount();
  api.answer("marketplaceAgents.get", { ...baker, description: "Bakes bread" });
  open("/library/agents/baker");
  expect(await screen.findByLabelText("Name")).toHaveValue("Master baker");
  expect(screen.getByLabelText("Description")).toHaveValue("Bakes bread");
  api.answer("marketplaceAgents.update", { ...baker, name: "Master baker" });
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(api.asked("marketplaceAgents.update")[0]?.body).toEqual({ name: "Master baker" }));
  await waitFor(() => expect(JSON.stringify({ ...localStorage })).not.toContain("Master baker"));
});

test("how much the model thinks is chosen, from the agent's own level", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", { ...baker, config: { reasoning: "high", note: "kept" } });
  api.answer("marketplaceAgents.update", baker);
  open("/library/agents/baker");
  const thinking = await screen.findByRole("combobox", { name: "Thinking" });
  expect(thinking).toHaveTextContent("High");
  await user.click(thinking);
  await user.click(await screen.findByRole("option", { name: /Model default/ }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(api.asked("marketplaceAgents.update")[0]?.body).toEqual({ config: { reasoning: null } }));
});

test("changes can be discarded", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", baker);
  open("/library/agents/baker");
  const name = await screen.findByLabelText("Name");
  await user.type(name, "!");
  await user.click(screen.getByRole("button", { name: "Discard changes" }));
  expect(name).toHaveValue("Baker");
  expect(screen.queryByRole("button", { name: "Discard changes" })).not.toBeInTheDocument();
});

test("who asks money is led to the payout account at once, and keeps the draft", async ({ api, open, user }) => {
  begin(api);
  api.answer("billing.config", { is_enabled: true, creator_share: 0.9 });
  api.blank("creatorStudio.dashboard");
  api.answer("marketplaceAgents.get", baker);
  const app = open("/library/agents/baker");
  await screen.findByLabelText("Name");
  expect(screen.queryByRole("button", { name: "Set up payouts" })).not.toBeInTheDocument();
  await user.click(await screen.findByRole("radio", { name: "One-time" }));
  expect(await screen.findByText(/you need a payout account first/)).toBeVisible();
  api.answer("creatorStudio.connect", refuse("stripe_error", { detail: "Stripe is away." }));
  await user.click(screen.getByRole("button", { name: "Set up payouts" }));
  expect(await screen.findByText("Stripe is away.")).toBeVisible();
  app.unmount();
  open("/library/agents/baker");
  expect(await screen.findByRole("radio", { name: "One-time" })).toBeChecked();
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
  expect(await screen.findByRole("heading", { name: "Baker can't be edited" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument();
});

test("a price hides the prompt, and says what is missing to sell while the form is kept", async ({ api, open, user }) => {
  begin(api);
  api.answer("billing.config", { is_enabled: true, creator_share: 0.9 });
  api.blank("creatorStudio.dashboard");
  api.answer("creatorStudio.connect", refuse("stripe_error", { detail: "Stripe didn't respond." }));
  open("/library/agents/new");
  await user.click(await screen.findByRole("radio", { name: "Monthly" }));
  expect(screen.getByRole("switch", { name: /Hide the system prompt/ })).toBeChecked();
  await user.click(await screen.findByRole("button", { name: "Set up payouts" }));
  expect(await screen.findByText("Stripe didn't respond.")).toBeVisible();
  expect(screen.getByText(/Your public profile is empty/)).toBeVisible();
  await user.click(screen.getByRole("radio", { name: "Free" }));
  await user.click(screen.getByRole("radio", { name: "Monthly" }));
  expect(screen.getByRole("switch", { name: /Hide the system prompt/ })).toBeChecked();
});

test("before publishing, a list says what is there and what is missing; what is required prevents it", async ({ api, open, user }) => {
  begin(api);
  api.answer("billing.config", { is_enabled: true, creator_share: 0.9 });
  api.blank("creatorStudio.dashboard");
  api.answer("marketplaceAgents.get", {
    ...baker,
    pricing_type: "one_time",
    price_cents: 1200,
    is_published: false,
    source_type: "closed",
  });
  open("/library/agents/baker");
  await user.click(await screen.findByRole("button", { name: "Publish…" }));
  const dialog = await screen.findByRole("dialog", { name: "Publish Baker?" });
  await waitFor(() => expect(dialog).toHaveTextContent("Everyone can buy it for $12.00. You keep 90%. Its system prompt is hidden."));
  expect(await within(dialog).findByRole("list", { name: "Before you publish" })).toHaveTextContent("Payout account");
  expect(within(dialog).getByRole("button", { name: "Publish agent" })).toBeDisabled();
});

test("a free one is published from the list", async ({ api, open, user }) => {
  begin(api);
  api.answer("marketplaceAgents.get", { ...baker, is_published: false });
  api.answer("marketplaceAgents.update", { ...baker, is_published: true });
  open("/library/agents/baker");
  await user.click(await screen.findByRole("button", { name: "Publish…" }));
  await user.click(within(await screen.findByRole("dialog", { name: "Publish Baker?" })).getByRole("button", { name: "Publish agent" }));
  await waitFor(() => expect(api.asked("marketplaceAgents.update")[0]?.body).toEqual({ is_published: true }));
  expect(await screen.findByText("Baker published.")).toBeInTheDocument();
});

test("a draft is saved on the server and shown in another browser; one that did not arrive stays in this one", async ({
  api,
  open,
  user,
}) => {
  begin(api);
  api.answer("marketplaceAgents.get", baker);
  const app = open("/library/agents/baker");
  await user.type(await screen.findByLabelText("Name"), " junior");
  expect(await screen.findByText("Unsaved changes. Draft saved.")).toBeVisible();
  const { draft } = (api.asked("agentDrafts.save").at(-1)?.body ?? {}) as { draft: Record<string, unknown> };
  expect(draft).toMatchObject({ before: { name: "Baker" }, form: { name: "Baker junior" } });
  app.unmount();
  localStorage.clear();
  api.answer("agentDrafts.get", { draft, updated_at: "2026-12-01T00:00:00Z" });
  open("/library/agents/baker");
  expect(await screen.findByLabelText("Name")).toHaveValue("Baker junior");
  api.answer("agentDrafts.save", refuse("internal_error"));
  await user.type(screen.getByLabelText("Name"), "!");
  expect(await screen.findByText("Unsaved changes, kept as a draft in this browser only")).toBeVisible();
});

test("a run of one's own is chosen for the store page, after a word about who reads it; a refusal is shown", async ({
  api,
  open,
  user,
}) => {
  begin(api);
  api.answer("marketplaceAgents.get", { ...baker, has_recorded_run: false });
  api.answer("recordedRuns.candidates", { items: [] });
  open("/library/agents/baker");
  await user.click(await screen.findByRole("button", { name: "Choose run…" }));
  const dialog = await screen.findByRole("dialog", { name: "Choose run" });
  await within(dialog).findByText("No runs yet");
  await user.click(within(dialog).getByRole("button", { name: "Close" }));
  const run = {
    task_id: sampleId,
    message: "Bake a loaf",
    model: "openai/scripted",
    ran_at: sampleTime,
    duration_ms: 65_000,
    project_name: "Bakery",
  };
  api.answer("recordedRuns.candidates", { items: [run] });
  api.answer("recordedRuns.set", refuse("validation_error", { detail: "This run contains a GitHub token. Choose another one" }));
  await user.click(screen.getByRole("button", { name: "Choose run…" }));
  await user.click(await screen.findByRole("button", { name: /^Bake a loaf/ }));
  const asked = await screen.findByRole("dialog", { name: "Show this run?" });
  within(asked).getByText(/Everyone who sees the agent can read/);
  await user.click(within(asked).getByRole("button", { name: "Show run" }));
  await within(asked).findByText(/This run contains a GitHub token/);
  api.answer("recordedRuns.set", { ...baker, has_recorded_run: true });
  api.answer("marketplaceAgents.get", { ...baker, has_recorded_run: true });
  api.answer("recordedRuns.get", { message: run.message, model: run.model, ran_at: sampleTime, duration_ms: 65_000, events: [] });
  await user.click(within(asked).getByRole("button", { name: "Show run" }));
  await screen.findByText("Recorded run saved.");
  expect(api.asked("recordedRuns.set").map(({ body }) => body)).toEqual([{ task_id: sampleId }, { task_id: sampleId }]);
  expect(await screen.findByText("Bake a loaf")).toBeVisible();
  api.answer("recordedRuns.remove", { ...baker, has_recorded_run: false });
  api.answer("marketplaceAgents.get", { ...baker, has_recorded_run: false });
  await user.click(screen.getByRole("button", { name: "Remove run" }));
  await screen.findByRole("button", { name: "Choose run…" });
});
