import { BaseCard, BaseDetail, Model, PreparationItem, Project, Template } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const gemma = sample(Model, { id: "ollama/gemma-3", name: "Gemma 3", provider: "ollama", available: true, context_window: 8192 });
const react = sample(Template, {
  slug: "react",
  name: "React",
  category: "frontend",
  is_default: true,
  features: ["Dark mode"],
  starter_prompts: ["Build a recipe book"],
  pictures: { light: "/api/projects/templates/react/pictures/light?v=1", dark: "/api/projects/templates/react/pictures/dark?v=1" },
});
const node = sample(Template, { slug: "node", name: "Node API", category: "backend", features: ["OpenAPI"] });
const blank = sample(Template, { slug: "blank", name: "Blank project", category: "fullstack" });
const shop = {
  name: "Shop",
  slug: "shop",
  category: "saas",
  description: "A shop",
  pricing_type: "free" as const,
  preview_image: "https://elsewhere.example/shop.png",
};
const bundled = sample(BaseCard, { name: "React", slug: "react", tags: ["bundled"] });
const project = sample(Project, { name: "Recipe book", slug: "recipe-book", environment_status: "provisioning" });

function gallery(api: CannedApi): void {
  signedIn(api);
  api.answer("models.setup", { configured: true });
  api.answer("models.list", { items: [gemma], default: gemma.id });
  api.answer("projects.templates", { items: [react, node, blank] });
  api.answer("preparation.list", {
    items: [sample(PreparationItem, { id: "template-react", kind: "template", name: "React", state: "ready" })],
  });
  api.answer("marketplaceBases.list", ({ query }) => ({
    items: query.get("search") === null ? [bundled, sample(BaseCard, shop)] : [],
    facets: { category: [{ value: "saas", count: 1 }], pricing_type: [], creator_type: [] },
  }));
  api.answer("marketplaceBases.get", sample(BaseDetail, shop));
}
const opening = (api: CannedApi) => {
  api.blankReads();
  api.answer("projects.create", project);
  api.hang("projects.events");
};
const searchBox = () => screen.findByRole("searchbox", { name: "Search templates" });

test("a link to a template that does not exist says so", async ({ api, open, user }) => {
  gallery(api);
  open("/new?template=nope");
  expect(await screen.findByText("This server has no template “nope”.")).toBeVisible();
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Dismiss" }));
  await waitFor(() => expect(screen.queryByText(/no template/)).not.toBeInTheDocument());
});

test("templates say what they contain and how long they take to start, and are listed once", async ({ api, open }) => {
  gallery(api);
  open("/new");
  const card = await screen.findByRole("article", { name: "React" });
  expect(card).toHaveTextContent("Dark mode");
  await waitFor(() => expect(card).toHaveTextContent("Starts in 1 to 2 s"));
  expect(card.querySelector("img")?.getAttribute("src")).toMatch(/\/pictures\/(light|dark)\?v=1$/);
  const other = await screen.findByRole("article", { name: "Shop" });
  expect(other.querySelector("img"), "pictures of other hosts are not requested").toBeNull();
  expect(screen.getAllByRole("article", { name: "React" })).toHaveLength(1);
  await expectAccessible();
});

test("search and category are in the URL, and an empty result clears them", async ({ api, open, user }) => {
  gallery(api);
  const app = open("/new?category=backend");
  expect(await screen.findByRole("button", { name: "Backend" })).toHaveAttribute("aria-pressed", "true");
  await screen.findByRole("article", { name: "Node API" });
  expect(screen.queryByRole("article", { name: "React" })).not.toBeInTheDocument();
  await user.type(await searchBox(), "zzz");
  await screen.findByRole("heading", { name: "No results for “zzz”" });
  expect(app.path()).toBe("/new?category=backend&q=zzz");
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await screen.findByRole("article", { name: "React" });
  expect(app.path()).toBe("/new");
});

