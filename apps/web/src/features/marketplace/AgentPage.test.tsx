import { AgentDetail, type TranscriptEvent } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
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

const writer = sample(AgentDetail, {
  name: "Documentation Writer",
  slug: "documentation-writer",
  description: "Writes what others forget",
  agent_type: "TesslateAgent",
  category: "documentation",
  pricing_type: "free",
  source_type: "open",
  is_active: true,
  creator_name: "Lena",
  latest_version: null,
  library_version: null,
});
const path = "/marketplace/agent/documentation-writer";
function item(api: CannedApi, known: Partial<AgentDetail> = {}): void {
  signedIn(api);
  api.answer("marketplaceAgents.get", { ...writer, ...known });
  api.blank("marketplaceCollections.categories", "marketplaceAgents.reviews", "marketplaceAgents.related", "library.agents");
}

test("one that is not there says so, and leads to the store", async ({ api, open }) => {
  item(api);
  api.answer("marketplaceAgents.get", refuse("not_found"));
  open(path);
  await screen.findByRole("heading", { name: "Agent not found" });
  expect(screen.getByRole("link", { name: "Browse store" })).toHaveAttribute("href", "/marketplace");
});

test("one that could not be read can be tried again", async ({ api, open, user }) => {
  item(api);
  api.answer("marketplaceAgents.get", refuse("internal_error"));
  open(path);
  const alert = await screen.findByRole("alert");
  item(api);
  await user.click(within(alert).getByRole("button", { name: "Retry" }));
  await screen.findByRole("heading", { name: writer.name });
});

test("a free one is taken into the library; a refusal is shown on the page", async ({ api, open, user }) => {
  item(api);
  api.answer("marketplaceAgents.purchase", refuse("internal_error", { detail: "The library is full." }));
  open(path);
  await user.click(await screen.findByRole("button", { name: "Add to library" }));
  expect(await screen.findByText("The library is full.")).toBeVisible();
});

test("what is in the library is taken out after a question", async ({ api, open, user }) => {
  item(api, { is_purchased: true });
  api.blank("library.removeAgent");
  open(path);
  await user.click(await screen.findByRole("button", { name: "Remove" }));
  const dialog = await screen.findByRole("alertdialog", { name: /Remove Documentation Writer/ });
  item(api, { is_purchased: false });
  await user.click(within(dialog).getByRole("button", { name: "Remove" }));
  await screen.findByRole("button", { name: "Add to library" });
  expect(await screen.findByRole("button", { name: "Undo" })).toBeInTheDocument();
});

