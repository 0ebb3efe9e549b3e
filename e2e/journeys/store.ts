/// <reference lib="dom" />
/** The store and the library: what is looked for stands in the address, no dead ends, an agent of one's own made, tried, published and had by somebody else. */
import type { Page } from "playwright-core";
import { say, script } from "@tesslate/testkit";
import { signUp, type Account } from "../account.ts";
import { signIn, type Watched } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { accessible, looks, noOffences } from "../looks.ts";

export default journey({}, async (stage) => {
  const { model } = stage;
  model.setScript(script([say("I am the baker: flour, water, salt.")]));
  const { studio } = stage;
  let watched: Watched | undefined;
  let ada: Account;
  let bob: Account;
  const page = (): Page => (watched as Watched).page;
  const query = () => new URL(page().url()).searchParams;
  const cards = () => page().getByRole("article");

  return [
    {
      name: "what is looked for stands in the address; back brings back filters and place; counts are honest",
      run: async () => {
        ada = await signUp(studio.url, "Ada");
        bob = await signUp(studio.url, "Bob");
        watched = await stage.openWindow({ theme: "light" });
        page().setDefaultTimeout(15_000);
        await signIn(page(), studio.url, ada);
        await page().getByRole("link", { name: "Store" }).click();
        await page().getByRole("heading", { name: "Store", level: 1 }).waitFor();
        await cards().first().waitFor();
        await accessible(page(), "the store");
        const all = await cards().count();
        const frontend = page()
          .getByRole("group", { name: "What it is for" })
          .getByRole("button", { name: /^Full stack/ });
        const promised = Number((await frontend.innerText()).match(/\d+/)?.[0]);
        await frontend.click();
        await until("only those", async () => (await cards().count()) === promised && promised < all);
        expect(query().get("category") === "fullstack", page().url());
        await page().getByRole("link", { name: "Templates", exact: false }).first().click();
        await until("templates", () => query().get("type") === "bases");
        await page().keyboard.press("/");
        await page().keyboard.type("fastapi");
        await until("searched", () => query().get("q") === "fastapi");
        await until("found", async () => (await cards().count()) > 0 && /fastapi/i.test(await cards().first().innerText()));
        await cards().first().getByRole("link").click();
        await page().getByRole("heading", { level: 1 }).waitFor();
        await page().getByRole("button", { name: "Use it" }).waitFor();
        await page().goBack();
        await until("back where it was", async () => query().get("q") === "fastapi" && (await cards().count()) > 0);
        expect((await page().getByRole("searchbox").inputValue()) === "fastapi", "the box says what is looked for");
        await page().getByRole("searchbox").fill("zzzz-nothing");
        await page().getByText("No template fits").waitFor();
        await page().getByRole("button", { name: "Clear search and filters" }).click();
        await until("everything again", async () => (await cards().count()) === 24);
      },
    },
    {
      name: "every item that is listed has a page of its own",
      run: async () => {
        const agents = (await ada.api.marketplaceAgents.list({ query: { limit: 500 } })).items;
        const bases = (await ada.api.marketplaceBases.list({ query: { limit: 500 } })).items;
        expect(agents.length >= 11 && bases.length >= 72, `${agents.length} agents, ${bases.length} templates`);
        const paths = [
          ...agents.map((one) => [`/marketplace/agent/${one.slug}`, one.name] as const),
          ...bases.slice(0, 12).map((one) => [`/marketplace/base/${one.slug}`, one.name] as const),
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
        await page().getByText("There is no such agent").waitFor();
      },
    },
    {
      name: "an agent comes into the library, is switched off there, reviewed, and taken out with a way back",
      run: async () => {
        await page().goto(`${studio.url}/marketplace/agent/doc-writer-oss`);
        await page().getByRole("button", { name: "Add to library" }).click();
        await page().getByText("Documentation Writer is in your library.").waitFor();
        await page().getByRole("button", { name: "Write one" }).click();
        await page().getByRole("button", { name: "Publish", exact: true }).click();
        await page().getByText("Choose one to five stars.").waitFor();
        await page()
          .getByRole("radio", { name: /^4 of 5/ })
          .check({ force: true });
        await page().getByLabel("What others should know").fill("Short and to the point.");
        await page().getByRole("button", { name: "Publish", exact: true }).click();
        await page().getByText("Short and to the point.").waitFor();
        await until("counted", async () => (await bob.api.marketplaceAgents.get({ params: { slug: "doc-writer-oss" } })).rating === 4);
        await looks(page(), "store-agent");
        await page().goto(`${studio.url}/library`);
        // Not the notice about it, which is an item of a list too.
        const row = page().getByRole("main").getByRole("listitem").filter({ hasText: "Documentation Writer" });
        await row.getByRole("switch").click();
        await until(
          "off",
          async () =>
            (await ada.api.library.agents({ query: {} })).items.find((one) => one.slug === "doc-writer-oss")?.is_enabled === false,
        );
        await looks(page(), "library");
        await row.getByRole("button", { name: "More for Documentation Writer" }).click();
        await page().getByRole("menuitem", { name: "Remove from library…" }).click();
        await page().getByRole("button", { name: "Remove", exact: true }).click();
        await row.waitFor({ state: "detached" });
        await page().getByRole("button", { name: "Undo" }).click();
        await row.waitFor();
      },
    },
    {
      name: "an agent of one's own: made, tried in a project of its own, published only when saved, had by somebody else",
      run: async () => {
        await page().getByRole("link", { name: "New agent" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Give it a name.").waitFor();
        const isAtName = () =>
          page()
            .getByLabel("Name", { exact: true })
            .evaluate((box) => box === document.activeElement);
        await until("whoever saves at the bottom is led to what is missing at the top", isAtName);
        await page().getByLabel("Name", { exact: true }).fill("The Baker");
        await page().getByLabel("In a sentence").fill("Knows bread");
        await page().getByRole("textbox", { name: "Its prompt" }).fill("You bake. Project: ");
        await page().getByRole("button", { name: "Insert {project_name}" }).click();
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("The Baker is in your library.").waitFor();
        await until("its own address", () => new URL(page().url()).pathname === "/library/agents/the-baker");
        await page().getByLabel("In a sentence").fill("Knows bread and cake");
        expect(await page().getByRole("button", { name: "Publish" }).isDisabled(), "what is not saved is not published");
        await page().getByRole("link", { name: "Library", exact: true }).click();
        await page().goBack();
        const sentence = page().getByLabel("In a sentence");
        await until("the draft is kept", async () => (await sentence.inputValue()) === "Knows bread and cake");
        await page().getByRole("button", { name: "Save", exact: true }).click();
        await page().getByText("Saved.").waitFor();
        await looks(page(), "agent-editor");
        await page().getByRole("button", { name: "Publish" }).click();
        await page().getByText("The Baker can be found in the store.").waitFor();
        const shown = await bob.api.marketplaceAgents.get({ params: { slug: "the-baker" } });
        expect(shown.system_prompt === "You bake. Project: {project_name}", "free ones are open");
        await page().getByRole("button", { name: "Try it" }).click();
        await page().getByLabel("What to ask").fill("What do you need?");
        await page().getByRole("button", { name: "Send" }).click();
        await page().getByText("I am the baker: flour, water, salt.", { exact: true }).waitFor({ timeout: 60_000 });
        const asked = model.requests.find(({ body }) => String(JSON.stringify(body)).includes("You bake. Project: Trial of The Baker"));
        expect(asked, "the run had the agent's prompt, with its marker filled in");
        await page().goto(`${studio.url}/library?tab=made`);
        await page().getByRole("listitem").filter({ hasText: "The Baker" }).getByText("In the store").waitFor();
      },
    },
    {
      name: "a project begins with a template; the store in every look; nothing of it was offensive",
      run: async () => {
        await page().goto(`${studio.url}/marketplace/base/static-html`);
        await page().getByRole("button", { name: "Use it" }).click();
        await page().getByLabel("Name of the project").fill("Plain page");
        await page().getByRole("button", { name: "Make the project" }).click();
        await until("its workbench", () => new URL(page().url()).pathname.startsWith("/p/plain-page"));
        await page().goto(`${studio.url}/library?tab=templates`);
        await page().getByRole("listitem").filter({ hasText: "Static" }).waitFor();
        const plain = async () => (await ada.api.projects.list({ query: {} })).items.find((project) => project.name === "Plain page");
        await until("set up", async () => (await plain())?.environment_status !== "provisioning");
        await page().goto(`${studio.url}/projects`);
        await page().getByRole("button", { name: "More for Plain page" }).click();
        await page().getByRole("menuitem", { name: "Save as template…" }).click();
        const saving = page().getByRole("dialog", { name: "Save as template" });
        const named = saving.getByLabel("Name", { exact: true });
        await until("its first field has the focus", () => named.evaluate((box) => box === document.activeElement));
        await named.fill("");
        await saving.getByRole("button", { name: "Save", exact: true }).click();
        await saving.getByText("Give it a name.").waitFor();
        await saving.getByText("Say in a sentence what it is.").waitFor();
        // Nothing is pushed out of a phone's page or cut in its dialogs by a name without spaces.
        const long = "Plain".repeat(20);
        await named.fill(long);
        await saving.getByLabel("What it is", { exact: true }).fill(`A page to begin with ${long}`);
        await saving.getByRole("button", { name: "Save", exact: true }).click();
        await page().getByRole("heading", { level: 1, name: long, exact: true }).waitFor();
        await page().getByText("its files are kept on this server").waitFor();
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
        await page().getByRole("button", { name: "More for Plain page" }).click();
        await page().getByRole("menuitem", { name: "Delete…" }).click();
        await page().getByRole("alertdialog").waitFor();
        await page().setViewportSize({ width: 390, height: 240 });
        const act = await page().getByRole("button", { name: "Delete project", exact: true }).boundingBox();
        expect(act && act.y + act.height <= 240, `its act is out of a low window: ${JSON.stringify(act)}`);
        await page().setViewportSize({ width: 1440, height: 900 });
        await page().goto(`${studio.url}/settings/creator`);
        await page().getByText(long).waitFor();
        expect((await excessOf("#main")) === 0, `what one made is ${await excessOf("#main")} px too wide`);
        await page().goto(`${studio.url}/marketplace`);
        await cards().first().waitFor();
        await looks(page(), "store");
        await page().goto(`${studio.url}/marketplace/base/react-vite`);
        await page().getByRole("button", { name: "Use it" }).waitFor();
        await looks(page(), "store-template", { marks: ["light-d", "dark-m"] });
        noOffences(watched as Watched);
      },
    },
  ];
});
