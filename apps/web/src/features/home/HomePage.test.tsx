import {
  defaultPreferences,
  Model,
  PreparationEvent,
  PreparationItem,
  Project,
  type ProjectDraft,
  Template,
  type User,
} from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  person,
  refuse,
  sample,
  sampleTime,
  screen,
  signedIn,
  test,
  waitFor,
  within,
  type CannedApi,
} from "../../testing/index.ts";

const gemma = sample(Model, { id: "ollama/gemma-3", name: "Gemma 3", provider: "ollama", available: true, context_window: 8192 });
const templates = [
  sample(Template, { slug: "react", name: "React", is_default: true, starter_prompts: ["A recipe book"] }),
  sample(Template, { slug: "next", name: "Next.js" }),
  sample(Template, { slug: "full-stack", name: "Full-stack app" }),
];
const bakery = sample(Project, {
  name: "Alder Street Bakery",
  slug: "alder",
  description: "Orders for Saturday",
  environment_status: "active",
  status: "running",
});

function home(api: CannedApi, me: Parameters<typeof signedIn>[1] = {}): void {
  signedIn(api, me);
  api.answer("models.setup", { configured: true });
  api.answer("models.list", { items: [gemma], default: gemma.id });
  api.answer("projects.templates", { items: templates });
  api.answer("projects.histories", { items: [] });
  api.answer("referrals.code", { stats: { landings: 0, conversions: 0, conversion_rate: 0 } });
  let draft: ProjectDraft | null = null;
  api.answer("projectDrafts.get", () => ({ draft }));
  api.answer("projectDrafts.save", ({ body }) => {
    const given = (body as { draft: ProjectDraft | null }).draft;
    draft = given && { ...given, updated_at: sampleTime };
    return { draft };
  });
}
const localDraft = (text: string, more: object = {}) =>
  localStorage.setItem(
    "tesslate.draft",
    JSON.stringify({ user_id: null, text, base_id: null, is_submitted: false, saved_at: Date.now(), ...more }),
  );
const box = () => screen.findByRole("textbox", { name: "What do you want to build?" });

test("greets by the first name, begins in the prompt, and has nothing to build yet", async ({ api, open }) => {
  home(api);
  open("/");
  await waitFor(async () => expect(await box()).toHaveFocus());
  expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("What do you want to build, Nadia?");
  expect(screen.getByRole("button", { name: /^Build/ })).toBeDisabled();
  await screen.findByText("First steps");
  await expectAccessible();
});