test("what an administrator has taken off cannot be taken", async ({ api, open }) => {
  item(api, { is_active: false });
  open(path);
  expect(await screen.findByText(/An administrator disabled this agent/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Add to library" })).not.toBeInTheDocument();
});

test("one's own is edited, not bought", async ({ api, open }) => {
  item(api, { is_owner: true });
  open(path);
  await waitFor(() => expect(screen.getByRole("link", { name: "Edit" })).toHaveAttribute("href", "/library/agents/documentation-writer"));
  expect(screen.queryByRole("button", { name: "Add to library" })).not.toBeInTheDocument();
});

test("what it may do is said in sentences, and tools of a closed one are not listed", async ({ api, open }) => {
  item(api, { tools: null, source_type: "closed", abilities: ["read_files", "run_commands"] });
  open(path);
  const section = await screen.findByRole("region", { name: "What it may do" });
  expect(
    within(section)
      .getAllByRole("listitem")
      .map((one) => one.textContent),
  ).toEqual(["Read the files of your project", "Run commands in the project's sandbox and install packages"]);
});

test("one that was taken is used in a project, where it is then chosen", async ({ api, open, user }) => {
  item(api, { is_purchased: true });
  open(path);
  await user.click(await screen.findByRole("button", { name: "Use in a project…" }));
  const dialog = await screen.findByRole("dialog", { name: "Use Documentation Writer in a project" });
  expect(await within(dialog).findByText("No projects yet")).toBeVisible();
  expect(within(dialog).getByRole("link", { name: "New project" })).toHaveAttribute("href", "/new");
});

test("a newer version than that of the library is offered with its notes, and taken", async ({ api, open, user }) => {
  const latest_version = { number: 3, notes: "Knows Rust", created_at: "2026-11-01T10:00:00Z" };
  const known = { is_purchased: true, in_library: true, latest_version };
  item(api, { ...known, library_version: 2 });
  api.answer("marketplaceAgents.versions", { items: [latest_version], total: 1, page: 1, total_pages: 1 });
  open(path);
  await screen.findByText(/Version 3 is available. You run version 2./);
  // In the banner and in the list of versions.
  await waitFor(() => expect(screen.getAllByText("Knows Rust")).toHaveLength(2));
  api.blank("library.updateVersion");
  item(api, { ...known, library_version: 3 });
  await user.click(screen.getByRole("button", { name: "Update agent" }));
  await screen.findByText(`${writer.name} updated to version 3.`);
  await waitFor(() => expect(screen.queryByRole("button", { name: "Update agent" })).not.toBeInTheDocument());
  expect(screen.getByText("Yours")).toBeVisible();
});

const recordedEvents = (): TranscriptEvent[] => {
  const frame = { task_id: sampleId, ts: sampleTime };
  const call = { name: "write_file", parameters: { file_path: "price.html", content: "<p>5</p>" } };
  return [
    { ...frame, seq: 1, type: "task_started", data: { chat_id: sampleId, message_id: sampleId, agent_id: null, model: "openai/scripted" } },
    { ...frame, seq: 2, type: "tool_started", data: { iteration: 1, tools: [call], timestamp: sampleTime } },
    {
      ...frame,
      seq: 3,
      type: "agent_step",
      data: {
        iteration: 1,
        thought: null,
        tool_calls: [call],
        tool_results: [{ success: true, tool: "write_file", result: { message: "Wrote price.html" } }],
        response_text: "",
        timestamp: sampleTime,
        is_complete: false,
      },
    },
    { ...frame, seq: 4, type: "text_chunk", data: { content: "The price is there.", iteration: 2 } },
    {
      ...frame,
      seq: 5,
      type: "complete",
      data: {
        success: true,
        iterations: 2,
        final_response: "The price is there.",
        tool_calls_made: 1,
        completion_reason: "no_more_actions",
      },
    },
  ];
};
const recorded = {
  message: "Add a price",
  model: "openai/scripted",
  ran_at: sampleTime,
  duration_ms: 65_000,
  is_example: false,
  events: recordedEvents(),
};

test("shows its recorded run, which is replayed step by step", async ({ api, open, user }) => {
  item(api, { has_recorded_run: true });
  api.answer("recordedRuns.get", recorded);
  open(path);
  const run = await screen.findByRole("region", { name: "Recorded run" });
  expect(await within(run).findByText("Add a price")).toBeVisible();
  expect(within(run).getByText("price.html")).toBeVisible();
  expect(await within(run).findByText("The price is there.")).toBeVisible();
  expect(within(run).getByText(/^1 step · 1 file · 1m 05s · scripted/)).toBeVisible();
  const slider = within(run).getByRole("slider", { name: "Step of the run" });
  expect(slider).toHaveAttribute("aria-valuetext", "2 of 2 steps");
  await user.click(within(run).getByRole("button", { name: "Replay run" }));
  expect(within(run).queryByText("The price is there.")).toBeNull();
  await user.click(within(run).getByRole("button", { name: "Pause" }));
  expect(within(run).getByRole("button", { name: "Play" })).toBeVisible();
  expect(within(run).getByText("Add a price")).toBeVisible();
  await expectAccessible();
});

test("a recorded run that could not be loaded can be tried again; without one there is none", async ({ api, open, user }) => {
  item(api, { has_recorded_run: true });
  api.answer("recordedRuns.get", refuse("internal_error"));
  open(path);
  const run = await screen.findByRole("region", { name: "Recorded run" });
  const retry = await within(run).findByRole("button", { name: "Retry" });
  api.answer("recordedRuns.get", recorded);
  await user.click(retry);
  expect(await within(run).findByText("Add a price")).toBeVisible();
});
