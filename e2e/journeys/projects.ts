/** New projects: the gallery by keyboard, a project from an example prompt, and a screenshot that becomes the prompt. */
import { say, script } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey } from "../journey.ts";
import { checkScreens, expectNoProblems } from "../screens.ts";

/** One red pixel. */
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

export default journey({ templates: ["static"] }, async (context) => {
  const { studio, model } = context;
  model.setScript(script([say("The page is in the preview.")]));
  const account = await context.signUp("Nadia");
  const watched = await context.openWindow();
  const { page } = watched;
  const search = page.getByRole("searchbox", { name: "Search templates" });

  return [
    {
      name: "the gallery opens by its shortcut and shows what each template contains",
      run: async () => {
        await signIn(page, studio.url, account);
        await page.getByRole("heading", { level: 1 }).click();
        await page.keyboard.press("g");
        await page.keyboard.press("n");
        await page.getByRole("heading", { name: "New project" }).waitFor();
        await page.getByRole("article", { name: "React + Vite" }).getByText("Tables and charts").waitFor();
        await page.getByRole("region", { name: "From the store" }).getByRole("article").first().waitFor();
        await checkScreens(page, "new-project");
        expectNoProblems(watched);
      },
    },
    {
      name: "by keyboard alone: search, card, sheet, message, project",
      run: async () => {
        await search.focus();
        await page.keyboard.type("static site");
        await page.waitForURL(/\/new\?q=static/);
        await page.getByRole("article", { name: "Static site" }).waitFor();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        const sheet = page.getByRole("dialog", { name: "Static site" });
        await sheet.getByRole("list", { name: "Example prompts" }).waitFor();
        await checkScreens(page, "new-project-sheet");
        await sheet.getByRole("textbox", { name: "First message (optional)" }).focus();
        await page.keyboard.type("A page for a bakery");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/p\/page-for-a-bakery/);
        await page.getByText("The page is in the preview.", { exact: true }).waitFor({ timeout: 90_000 });
        const { items } = await account.api.projects.list({ query: {} });
        expect(items.map(({ name }) => name).join() === "Page for a bakery", JSON.stringify(items.map(({ name }) => name)));
        expectNoProblems(watched);
      },
    },
    {
      name: "a screenshot becomes an attachment of the prompt on Home",
      run: async () => {
        await page.goto(`${studio.url}/new`);
        await page.getByLabel("Screenshot").setInputFiles({ name: "shop.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") });
        await page.getByRole("heading", { name: /What do you want to build/ }).waitFor();
        await page.getByText("shop.png").waitFor();
        const prompt = page.getByRole("textbox", { name: "What do you want to build?" });
        expect((await prompt.inputValue()).startsWith("Rebuild the page in this screenshot"), await prompt.inputValue());
        expectNoProblems(watched);
      },
    },
  ];
});
