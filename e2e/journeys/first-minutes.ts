/// <reference lib="dom" />
/** From a server without an account to a running app, by the UI alone; then a visitor who begins on the landing page. */
import type { Page } from "playwright-core";
import { call, parallel, say, script, startModelServer, turn, when } from "@tesslate/testkit";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

const modelName = "local-coder";
const note = (title: string, count: number) => call("add_note", { title, count });
const page = (heading: string) =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${heading}</title></head><body><h1>${heading}</h1></body></html>\n`;

export default journey({ ownServer: "it begins without an account and without a model", templates: ["static"] }, async (context) => {
  const model = await startModelServer({
    models: [modelName],
    script: script([
      // The test of a model that the server does not know.
      when(/^Call add_note once.*else\.$/, [note("alpha", 3)]),
      when(/^Call add_note twice/, [parallel(note("alpha", 1), note("beta", 2))]),
      when(/Then answer with the number/, [turn(note("alpha", 3)), say("4711")]),
      when(/bread class/, [
        call("read_file", { file_path: "index.html" }),
        call("write_file", { file_path: "index.html", content: page("Bread class") }),
        say("The waiting list is in the preview."),
      ]),
      when(/stock count/, [
        call("read_file", { file_path: "index.html" }),
        call("write_file", { file_path: "index.html", content: page("Stock count") }),
        say("The stock count is in the preview."),
      ]),
      say("ok"),
    ]),
  });
  context.defer(() => model.close());
  const studio = await context.startStudio({ OUTBOUND_ALLOW_HOSTS: new URL(model.url).host, PROJECT_GIT: "1" });
  let browser: WatchedWindow | undefined;
  const prompt = (of: Page) => of.getByRole("textbox", { name: "What do you want to build?" });
  const chooseStatic = async (of: Page) => {
    await of.getByRole("button", { name: /^Start from: / }).click();
    await of.getByRole("menuitemradio", { name: /^Static site/ }).click();
  };
  const previewSays = (of: Page, heading: string) =>
    of.frameLocator("[data-testid=preview-frame]").getByRole("heading", { name: heading }).waitFor({ timeout: 90_000 });

  return [
    {
      name: "a server without accounts opens on registration, for every page",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(`${studio.url}/projects`);
        await page.getByRole("heading", { name: "Create your account" }).waitFor();
        expect(new URL(page.url()).pathname === "/register", page.url());
        await page.goto(`${studio.url}/login`);
        await page.getByRole("heading", { name: "Create your account" }).waitFor();
        await page.goto(studio.url);
        await page.getByRole("heading", { name: "Create your account" }).waitFor();
        await checkScreens(page, "first-account", { variants: allVariants });
        await page.getByLabel("Email").fill("nadia@alder.example");
        await page.getByLabel("Password", { exact: true }).fill("12345678");
        await page.keyboard.press("Enter");
        await page.getByText(/too easy to guess/).waitFor();
        await shot(page, "first-account-weak");
      },
    },
    {
      name: "after the sign-up comes the model; it can wait",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Connect a model" }).waitFor();
        await checkScreens(page, "connect-model", { variants: allVariants });
        await page.getByRole("link", { name: "Skip for now" }).click();
        await prompt(page).waitFor();
      },
    },
    {
      name: "Enter without a model keeps the prompt, also when the tab is closed",
      run: async () => {
        const { page, context: window } = browser as WatchedWindow;
        await chooseStatic(page);
        await prompt(page).fill("A waiting list for the Saturday bread class");
        await page.keyboard.press("Enter");
        await page.getByText("Your prompt is saved and runs as soon as one is.").waitFor();
        await checkScreens(page, "home-without-model", { variants: allVariants });
        await until("the server has it", () =>
          page.evaluate(
            async () =>
              ((await (await fetch("/api/project-draft")).json()) as { draft: { is_submitted: boolean } | null }).draft?.is_submitted,
          ),
        );
        expect(
          (await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).includes("bread class") === false,
          "the browser need not keep it",
        );
        const second = await window.newPage();
        await page.close();
        (browser as WatchedWindow).page = second;
        await second.goto(studio.url);
        await until(
          "the prompt is there",
          async () => (await prompt(second).inputValue()) === "A waiting list for the Saturday bread class",
        );
      },
    },
    {
      name: "connecting an OpenAI-compatible server runs the prompt, and the preview answers",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.getByRole("button", { name: "Connect model" }).first().click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("Provider").click();
        await page.getByRole("option", { name: "OpenAI-compatible" }).click();
        await dialog.getByLabel("Address").fill("http://127.0.0.1:8099");
        await dialog.getByRole("button", { name: "Test connection" }).click();
        await dialog.getByText(/OUTBOUND_ALLOW_HOSTS=127\.0\.0\.1:8099/).waitFor();
        await dialog.getByLabel("Address").fill(model.url);
        await dialog.getByRole("button", { name: "Test connection" }).click();
        await dialog.getByText(`OpenAI-compatible responded with ${modelName}.`).waitFor();
        await expectAccessible(page, "connect an OpenAI-compatible server");
        await shot(page, "connect-compatible");
        await dialog.getByRole("button", { name: "Connect model" }).click();
        await page.waitForURL(/\/p\//);
        await page.getByRole("log").getByText("A waiting list for the Saturday bread class").first().waitFor();
        await previewSays(page, "Bread class");
        await page.getByRole("log").getByText("The waiting list is in the preview.").first().waitFor({ timeout: 60_000 });
        await shot(page, "first-app");
        await page.goto(studio.url);
        await page.getByRole("article").first().waitFor();
        expect((await prompt(page).inputValue()) === "", "the draft is gone");
        expect((await page.getByRole("article").count()) === 1, "it was built once");
        await checkScreens(page, "home-first-project", { variants: allVariants });
        expectNoProblems(browser as WatchedWindow);
        await (browser as WatchedWindow).context.close();
      },
    },
    {
      name: "a visitor reads the landing page and the store",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(studio.url);
        await page.getByRole("heading", { level: 1, name: "What do you want to build?" }).waitFor();
        await page.getByRole("region", { name: "Templates to start from" }).getByRole("article").first().waitFor();
        await page.getByRole("region", { name: "Agents" }).getByRole("article").first().waitFor();
        await checkScreens(page, "landing", { variants: allVariants });
        await page.getByRole("link", { name: "All", exact: false }).first().click();
        await page.getByRole("heading", { level: 1, name: "Store" }).waitFor();
        await checkScreens(page, "store-visitor", { variants: allVariants });
        await page.getByRole("article").first().getByRole("heading").getByRole("link").click();
        await page.getByRole("link", { name: /^Sign in to use this / }).waitFor();
        await checkScreens(page, "store-item-visitor", { variants: allVariants });
        await page.getByRole("link", { name: "Tesslate Studio" }).first().click();
        await prompt(page).waitFor();
      },
    },
    {
      name: "the prompt of a visitor runs after the sign-up",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await chooseStatic(page);
        await prompt(page).fill("A stock count for a shop");
        await page.keyboard.press("Enter");
        await page.getByText("“A stock count for a shop”").waitFor();
        await checkScreens(page, "sign-up-with-prompt", { variants: allVariants });
        await page.getByLabel("Name").fill("Bob");
        await page.getByLabel("Email").fill("bob@alder.example");
        await page.getByLabel("Password", { exact: true }).fill("another horse battery");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/p\//);
        await previewSays(page, "Stock count");
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
