import { defaultPreferences, Model, Project, Template, type User } from "@tesslate/contract";
import {
  expect,
  expectAccessible,
  person,
  refuse,
  sample,
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
];
const bakery = sample(Project, {
  name: "Alder Street Bakery",
  slug: "alder",
  description: "Orders for Saturday",
  environment_status: "active",
});

function home(api: CannedApi, me: Parameters<typeof signedIn>[1] = {}): void {
  signedIn(api, me);
  api.answer("models.setup", { configured: true });
  api.answer("models.list", { items: [gemma], default: gemma.id });
  api.answer("projects.templates", { items: templates });
}
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
  api.answer("projects.create", refuse("project_limit_reached"));
  open("/");
  await user.click(await screen.findByRole("button", { name: "Start from: React" }));
  await user.click(await screen.findByRole("menuitemradio", { name: /Next\.js/ }));
  await user.type(await box(), "A bakery shop");
  await user.keyboard("{Enter}");
  expect(await screen.findByText(/reached your plan's project limit/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Retry" })).not.toBeInTheDocument();
  expect(api.asked("projects.create")[0]?.body).toMatchObject({
    name: "Bakery shop",
    source_type: "template",
    base_id: "next",
    message: "A bakery shop",
    edit_mode: "allow",
    model: gemma.id,
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
  expect(sessionStorage.getItem("tesslate.draft")).toContain("A bakery shop");
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
  await waitFor(() => expect(sessionStorage.getItem("tesslate.draft")).toBeNull());
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
  sessionStorage.setItem("tesslate.draft", JSON.stringify("x".repeat(10_001)));
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

test.describe("the first steps", () => {
  test("offer an own key to whoever may not configure the server", async ({ api, open }) => {
    home(api);
    api.answer("models.setup", { configured: false, can_configure: false });
    open("/");
    const steps = await screen.findByRole("region", { name: /First steps/ });
    expect(within(steps).getAllByRole("listitem")).toHaveLength(2);
    expect(within(steps).getByRole("link", { name: "Add your own key" })).toHaveAttribute("href", "/settings/models");
  });

  test("have the operator's part for administrators", async ({ api, open }) => {
    home(api, { is_superuser: true });
    open("/");
    const steps = await screen.findByRole("region", { name: /First steps/ });
    expect(within(steps).getAllByRole("listitem")).toHaveLength(5);
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
