import { PublicConfig } from "@tesslate/contract";
import { expect, expectAccessible, refuse, sample, screen, signedIn, test, waitFor, within } from "../../testing/index.ts";

test("help lists its sections; operations come first for administrators", async ({ api, open }) => {
  signedIn(api, { is_superuser: true });
  api.blankReads();
  open("/help");
  const main = await screen.findByRole("main");
  await within(main).findByRole("heading", { level: 1, name: "Help" });
  expect(
    within(main)
      .getAllByRole("heading", { level: 2 })
      .map(({ textContent }) => textContent),
  ).toEqual(["Operations", "Guides", "API", "About"]);
  expect(within(main).getAllByRole("link", { name: /^API reference/ })[0]).toHaveAttribute("href", "/docs");
});

test("a page shows its text; links in it lead to other pages and their headings without loading the app again", async ({
  api,
  open,
  user,
}) => {
  signedIn(api);
  api.blankReads();
  const { path } = open("/help/guides/first-app");
  const article = await screen.findByRole("article", { name: "Your first app" });
  expect(within(article).getByRole("heading", { level: 1 })).toHaveTextContent("Your first app");
  const link = within(article)
    .getAllByRole("link")
    .find((one) => one.getAttribute("href")?.startsWith("/help/guides/chat")) as HTMLElement;
  await user.click(link);
  expect(await screen.findByRole("article", { name: "Chat with the agent" })).toBeVisible();
  expect(path()).toBe(link.getAttribute("href"));
  await expectAccessible();
});

test("the search finds parts of pages by words and their beginnings, and says when there are none", async ({ api, open, user }) => {
  signedIn(api);
  api.blankReads();
  const { path } = open("/help/glossary");
  await screen.findByRole("article", { name: "Glossary" });
  await user.type(await screen.findByRole("searchbox", { name: "Search help" }), "approv");
  const results = await screen.findByRole("list", { name: "Results" });
  expect(path()).toBe("/help?q=approv");
  const found = within(results).getAllByRole("link", { name: /^Approvals/ })[0] as HTMLElement;
  expect(found).toHaveAttribute("href", "/help/guides/chat#approvals");
  const box = screen.getByRole("searchbox", { name: "Search help" });
  await user.clear(box);
  await user.type(box, "qqqzzz");
  expect(await screen.findByText("No results for “qqqzzz”")).toBeVisible();
});

test("an address without a document is not found", async ({ api, open }) => {
  signedIn(api);
  api.blankReads();
  open("/help/guides/nothing");
  expect(await screen.findByRole("heading", { name: "Page not found" })).toBeVisible();
});

test.for([true, false])("visitors read help where the landing page is shown: %s", async (landing_page, { api, open }) => {
  api.answer("users.me", refuse("unauthorized"));
  api.answer("auth.refresh", refuse("unauthorized"));
  api.answer("system.config", sample(PublicConfig, { no_accounts: false, landing_page }));
  const { path } = open("/help/guides/chat");
  if (landing_page) expect(await screen.findByRole("article", { name: "Chat with the agent" })).toBeVisible();
  else await waitFor(() => expect(path()).toMatch(/^\/login/));
});
