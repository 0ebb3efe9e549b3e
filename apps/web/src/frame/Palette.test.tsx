import { Project } from "@tesslate/contract";
import { expect, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../testing/index.ts";

const bakery = sample(Project, { name: "Alder Street Bakery", slug: "alder" });
const begin = (api: CannedApi, isAdministrator = false) => {
  signedIn(api, { is_superuser: isAdministrator });
  api.answer("projects.list", ({ query }) => ({ items: query.get("q") === "zzz" ? [] : [bakery] }));
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
  await waitFor(() => expect(screen.getAllByRole("option")[0]).toHaveTextContent("Go to Feedback"));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(app.path()).toBe("/feedback"));
});

test("`>` leaves projects out", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "alder");
  expect(await screen.findByRole("option", { name: /Alder Street Bakery/ })).toBeVisible();
  await user.clear(await input());
  await user.type(await input(), ">a");
  await waitFor(() => expect(screen.queryByRole("option", { name: /Alder Street Bakery/ })).not.toBeInTheDocument());
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
  await user.type(await input(), "keyboard{Enter}");
  await screen.findByRole("dialog", { name: /shortcuts/i });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(() =>
    expect(within(screen.getByRole("group", { name: "Commands" })).getAllByRole("option")[0]).toHaveTextContent("Keyboard shortcuts"),
  );
});

test("Enter before the answer waits for it: what stood there for fewer letters is not run", async ({ api, open, user }) => {
  begin(api);
  const app = open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "alder");
  await screen.findByRole("option", { name: /Alder Street Bakery/ });
  const answer = api.hang("projects.list");
  await user.type(await input(), " street{Enter}");
  expect(screen.getByRole("dialog")).toBeVisible();
  expect(app.path()).toBe("/projects");
  answer({ items: [] });
  expect(await screen.findByText(/“alder street”/)).toBeVisible();
  expect(app.path()).toBe("/projects");
});

test.for<[words: string, page: string]>([
  ["bill", "Settings: Billing"],
  ["api key", "Settings: API keys"],
  ["passkey", "Settings: Security"],
  ["new agent", "New agent"],
])("“%s” finds %s", async ([words, page], { api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), words);
  await waitFor(() => expect(screen.getAllByRole("option").some((option) => option.textContent?.includes(page))).toBe(true));
});

test("finds the pages of the administration for administrators only", async ({ api, open, user }) => {
  begin(api);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "impersonate");
  await waitFor(() => expect(screen.getByRole("dialog")).toHaveTextContent("Alder Street Bakery"));
  expect(screen.queryByRole("option", { name: /Administration/ })).not.toBeInTheDocument();
});
test("finds people's accounts for an administrator by another word", async ({ api, open, user }) => {
  begin(api, true);
  open("/projects");
  await screen.findByRole("article");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await input(), "impersonate");
  await screen.findByRole("option", { name: /Administration: Users/ });
});
