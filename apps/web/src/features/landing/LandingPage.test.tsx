import { AgentCard, AgentDetail, StoreItem, Template, type PublicConfig } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const templates = [
  sample(Template, { slug: "react", name: "React", is_default: true, starter_prompts: ["A recipe book", "A wall of photos"] }),
  sample(Template, { slug: "fastapi", name: "FastAPI", starter_prompts: ["An API for a library"] }),
];
const agent = sample(AgentCard, { name: "Reviewer", slug: "reviewer", creator_name: "Tesslate" });

function visitor(api: CannedApi, config: Partial<PublicConfig> = {}): void {
  api.answer("users.me", refuse("unauthorized"));
  api.answer("auth.refresh", refuse("unauthorized"));
  api.answer("system.config", { isolation: "full", version: "1.2.3", landing_page: true, ...config });
  api.answer("projects.templates", { items: templates });
  api.answer("marketplaceAgents.list", { items: [agent], total: 40 });
  api.blank("marketplaceBases.list");
}
const box = () => screen.findByRole("textbox", { name: "What do you want to build?" });

test("a visitor reads what the studio does, with real starter prompts and items of the store", async ({ api, open }) => {
  visitor(api);
  const app = open("/");
  expect(await screen.findByRole("heading", { level: 1, name: "What do you want to build?" })).toBeVisible();
  await waitFor(async () => expect(await box()).toHaveFocus());
  const examples = await screen.findByRole("region", { name: "Examples" });
  expect(
    within(examples)
      .getAllByRole("button")
      .map(({ textContent }) => textContent),
  ).toEqual(["A recipe bookStarts from React", "An API for a libraryStarts from FastAPI", "A wall of photosStarts from React"]);
  expect(await screen.findByRole("link", { name: "Reviewer" })).toHaveAttribute("href", "/marketplace/agent/reviewer");
  expect(screen.getByRole("link", { name: "All 40 agents" })).toHaveAttribute("href", "/marketplace?type=agents");
  expect(screen.queryByRole("heading", { name: "Templates to start from" })).not.toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Sign up" })).toHaveAttribute("href", "/register");
  expect(app.path()).toBe("/");
  await expectAccessible();
});

test("the prompt goes along to the sign-up, with its template, and is to run", async ({ api, open, user }) => {
  visitor(api);
  const app = open("/");
  await user.click(await screen.findByRole("button", { name: /An API for a library/ }));
  expect(await box()).toHaveValue("An API for a library");
  expect(await box()).toHaveFocus();
  expect(screen.getByRole("button", { name: "Start from: FastAPI" })).toBeVisible();
  await user.keyboard("{Enter}");
  expect(await screen.findByText("“An API for a library”")).toBeVisible();
  expect(screen.getByText("Your prompt is saved. It runs as soon as everything is ready.")).toBeVisible();
  expect(app.path()).toBe("/register");
  expect(JSON.parse(localStorage.getItem("tesslate.draft") ?? "")).toMatchObject({
    user_id: null,
    text: "An API for a library",
    base_id: "fastapi",
    is_submitted: true,
  });
});

test("where registration is closed, the prompt leads to sign-in", async ({ api, open, user }) => {
  visitor(api, { sign_up: "closed" });
  const app = open("/");
  expect(await screen.findByText("You sign in next. Your prompt is kept and runs.")).toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Sign up" })).toBeNull();
  await user.type(await box(), "A recipe book{Enter}");
  expect(await screen.findByText("“A recipe book”")).toBeVisible();
  expect(app.path()).toBe("/login");
});

test("what a visitor wrote is there after a reload", async ({ api, open, user }) => {
  visitor(api);
  const first = open("/");
  await user.type(await box(), "Half a thought");
  first.unmount();
  open("/");
  expect(await box()).toHaveValue("Half a thought");
});

test("where the operator turned it off, / leads to the sign-in", async ({ api, open }) => {
  visitor(api, { landing_page: false });
  const app = open("/");
  await screen.findByRole("button", { name: "Sign in" });
  expect(app.path()).toBe("/login");
});

test("other pages lead a visitor to the sign-in and back", async ({ api, open }) => {
  visitor(api);
  const app = open("/projects");
  await screen.findByRole("button", { name: "Sign in" });
  expect(app.path()).toBe("/login?next=%2Fprojects");
});

test("a visitor opens the store and its items; the session is asked for once", async ({ api, open, user }) => {
  visitor(api);
  api.answer("marketplaceAgents.get", sample(AgentDetail, { ...agent, is_active: true, source_type: "open", latest_version: null }));
  api.answer("marketplaceItems.list", { items: [sample(StoreItem, { item_type: "agent", name: "Reviewer", slug: "reviewer" })], total: 1 });
  api.blank("marketplaceAgents.reviews", "marketplaceAgents.related", "marketplaceCollections.list", "marketplaceCollections.categories");
  const app = open("/marketplace");
  await user.click(await screen.findByRole("link", { name: "Reviewer" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Reviewer" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Sign in to use this agent" })).toHaveAttribute(
    "href",
    "/login?next=%2Fmarketplace%2Fagent%2Freviewer",
  );
  expect(screen.queryByRole("button", { name: "Add to library" })).not.toBeInTheDocument();
  expect(await screen.findByText(/Sign in to review this agent\./)).toBeVisible();
  expect(app.path()).toBe("/marketplace/agent/reviewer");
  expect(api.asked("users.me")).toHaveLength(1);
  await expectAccessible();
});

test("whoever is signed in sees Home at the same address", async ({ api, open }) => {
  signedIn(api);
  api.blankReads();
  open("/");
  expect(await screen.findByRole("heading", { level: 1, name: /What do you want to build, Nadia/ })).toBeVisible();
  expect(screen.queryByRole("link", { name: "Sign up" })).not.toBeInTheDocument();
});

test("who followed a referral link earlier sees who invites and what both get", async ({ api, open }) => {
  visitor(api);
  localStorage.setItem("tesslate.referral", JSON.stringify("ABCD2345"));
  api.answer("referrals.invitation", { referrer_name: "Bob", referrer_avatar_url: null, reward_credits: 100 });
  open("/");
  expect(await screen.findByText(/invited you\. You both get 100 credits when you sign up\./)).toBeVisible();
});
