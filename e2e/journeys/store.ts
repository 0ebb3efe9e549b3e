/// <reference lib="dom" />
/** The store and the library: search in the URL, no broken links, a custom agent created, tested, published and added by another user. */
import type { Page } from "playwright-core";
import { say, script } from "@tesslate/testkit";
import { createProject, signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectAccessible, expectNoProblems } from "../screens.ts";

export default journey({}, async (context) => {
  const { model } = context;
  model.setScript(script([say("I am the baker: flour, water, salt.")]));
  const { studio } = context;
  let watched: WatchedWindow | undefined;
  let ada: Account;
  let bob: Account;
  const page = (): Page => (watched as WatchedWindow).page;
  const query = () => new URL(page().url()).searchParams;
  const cards = () => page().getByRole("article");

  return [
    {
      name: "the search is in the URL; Back restores filters and scroll position; counts are correct",
      run: async () => {
        ada = await signUp(studio.url, "Ada");
        bob = await signUp(studio.url, "Bob");
        watched = await context.openWindow({ theme: "light" });
        page().setDefaultTimeout(15_000);
        await signIn(page(), studio.url, ada);
        await page().getByRole("link", { name: "Store" }).click();
        await page().getByRole("heading", { name: "Store", level: 1 }).waitFor();
        await cards().first().waitFor();
        await expectAccessible(page(), "the store");
        expect(query().get("type") === null && (await cards().count()) === 24, "all kinds at first");
        const types = page().getByRole("navigation", { name: "Item types" });
        await types.getByRole("link", { name: /^Agents/ }).click();
        await until("agents", async () => query().get("type") === "agents" && (await cards().count()) < 24);
        const all = await cards().count();
        const frontend = page()
          .getByRole("group", { name: "Category" })
          .getByRole("button", { name: /^Full stack/ });
        const promised = Number((await frontend.innerText()).match(/\d+/)?.[0]);
        await frontend.click();
        await until("only matching items", async () => (await cards().count()) === promised && promised < all);
        expect(query().get("category") === "fullstack", page().url());
        await types.getByRole("link", { name: /^Templates/ }).click();
        await until("templates", () => query().get("type") === "bases");
        await page().keyboard.press("/");
        await page().keyboard.type("fastapi");
        await until("searched", () => query().get("q") === "fastapi");
        await until("found", async () => (await cards().count()) > 0 && /fastapi/i.test(await cards().first().innerText()));
        await cards().first().getByRole("link").click();
        await page().getByRole("heading", { level: 1 }).waitFor();
        await page().getByRole("button", { name: "Use template" }).waitFor();
        await page().goBack();
        await until("the search is restored", async () => query().get("q") === "fastapi" && (await cards().count()) > 0);
        expect((await page().getByRole("searchbox").inputValue()) === "fastapi", "the search field has the search");
        await page().getByRole("searchbox").fill("zzzz-nothing");
        await page().getByText("No results for “zzzz-nothing”").waitFor();
        await page().getByRole("button", { name: "Clear filters" }).click();
        await until("all items again", async () => (await cards().count()) === 24);
        await page()
          .getByRole("group", { name: "Built with" })
          .getByRole("button", { name: /^React/ })
          .click();
        await until("filtered", () => query().get("stack") === "React");
        await page().reload();
        await page().getByRole("button", { name: "Remove filter: React" }).click();
        await until("not filtered", () => query().get("stack") === null);
        await types.getByRole("link", { name: /^All/ }).click();
        await page().getByRole("searchbox").fill("nord");
        await until("themes, too", async () => (await cards().filter({ hasText: "Theme" }).count()) > 0);
      },
    },
    {
      name: "every listed item has its own page",
      run: async () => {
        const agents = (await ada.api.marketplaceAgents.list({ query: { limit: 500 } })).items;
        const bases = (await ada.api.marketplaceBases.list({ query: { limit: 500 } })).items;
        expect(agents.length >= 11 && bases.length >= 72, `${agents.length} agents, ${bases.length} templates`);
        const paths = [
          ...agents.map((one) => [`/marketplace/agent/${one.slug}`, one.name] as const),
          ...bases.slice(0, 12).map((one) => [`/marketplace/base/${one.slug}`, one.name] as const),
          ["/marketplace/theme/nord", "Nord"] as const,
        ];
        for (const [path, name] of paths) {
          await page().evaluate((to) => {
            history.pushState(null, "", to);
            dispatchEvent(new PopStateEvent("popstate"));
          }, path);
          await page().getByRole("heading", { level: 1, name, exact: true }).waitFor();
          expect(new URL(page().url()).pathname === path, `${path} led to ${page().url()}`);
        }
        await page().goto(`${studio.url}/marketplace/agent/no-such-thing`);
        await page().getByText("Agent not found").waitFor();
      },
    },
    {
      name: "an agent is added to the library, disabled, reviewed, and removed with undo",
      run: async () => {
        await page().goto(`${studio.url}/marketplace/agent/doc-writer-oss`);
        await page().getByRole("button", { name: "Add to library" }).click();
        await page().getByText("Documentation Writer added to your library.").waitFor();
        await page().getByRole("button", { name: "Write review" }).click();
        await page().getByRole("button", { name: "Publish review" }).click();
        await page().getByText("Select 1 to 5 stars.").waitFor();
        await page()
          .getByRole("radio", { name: /^4 of 5/ })
          .check({ force: true });
        await page().getByLabel("Comment", { exact: true }).fill("Short and to the point.");
        await page().getByRole("button", { name: "Publish review" }).click();
        await page().getByText("Short and to the point.").waitFor();
        await until("counted", async () => (await bob.api.marketplaceAgents.get({ params: { slug: "doc-writer-oss" } })).rating === 4);
        await checkScreens(page(), "store-agent");
        await page().goto(`${studio.url}/library`);
        // Not the notification, which is a list item too.
        const row = page().getByRole("main").getByRole("listitem").filter({ hasText: "Documentation Writer" });
        await row.getByRole("switch").click();
        await until(
          "off",
          async () =>
            (await ada.api.library.agents({ query: {} })).items.find((one) => one.slug === "doc-writer-oss")?.is_enabled === false,
        );
        await checkScreens(page(), "library");
        await row.getByRole("button", { name: "Actions for Documentation Writer" }).click();
        await page().getByRole("menuitem", { name: "Remove from library…" }).click();
        await page().getByRole("button", { name: "Remove", exact: true }).click();
        await row.waitFor({ state: "detached" });
        await page().getByRole("button", { name: "Undo" }).click();
        await row.waitFor();
      },
    },
    {
      name: "a custom agent is created, tested in its own project, published only when saved, and added by another user",
      run: async () => {
        await page().getByRole("link", { name: "New agent" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Enter a name.").waitFor();
        const isAtName = () =>
          page()
            .getByLabel("Name", { exact: true })
            .evaluate((box) => box === document.activeElement);
        await until("saving scrolls to the missing field", isAtName);
        await page().getByLabel("Name", { exact: true }).fill("The Baker");
        await page().getByLabel("Description", { exact: true }).fill("Knows bread");
        await page().getByRole("textbox", { name: "System prompt" }).fill("You bake. Project: ");
        await page().getByRole("button", { name: "Insert {project_name}" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Agent created.").waitFor();
        await until("its own URL", () => new URL(page().url()).pathname === "/library/agents/the-baker");
        await page().getByLabel("Description", { exact: true }).fill("Knows bread and cake");
        expect(await page().getByRole("button", { name: "Publish" }).isDisabled(), "unsaved changes cannot be published");
        await page().getByRole("link", { name: "Library", exact: true }).click();
        await page().goBack();
        const sentence = page().getByLabel("Description", { exact: true });
        await until("the draft is kept", async () => (await sentence.inputValue()) === "Knows bread and cake");
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Agent saved.").waitFor();
        await checkScreens(page(), "agent-editor");
        await page().getByRole("button", { name: "Publish…" }).click();
        await page().getByRole("button", { name: "Publish agent" }).click();
        await page().getByText("The Baker published.").waitFor();
        const shown = await bob.api.marketplaceAgents.get({ params: { slug: "the-baker" } });
        expect(shown.system_prompt === "You bake. Project: {project_name}", "free agents show their prompt");
        await page().getByRole("button", { name: "Try agent" }).click();
        await page().getByLabel("Message", { exact: true }).fill("What do you need?");
        await page().getByRole("button", { name: "Send message" }).click();
        await page().getByText("I am the baker: flour, water, salt.", { exact: true }).waitFor({ timeout: 60_000 });
        const trialRequest = model.requests.find(({ body }) =>
          String(JSON.stringify(body)).includes("You bake. Project: Trial of The Baker"),
        );
        expect(trialRequest, "the run had the agent's prompt, with its marker filled in");
        await page().goto(`${studio.url}/library?tab=made`);
        await page().getByRole("listitem").filter({ hasText: "The Baker" }).getByText("Published").waitFor();
      },
    },
    {
      name: "a visitor finds an agent and its creator, signs in there, uses the agent in a project, and takes its next version",
      run: async () => {
        await createProject(bob, "Bakery", "static");
        const window = await context.openWindow({ theme: "dark" });
        const there = window.page;
        there.setDefaultTimeout(15_000);
        await there.goto(`${studio.url}/marketplace?q=bread`);
        await there.getByRole("article").getByRole("link", { name: "Ada", exact: true }).click();
        await there.getByRole("heading", { name: "Ada", level: 1 }).waitFor();
        await there.getByRole("article").getByRole("link", { name: "The Baker" }).click();
        await there.getByRole("link", { name: "Sign in to use this agent" }).click();
        await there.getByLabel("Email").fill(bob.email);
        await there.getByLabel("Password", { exact: true }).fill(bob.password);
        await there.keyboard.press("Enter");
        await there.getByRole("button", { name: "Add to library" }).click();
        await there.getByRole("button", { name: "Use in a project…" }).click();
        await there
          .getByRole("dialog", { name: "Use The Baker in a project" })
          .getByRole("button", { name: /Bakery/ })
          .click();
        await there.getByRole("button", { name: "Agent: The Baker" }).waitFor();
        const { id } = await ada.api.marketplaceAgents.get({ params: { slug: "the-baker" } });
        await ada.api.marketplaceAgents.update({ params: { id }, body: { system_prompt: "You bake cakes." } });
        await ada.api.marketplaceAgents.publishVersion({ params: { id }, body: { notes: "Cakes, too" } });
        await there.goto(`${studio.url}/library`);
        const row = there.getByRole("main").getByRole("listitem").filter({ hasText: "The Baker" });
        await row.getByText("Update available").waitFor();
        await there.goto(`${studio.url}/marketplace/agent/the-baker`);
        await there.getByText("Version 2 is available. You run version 1.").waitFor();
        await checkScreens(there, "store-agent-update", { variants: ["light-d", "dark-m"] });
        await there.getByRole("button", { name: "Update agent" }).click();
        await there.getByText("The Baker updated to version 2.").waitFor();
        const taken = (await bob.api.library.agents({ query: {} })).items.find((one) => one.id === id);
        expect(taken?.version === 2 && taken.system_prompt === "You bake cakes.", JSON.stringify(taken));
        expectNoProblems(window);
        await window.close();
      },
    },
    {
      name: "a project is created from a template; all variants of the store; the pages had no problems",
      run: async () => {
        await page().goto(`${studio.url}/marketplace/base/static-html`);
        await page().getByRole("button", { name: "Use template" }).click();
        await page().getByLabel("Project name").fill("Plain page");
        await page().getByRole("button", { name: "Create project" }).click();
        await until("its workbench", () => new URL(page().url()).pathname.startsWith("/p/plain-page"));
        await page().goto(`${studio.url}/library?tab=templates`);
        await page().getByRole("listitem").filter({ hasText: "Static" }).waitFor();
        const plain = async () => (await ada.api.projects.list({ query: {} })).items.find((project) => project.name === "Plain page");
        await until("set up", async () => (await plain())?.environment_status !== "provisioning");
        await page().goto(`${studio.url}/projects`);
        await page().getByRole("button", { name: "Actions for Plain page" }).click();
        await page().getByRole("menuitem", { name: "Save as template…" }).click();
        const saving = page().getByRole("dialog", { name: "Save as template" });
        const named = saving.getByLabel("Name", { exact: true });
        await until("its first field has the focus", () => named.evaluate((box) => box === document.activeElement));
        await named.fill("");
        await saving.getByRole("button", { name: "Save template" }).click();
        await saving.getByText("Enter a name.").waitFor();
        await saving.getByText("Enter a description.").waitFor();
        // A long name without spaces does not break a phone's page or dialogs.
        const long = "Plain".repeat(20);
        await named.fill(long);
        await saving.getByLabel("Description", { exact: true }).fill(`A page to begin with ${long}`);
        await saving.getByRole("button", { name: "Save template" }).click();
        await page().getByRole("heading", { level: 1, name: long, exact: true }).waitFor();
        await page().getByText("files stored on this server").waitFor();
        await page().setViewportSize({ width: 390, height: 844 });
        const excessOf = (selector: string) =>
          page().evaluate((one) => {
            const box = document.querySelector(one);
            return box ? box.scrollWidth - box.clientWidth : Number.NaN;
          }, selector);
        expect((await excessOf("#main")) === 0, `its page is ${await excessOf("#main")} px too wide`);
        const kept = await ada.api.marketplaceBases.get({ params: { slug: new URL(page().url()).pathname.split("/").at(-1) ?? "" } });
        expect(kept.source_type === "archive" && kept.visibility === "private", JSON.stringify(kept));
        await page().goto(`${studio.url}/library?tab=made`);
        await page()
          .getByRole("button", { name: `Delete ${long}` })
          .click();
        await page().getByRole("alertdialog").waitFor();
        expect((await excessOf("[role=alertdialog]")) === 0, `the question is ${await excessOf("[role=alertdialog]")} px too wide`);
        await page().goto(`${studio.url}/projects`);
        await page().getByRole("button", { name: "Actions for Plain page" }).click();
        await page().getByRole("menuitem", { name: "Delete…" }).click();
        await page().getByRole("alertdialog").waitFor();
        await page().setViewportSize({ width: 390, height: 240 });
        const button = await page().getByRole("button", { name: "Delete project", exact: true }).boundingBox();
        expect(button && button.y + button.height <= 240, `its button is outside a low window: ${JSON.stringify(button)}`);
        await page().setViewportSize({ width: 1440, height: 900 });
        await page().goto(`${studio.url}/settings/creator`);
        await page().getByText(long).waitFor();
        expect((await excessOf("#main")) === 0, `the creator's page is ${await excessOf("#main")} px too wide`);
        await page().goto(`${studio.url}/marketplace`);
        await cards().first().waitFor();
        await checkScreens(page(), "store");
        await page().goto(`${studio.url}/marketplace/base/react-vite`);
        await page().getByRole("button", { name: "Use template" }).waitFor();
        await checkScreens(page(), "store-template", { variants: ["light-d", "dark-m"] });
        expectNoProblems(watched as WatchedWindow);
      },
    },
  ];
});
