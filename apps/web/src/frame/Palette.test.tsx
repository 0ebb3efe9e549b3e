import { Project, SearchResults } from "@tesslate/contract";
import { expect, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../testing/index.ts";

const bakery = sample(Project, { name: "Alder Street Bakery", slug: "alder" });
const nothing = { projects: [], chats: [], agents: [], templates: [], people: [] };
const hits = sample(SearchResults, {
  ...nothing,
  chats: [
    {
      id: "00000000-0000-4000-8000-00000000c4a7",
      title: "Alder opening hours",
      project_name: "Alder Street Bakery",
      project_slug: "alder",
    },
  ],
  agents: [{ id: "00000000-0000-4000-8000-0000000a9e47", name: "Alder reviewer", slug: "alder-reviewer", is_own: true, in_library: false }],
  templates: [{ id: "00000000-0000-4000-8000-000000000ba5", name: "Alder shop", slug: "alder-shop", is_own: false, in_library: false }],
  people: [
    { id: "00000000-0000-4000-8000-00000000a11e", name: "Alder Smith", username: "alder", email: "alder@example.com", avatar_url: null },
  ],
});
const found = (q: string): SearchResults =>
  "alder street bakery".includes(q) && q.length > 2
    ? { ...(q === "alder" ? hits : nothing), projects: [{ id: bakery.id, name: bakery.name, slug: bakery.slug }] }
    : nothing;
const begin = (api: CannedApi, isAdministrator = false) => {
  signedIn(api, { is_superuser: isAdministrator });
  api.answer("projects.list", { items: [bakery] });
  api.answer("search.find", ({ query }) => found(query.get("q") ?? ""));
};
const input = () => screen.findByPlaceholderText(/^Search, or type/);

test("opens and closes by its keys, and gives the focus back", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  const search = await screen.findByRole("searchbox", { name: "Search projects" });
  search.focus();
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(async () => expect(await input()).toHaveFocus());
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await waitFor(() => expect(search).toHaveFocus());
});

test("finds by letters and goes there with Enter", async ({ api, open, user }) => {
  begin(api);
  api.blank("auth.apiKeys", "feedback.list");
  const app = open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "feedback");
  await waitFor(() => expect(screen.getAllByRole("option")[0]).toHaveTextContent("Feedback"));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.path()).toBe("/feedback"));
});

test("`>` leaves projects out", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "alder");
  expect(await screen.findByRole("option", { name: /^Alder Street Bakery/ })).toBeVisible();
  await user.clear(await input());
  await user.type(await input(), ">a");
  await waitFor(() => expect(screen.queryByRole("option", { name: /^Alder Street Bakery/ })).not.toBeInTheDocument());
  expect(screen.getAllByRole("option").length).toBeGreaterThan(0);
});

test("says what nothing was found for", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "zzz");
  expect(await screen.findByText(/“zzz”/)).toBeVisible();
});

test("what was used last comes first", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "show keyboard{Enter}");
  await screen.findByRole("dialog", { name: /shortcuts/i });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(() =>
    expect(within(screen.getByRole("group", { name: "Recent" })).getAllByRole("option")[0]).toHaveTextContent("Show keyboard shortcuts"),
  );
});

test("Enter before the answer waits for it: what stood there for fewer letters is not run", async ({ api, open, user }) => {
  begin(api);
  const app = open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "alder");
  await screen.findByRole("option", { name: /^Alder Street Bakery/ });
  const answer = api.hang("search.find");
  await user.type(await input(), " street{Enter}");
  expect(screen.getByRole("dialog")).toBeVisible();
  expect(app.path()).toBe("/projects");
  answer(nothing);
  expect(await screen.findByText(/“alder street”/)).toBeVisible();
  expect(app.path()).toBe("/projects");
});

test.for<[words: string, item: string]>([
  ["bill", "BillingSettings"],
  ["key", "API keysSettings"],
  ["api key", "API keysSettings"],
  ["dark", "ThemeAppearance"],
  ["invite", "ReferralsSettings"],
  ["passkey", "PasskeysSecurity"],
  ["font size", "Font sizePreferences"],
  ["new agent", "New agent"],
  ["bug", "Feedback"],
  ["log out", "Sign out"],
])("“%s” finds %s", async ([words, item], { api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), words);
  await waitFor(() => expect(screen.getAllByRole("option").map((option) => option.textContent)).toContain(item));
});

test("a setting opens at its place", async ({ api, open, user }) => {
  begin(api);
  api.blankReads();
  const app = open("/projects");
  await screen.findByRole("heading", { name: "Projects" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "wrap long{Enter}");
  await waitFor(() => expect(app.path()).toBe("/settings/preferences#editor-wrap"));
  await waitFor(() => expect(document.getElementById("editor-wrap")).toHaveFocus());
});

test("one request finds projects, chats, agents, templates and people, once typing pauses", async ({ api, open, user }) => {
  begin(api, true);
  api.blankReads();
  api.answer("search.find", ({ query }) => found(query.get("q") ?? ""));
  const app = open("/projects");
  await screen.findByRole("heading", { name: "Projects" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "alder");
  for (const [group, item] of [
    ["Projects", "Alder Street Bakery"],
    ["Chats", "Alder opening hoursAlder Street Bakery"],
    ["Agents", "Alder reviewerCreated by you"],
    ["Templates", "Alder shopStore"],
    ["People", "Alder Smithalder@example.com"],
  ] as const)
    await waitFor(() => expect(within(screen.getByRole("group", { name: group })).getByRole("option")).toHaveTextContent(item));
  // Keys that follow each other fast are one request; the sources share it.
  expect(new Set(api.asked("search.find").map(({ query }) => query.get("q"))).size).toBe(api.asked("search.find").length);
  await user.click(screen.getByRole("option", { name: /Alder Smith/ }));
  await waitFor(() => expect(app.path()).toBe("/admin/users/00000000-0000-4000-8000-00000000a11e"));
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(() => expect(within(screen.getByRole("group", { name: "Recent" })).getByRole("option")).toHaveTextContent("Alder Smith"));
});

test("what one person used is not recent for another one", async ({ api, open, user }) => {
  localStorage.setItem(
    "tesslate.palette.used.somebody",
    JSON.stringify([{ id: "go./feedback", source: "pages", title: "Feedback", to: "/feedback", weight: 3, at: Date.now() }]),
  );
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  expect(await screen.findByRole("group", { name: "Pages" })).toBeVisible();
  expect(screen.queryByRole("group", { name: "Recent" })).not.toBeInTheDocument();
});

test("finds the pages of the administration for administrators only", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "impersonate");
  // A document has the word; it is found later than the pages.
  await screen.findByRole("option", { name: /first app/i });
  expect(screen.queryByRole("option", { name: /Users ?Administration/ })).not.toBeInTheDocument();
});
test("finds people's accounts for an administrator by another word", async ({ api, open, user }) => {
  begin(api, true);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "impersonate");
  await screen.findByRole("option", { name: /Users Administration|UsersAdministration/ });
});