test("by keyboard: from the search to a card, its sheet, an example prompt and the project", async ({ api, open, user }) => {
  gallery(api);
  opening(api);
  const app = open("/new");
  await screen.findByRole("article", { name: "React" });
  await waitFor(async () => expect(await searchBox()).toHaveFocus());
  await user.keyboard("{ArrowDown}");
  expect(screen.getByRole("link", { name: "React" })).toHaveFocus();
  await user.keyboard("{ArrowRight}");
  expect(screen.getByRole("link", { name: "Node API" })).toHaveFocus();
  await user.keyboard("{ArrowLeft}{Enter}");
  const sheet = await screen.findByRole("dialog", { name: "React" });
  expect(app.path()).toBe("/new?template=react");
  await user.click(within(sheet).getByRole("button", { name: "Build a recipe book" }));
  const message = within(sheet).getByRole("textbox", { name: "First message (optional)" });
  expect(message).toHaveValue("Build a recipe book");
  expect(within(sheet).getByRole("textbox", { name: "Name (optional)" })).toHaveAttribute("placeholder", "Recipe book");
  await user.click(message);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.path()).toBe("/p/recipe-book"));
  expect(api.asked("projects.create")[0]?.body).toEqual({
    name: "Recipe book",
    is_name_unique: true,
    description: "Build a recipe book",
    source_type: "template",
    base_id: "react",
    message: "Build a recipe book",
    edit_mode: "allow",
    model: gemma.id,
  });
});

test("without a message, a project has the name of its template and no run", async ({ api, open, user }) => {
  gallery(api);
  opening(api);
  open("/new");
  const [first] = await screen.findAllByRole("link", { name: "Blank project" });
  await user.click(first as HTMLElement);
  await user.click(within(await screen.findByRole("dialog", { name: "Blank project" })).getByRole("button", { name: /^Create project/ }));
  await waitFor(() =>
    expect(api.asked("projects.create")[0]?.body).toEqual({
      name: "Blank project",
      is_name_unique: true,
      source_type: "template",
      base_id: "blank",
    }),
  );
});

test("a refusal is shown in the sheet, which keeps what was typed", async ({ api, open, user }) => {
  gallery(api);
  api.answer("projects.create", refuse("project_limit_reached", { details: { used: 3, limit: 3, unit: "count" } }));
  api.blank("billing.subscription", "billing.config");
  open("/new?template=react");
  const sheet = await screen.findByRole("dialog", { name: "React" });
  await user.type(within(sheet).getByRole("textbox", { name: "Name (optional)" }), "Ledger{Enter}");
  expect(await within(sheet).findByText(/reached your plan's project limit/)).toBeVisible();
  expect(within(sheet).getByText("3 of 3 projects used")).toBeVisible();
  expect(within(sheet).getByRole("textbox", { name: "Name (optional)" })).toHaveValue("Ledger");
});

test("without a model a project can be created, but not with a message", async ({ api, open, user }) => {
  gallery(api);
  opening(api);
  api.answer("models.setup", { configured: false, can_configure: false });
  open("/new?template=react");
  const sheet = await screen.findByRole("dialog", { name: "React" });
  await within(sheet).findByText(/No model is connected/);
  const message = within(sheet).getByRole("textbox", { name: "First message (optional)" });
  await user.type(message, "A shop{Enter}");
  expect(await within(sheet).findByText("Connect a model, or leave the message empty.")).toBeVisible();
  expect(api.asked("projects.create")).toEqual([]);
  await user.clear(message);
  await user.click(within(sheet).getByRole("button", { name: /^Create project/ }));
  await waitFor(() => expect(api.asked("projects.create")).toHaveLength(1));
});

test("a template of the store that costs something leads to its page", async ({ api, open }) => {
  gallery(api);
  api.answer("marketplaceBases.get", sample(BaseDetail, { ...shop, pricing_type: "one_time", price_cents: 600 }));
  open("/new?base=shop");
  const sheet = await screen.findByRole("dialog", { name: "Shop" });
  expect(within(sheet).getByRole("link", { name: "View in store" })).toHaveAttribute("href", "/marketplace/base/shop");
  expect(within(sheet).queryByRole("button", { name: /^Create project/ })).not.toBeInTheDocument();
});

test("a screenshot becomes an attachment of the prompt on Home", async ({ api, open, user }) => {
  gallery(api);
  api.answer("projectDrafts.get", { draft: null });
  api.answer("projectDrafts.save", { draft: null });
  const app = open("/new");
  await screen.findByRole("article", { name: "React" });
  await user.upload(screen.getByLabelText("Screenshot"), new File(["x"], "page.png", { type: "image/png" }));
  await waitFor(() => expect(app.path()).toBe("/"));
  expect(await screen.findByRole("textbox", { name: "What do you want to build?" })).toHaveValue(
    "Rebuild the page in this screenshot: the same layout, colors, texts and proportions, usable on phones too.",
  );
  const chip = await screen.findByRole("button", { name: /Remove page\.png/ });
  await user.click(chip);
});
