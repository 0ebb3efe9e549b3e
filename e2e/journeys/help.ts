/// <reference lib="dom" />
/** The help: its text is there before the app runs, and stays in place when the app takes over. */
import type { Page } from "playwright-core";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectNoProblems } from "../screens.ts";

export default journey({}, async ({ studio, signUp, openWindow }) => {
  const account = await signUp();
  const watched = await openWindow();
  const { page } = watched;
  await signIn(page, studio.url, account);

  /** Opens a page whose scripts wait until `start` is called. */
  async function openHeld(path: string): Promise<{ start: () => Promise<void> }> {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/assets/*.js", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(studio.url + path, { waitUntil: "commit" });
    return {
      start: async () => {
        release();
        await page.getByRole("navigation", { name: "Main" }).waitFor();
        await until("the app has taken over", async () => (await page.locator("#sent-page").count()) === 0);
        await page.unrouteAll({ behavior: "wait" });
      },
    };
  }
  const title = page.getByRole("heading", { level: 1, name: "Chat with the agent" });
  const placesIn = (on: Page) =>
    on.evaluate(() =>
      ["main", "main h1", "main [role=search]", "nav[aria-label='Help pages'] a", "article h2"].map((selector) => {
        const shown = [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());
        const { x, y, width } = shown?.getBoundingClientRect() ?? { x: 0, y: 0, width: 0 };
        return `${selector} at ${Math.round(x)}, ${Math.round(y)}, ${Math.round(width)} wide`;
      }),
    );

  return [
    {
      name: "a page is read before the app runs, and nothing of it moves when the app takes over",
      run: async () => {
        const { start } = await openHeld("/help/guides/chat");
        await title.waitFor();
        await page.evaluate(async () => void (await document.fonts.ready));
        const sent = await placesIn(page);
        await start();
        await title.waitFor();
        const drawn = await placesIn(page);
        expect(sent.join("\n") === drawn.join("\n"), `sent:\n${sent.join("\n")}\ndrawn:\n${drawn.join("\n")}`);
      },
    },
    {
      name: "what is typed into its search before the app runs is searched",
      run: async () => {
        const { start } = await openHeld("/help/guides/chat");
        await page.getByRole("searchbox", { name: "Search help" }).pressSequentially("approv");
        await start();
        await page
          .getByRole("list", { name: "Results" })
          .getByRole("link", { name: /^Approvals/ })
          .first()
          .waitFor();
        expect((await page.getByRole("searchbox", { name: "Search help" }).inputValue()) === "approv", "the words are in the box");
        expectNoProblems(watched);
      },
    },
  ];
});