test("Enter makes the project from the chosen template", async ({ api, open, user }) => {
  home(api);
  api.answer("projects.create", refuse("project_limit_reached", { details: { used: 3, limit: 3, unit: "count" } }));
  api.blank("billing.subscription", "billing.config");
  open("/");
  await user.click(await screen.findByRole("button", { name: "Start from: React" }));
  await user.click(await screen.findByRole("menuitemradio", { name: /Next\.js/ }));
  await waitFor(() => expect(screen.getByRole("button", { name: "Start from: Next.js" })).toHaveFocus());
  await user.type(await box(), "A bakery shop");
  await user.keyboard("{Enter}");
  expect(await screen.findByText(/reached your plan's project limit/)).toBeVisible();
  expect(screen.getByText("3 of 3 projects used")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Retry" })).not.toBeInTheDocument();
  expect(api.asked("projects.create")[0]?.body).toMatchObject({
    name: "Bakery shop",
    is_name_unique: true,
    source_type: "template",
    base_id: "next",
    message: "A bakery shop",
    edit_mode: "allow",
    model: gemma.id,
  });
});

test.describe("a template that fits the prompt", () => {
  const suggestion = () => screen.findByText(/You mentioned “bookings”/);

  test("is suggested and used with one click", async ({ api, open, user }) => {
    home(api);
    api.answer("projects.create", refuse("internal_error"));
    open("/");
    await user.type(await box(), "Bookings for a salon");
    expect(await screen.findByText(/You mentioned “Bookings”/)).toHaveTextContent("Full-stack app comes with accounts and a database.");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Use Full-stack app" }));
    expect(screen.getByRole("button", { name: "Start from: Full-stack app" })).toBeVisible();
    expect(screen.queryByText(/You mentioned/)).not.toBeInTheDocument();
    expect(await box()).toHaveFocus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(api.asked("projects.create")[0]?.body).toMatchObject({ base_id: "full-stack" }));
  });

  test("is never forced: the selected one can be kept, and Enter builds from it", async ({ api, open, user }) => {
    home(api);
    api.answer("projects.create", refuse("internal_error"));
    open("/");
    await user.type(await box(), "Salon bookings");
    await suggestion();
    await user.click(screen.getByRole("button", { name: "Keep React" }));
    await user.type(await box(), " with an admin page");
    await user.keyboard("{Enter}");
    await waitFor(() => expect(api.asked("projects.create")[0]?.body).toMatchObject({ base_id: "react" }));
    expect(screen.queryByText(/You mentioned/)).not.toBeInTheDocument();
  });

  test("is not suggested against a choice", async ({ api, open, user }) => {
    home(api);
    open("/");
    await user.type(await box(), "Salon bookings");
    await suggestion();
    await user.click(await screen.findByRole("button", { name: "Start from: React" }));
    await user.click(await screen.findByRole("menuitemradio", { name: /Next\.js/ }));
    await waitFor(() => expect(screen.queryByText(/You mentioned/)).not.toBeInTheDocument());
  });
});

test("a failure keeps the words and can be tried again", async ({ api, open, user }) => {
  home(api);
  api.answer("projects.create", refuse("internal_error", { detail: "The disk is full." }));
  open("/");
  await user.type(await box(), "A bakery shop{Enter}");
  expect(await screen.findByText("The disk is full.")).toBeVisible();
  expect(await box()).toHaveValue("A bakery shop");
  expect(await box()).toHaveAccessibleDescription(/The disk is full/);
  await waitFor(() =>
    expect(api.asked("projectDrafts.save").at(-1)?.body).toEqual({ draft: { text: "A bakery shop", base_id: null, is_submitted: false } }),
  );
  await user.click(screen.getByRole("button", { name: "Retry" }));
  await waitFor(() => expect(api.asked("projects.create")).toHaveLength(2));
});

test("the prompt leaves the page when the server has it, and stays nowhere in the browser", async ({ api, open, user }) => {
  home(api);
  api.blankReads();
  api.answer("projects.create", { ...bakery, environment_status: "provisioning" });
  api.hang("projects.events");
  open("/");
  await user.type(await box(), "A bakery shop{Enter}");
  await waitFor(() => expect(api.asked("projects.create")).toHaveLength(1));
  await waitFor(() => expect(localStorage.getItem("tesslate.draft")).toBeNull());
  expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain("A bakery shop");
});

test("Shift and Enter begin a new line", async ({ api, open, user }) => {
  home(api);
  open("/");
  const text = await box();
  await user.type(text, "One");
  await user.keyboard("{Shift>}{Enter}{/Shift}");
  await user.paste("two");
  expect(text).toHaveValue("One\ntwo");
  expect(api.asked("projects.create")).toEqual([]);
});

test("more than ten thousand characters are counted, not sent", async ({ api, open }) => {
  home(api);
  localDraft("x".repeat(10_001));
  open("/");
  expect(await screen.findByText("Enter at most 10,000 characters. Your prompt has 10,001.")).toBeVisible();
  expect(screen.getByRole("button", { name: /^Build/ })).toBeDisabled();
});

test("a starter fills the prompt and leaves the cursor in it", async ({ api, open, user }) => {
  home(api);
  open("/");
  await user.click(await screen.findByRole("button", { name: "Recipe book" }));
  expect(await box()).toHaveValue("A recipe book");
  expect(await box()).toHaveFocus();
});

test("what was written survives leaving the page", async ({ api, open, user }) => {
  home(api);
  const first = open("/");
  await user.type(await box(), "Half a thought");
  first.unmount();
  open("/");
  expect(await box()).toHaveValue("Half a thought");
});

test("a draft of another browser is there, with its template", async ({ api, open }) => {
  home(api);
  api.answer("projectDrafts.get", { draft: { text: "From the phone", base_id: "next", is_submitted: false, updated_at: sampleTime } });
  open("/");
  await waitFor(async () => expect(await box()).toHaveValue("From the phone"));
  expect(screen.getByRole("button", { name: "Start from: Next.js" })).toBeVisible();
  expect(api.asked("projects.create")).toEqual([]);
});

test("a visitor's draft is handed to the account that signs in, and leaves the browser", async ({ api, open }) => {
  home(api);
  localDraft("Before the sign-up");
  open("/");
  expect(await box()).toHaveValue("Before the sign-up");
  await waitFor(() => expect(localStorage.getItem("tesslate.draft")).toBeNull());
  expect(api.asked("projectDrafts.save")[0]?.body).toEqual({ draft: { text: "Before the sign-up", base_id: null, is_submitted: false } });
});

test("a draft of another user of this browser stays theirs", async ({ api, open }) => {
  home(api);
  localDraft("Not yours", { user_id: "0190a000-0000-7000-8000-0000000000ff" });
  open("/");
  expect(await box()).toHaveValue("");
  expect(localStorage.getItem("tesslate.draft")).toContain("Not yours");
});

test("without a model, Enter submits the draft; it is built once, as soon as one is connected", async ({ api, open, user }) => {
  home(api);
  api.blankReads();
  api.answer("models.setup", { configured: false, can_configure: true, demo_available: true });
  api.answer("models.list", { items: [], default: null });
  api.answer("models.configure", { configured: true, demo: true });
  api.answer("projects.create", { ...bakery, environment_status: "provisioning" });
  api.hang("projects.events");
  const app = open("/");
  await screen.findByText(/No model is connected/);
  await user.type(await box(), "A bakery shop{Enter}");
  expect(await screen.findByText("Your prompt is saved and runs as soon as one is.")).toBeVisible();
  await waitFor(() => expect(api.asked("projectDrafts.save").at(-1)?.body).toMatchObject({ draft: { is_submitted: true } }));
  expect(api.asked("projects.create")).toEqual([]);
  api.answer("models.setup", { configured: true });
  api.answer("models.list", { items: [gemma], default: gemma.id });
  await user.click(screen.getByRole("button", { name: "Use demo" }));
  await waitFor(() => expect(app.path()).toBe("/p/alder"));
  expect(api.asked("projects.create").map(({ body }) => body)).toMatchObject([{ message: "A bakery shop", model: gemma.id }]);
  expect(api.asked("projects.create")[0]?.headers.get("idempotency-key")).toBe(`project-draft-${sampleTime}`);
});

test("a submitted draft that is edited waits for Enter again", async ({ api, open, user }) => {
  home(api);
  api.answer("models.setup", { configured: false, can_configure: false });
  open("/");
  await user.type(await box(), "A bakery shop{Enter}");
  await screen.findByText("Your prompt is saved and runs as soon as one is.");
  await user.type(await box(), " with a till");
  expect(screen.queryByText(/runs as soon as one is/)).not.toBeInTheDocument();
  expect(screen.getAllByRole("link", { name: "Add your own key" })[0]).toHaveAttribute("href", "/settings/models");
});

test("a submitted draft that cannot be built is shown with the reason, and not sent again by itself", async ({ api, open }) => {
  home(api);
  localDraft("A bakery shop", { is_submitted: true });
  api.answer("projects.create", refuse("internal_error", { detail: "The disk is full." }));
  open("/");
  expect(await screen.findByText("The disk is full.")).toBeVisible();
  await waitFor(() => expect(api.asked("projectDrafts.save").at(-1)?.body).toMatchObject({ draft: { is_submitted: false } }));
  expect(api.asked("projects.create")).toHaveLength(1);
});

test("what a visitor submitted days ago does not run by itself", async ({ api, open }) => {
  home(api);
  localDraft("A bakery shop", { is_submitted: true, saved_at: Date.now() - 2 * 86_400_000 });
  open("/");
  expect(await box()).toHaveValue("A bakery shop");
  await waitFor(() => expect(api.asked("projectDrafts.save")).toHaveLength(1));
  await waitFor(() => expect(localStorage.getItem("tesslate.draft")).toBeNull());
  expect(api.asked("projects.create")).toEqual([]);
});

test.describe("the first steps", () => {
  test("offer an own key to whoever may not configure the server", async ({ api, open }) => {
    home(api);
    api.answer("models.setup", { configured: false, can_configure: false });
    open("/");
    const steps = await screen.findByRole("region", { name: /First steps/ });
    expect(within(steps).getByRole("link", { name: "Add your own key" })).toHaveAttribute("href", "/settings/models");
  });

  test("lead from a model to an invitation, and only administrators to the setup of the server", async ({ api, open }) => {
    home(api);
    const first = open("/");
    const titles = ["Connect a model", "Describe an app", "Open the preview", "Deploy", "Invite someone"];
    const steps = await screen.findByRole("region", { name: /First steps 1 of 5/ });
    expect(
      within(steps)
        .getAllByRole("listitem")
        .map((item) => titles.find((title) => item.textContent.includes(title))),
    ).toEqual(titles);
    expect(within(steps).getByRole("link", { name: "Invite people" })).toHaveAttribute("href", "/settings/referrals");
    expect(screen.queryByRole("link", { name: "Set up this server" })).not.toBeInTheDocument();
    first.unmount();
    home(api, { is_superuser: true });
    open("/");
    expect(await screen.findByRole("link", { name: "Set up this server" })).toHaveAttribute("href", "/admin/setup");
    expect(within(await screen.findByRole("region", { name: /First steps/ })).getAllByRole("listitem")).toHaveLength(5);
  });

  test("lead to the preview and the deployments of the latest project", async ({ api, open, user }) => {
    home(api);
    api.answer("projects.list", { items: [{ ...bakery, status: "creating", stop_reason: null, thumbnail: null }], total: 1 });
    open("/");
    await user.click(await screen.findByRole("button", { name: /First steps 2 of 5 Next: Open the preview/ }));
    expect(screen.getByRole("link", { name: "Open preview" })).toHaveAttribute("href", "/p/alder/preview");
    expect(screen.getByRole("link", { name: "Open deployments" })).toHaveAttribute("href", "/p/alder/deploys");
  });

  test("are gone once all are done", async ({ api, open }) => {
    home(api);
    api.answer("projects.list", { items: [bakery], total: 1 });
    api.answer("projects.histories", { items: [{ project_id: bakery.id, run: null, live_version: 2, points: [] }] });
    api.answer("referrals.code", { stats: { landings: 4, conversions: 1, conversion_rate: 25 } });
    open("/");
    await screen.findByRole("article", { name: bakery.name });
    await waitFor(() => expect(api.asked("referrals.code")).not.toEqual([]));
    await waitFor(() => expect(screen.queryByText("First steps")).not.toBeInTheDocument());
  });

  test("are one row with the next step once there are projects, and open again", async ({ api, open, user }) => {
    home(api, { is_superuser: true });
    api.answer("models.setup", { configured: false, can_configure: true });
    api.answer("projects.list", { items: [bakery] });
    const first = open("/");
    const row = await screen.findByRole("button", { name: /First steps 2 of 5 Next: Connect a model/ });
    expect(row).toHaveAttribute("aria-expanded", "false");
    const steps = screen.getByRole("region", { name: /First steps/ });
    expect(within(steps).queryByRole("listitem")).not.toBeInTheDocument();
    expect(within(steps).getByRole("button", { name: "Connect model" })).toBeVisible();
    await user.click(row);
    expect(within(steps).getAllByRole("listitem")).toHaveLength(5);
    first.unmount();
    open("/");
    expect(await screen.findByRole("button", { name: /First steps/ })).toHaveAttribute("aria-expanded", "true");
  });

  test("are put away, and brought back by Undo", async ({ api, open, user }) => {
    home(api);
    const updates: unknown[] = [];
    api.answer("users.updateMe", ({ body }) => {
      const { preferences } = body as { preferences: Partial<User["preferences"]> };
      updates.push(preferences);
      return person({ preferences: { ...defaultPreferences, ...preferences } });
    });
    open("/");
    await user.click(await screen.findByRole("button", { name: "Dismiss checklist" }));
    await waitFor(() => expect(screen.queryByText("First steps")).not.toBeInTheDocument());
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    await screen.findByText("First steps");
    expect(updates).toEqual([{ hides_checklist: true }, { hides_checklist: false }]);
  });
});

test.describe("recent projects", () => {
  test("are cards that say what was asked", async ({ api, open }) => {
    home(api);
    api.answer("projects.list", { items: [bakery], total: 12 });
    open("/");
    expect(await screen.findByRole("article", { name: bakery.name })).toHaveTextContent("Orders for Saturday");
    expect(screen.getByRole("link", { name: "All 12" })).toHaveAttribute("href", "/projects");
  });

  test("fail by themselves, while the prompt stays, and come with a retry", async ({ api, open, user }) => {
    home(api);
    api.answer("projects.list", refuse("internal_error"));
    open("/");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("Couldn't load your projects");
    expect(await box()).toBeEnabled();
    api.answer("projects.list", { items: [bakery] });
    await user.click(within(alert).getByRole("button", { name: "Retry" }));
    await screen.findByRole("article", { name: bakery.name });
  });
});

test("what the server prepares is shown while it lasts, by events", async ({ api, open }) => {
  home(api);
  const [react, next] = ["React", "Next.js"].map((name) => sample(PreparationItem, { id: `template-${name}`, kind: "template", name }));
  if (!react || !next) throw new Error("two items");
  api.answer("preparation.list", {
    items: [
      { ...react, state: "preparing" },
      { ...next, state: "waiting" },
    ],
  });
  const stream = api.stream("preparation.events");
  open("/");
  expect(await screen.findByText("Preparing templates: React, 1 of 2")).toBeVisible();
  await waitFor(() => expect(stream.openings()).toBe(1));
  stream.send(
    sample(PreparationEvent, {
      data: [
        { ...react, state: "ready" },
        { ...next, state: "preparing" },
      ],
    }),
  );
  expect(await screen.findByText("Preparing templates: Next.js, 2 of 2")).toBeVisible();
  await expectAccessible();
  stream.send(
    sample(PreparationEvent, {
      data: [
        { ...react, state: "ready" },
        { ...next, state: "ready" },
      ],
    }),
  );
  await waitFor(() => expect(screen.queryByText(/Preparing templates/)).not.toBeInTheDocument());
});

test("what could not be prepared is said to administrators only", async ({ api, open }) => {
  const react = sample(PreparationItem, { id: "template-react", kind: "template", name: "React", state: "failed" });
  home(api, { is_superuser: true });
  api.answer("preparation.list", { items: [react] });
  api.stream("preparation.events");
  const page = open("/");
  expect(await screen.findByText(/Couldn't prepare React\. The server will retry\./)).toBeVisible();
  page.unmount();
  home(api, { is_superuser: false });
  api.answer("preparation.list", { items: [react] });
  open("/");
  await screen.findByText("First steps");
  expect(screen.queryByText(/Couldn't prepare/)).not.toBeInTheDocument();
});
