/// <reference lib="dom" />
/** Themes without a flash, custom themes, the feedback board, referral links, the creator studio. */
import { inflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { signUp, type Account } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio } = context;
  let browser: WatchedWindow | undefined;
  let owner: Account;
  let bob: Account;

  const page = (): Page => (browser as WatchedWindow).page;
  const token = (name: string) =>
    page().evaluate((key) => getComputedStyle(document.documentElement).getPropertyValue(`--${key}`).trim().toLowerCase(), name);

  /** The color of one pixel of the painted page, as `#rrggbb`. */
  async function pixel(x: number, y: number): Promise<string> {
    const png = await page().screenshot({ clip: { x, y, width: 1, height: 1 }, animations: "allow", caret: "initial" });
    let data = Buffer.alloc(0);
    for (let at = 8; at < png.length;) {
      const length = png.readUInt32BE(at);
      if (png.toString("latin1", at + 4, at + 8) === "IDAT") data = Buffer.concat([data, png.subarray(at + 8, at + 8 + length)]);
      at += length + 12;
    }
    // The first pixel of the first line is unchanged by every PNG filter.
    return `#${inflateSync(data).subarray(1, 4).toString("hex")}`;
  }
  /** Reloads the page with its scripts delayed, and returns the color that is painted before any of them ran. */
  async function firstPaint(): Promise<string> {
    let releaseScripts: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (releaseScripts = resolve));
    await page().route("**/assets/*.js", async (route) => {
      await held;
      await route.continue();
    });
    await page().reload({ waitUntil: "commit" });
    await until("something is painted", () =>
      page().evaluate(() => performance.getEntriesByType("paint").length > 0 || document.styleSheets.length > 0),
    );
    await until("the page as sent by the server", () => page().evaluate(() => document.readyState !== "loading"));
    const isAsSent = await page().evaluate(() => document.querySelector("#root")?.firstElementChild?.className === "first-word");
    expect(isAsSent, "no script has run yet");
    // Beside the placeholder text.
    const color = await pixel(700, 250);
    releaseScripts();
    await page().unrouteAll({ behavior: "wait" });
    return color;
  }

  return [
    {
      name: "a theme is found by keyboard and applied everywhere, without a flash on reload",
      run: async () => {
        owner = context.admin;
        bob = await signUp(studio.url, "Bob");
        browser = await context.openWindow({ theme: "light" });
        await signIn(page(), studio.url, bob);
        await page().goto(`${studio.url}/settings/look`);
        await page().getByRole("radio", { name: "Nord", exact: true }).waitFor();
        await expectAccessible(page(), "the gallery");
        await shot(page(), "themes-light");
        await page().getByLabel("Search themes").fill("synth");
        await until(
          "one is left",
          async () =>
            (await page()
              .getByRole("radio", { name: /SynthWave/ })
              .count()) === 1 && (await page().getByRole("radio", { name: "Nord", exact: true }).count()) === 0,
        );
        await page().waitForURL(/\/settings\/look\?q=synth$/);
        expect((await page().title()).startsWith("Appearance"), "the title is that of the page");
        await page().reload();
        await page()
          .getByRole("radio", { name: /SynthWave/ })
          .waitFor();
        expect((await page().getByLabel("Search themes").inputValue()) === "synth", "the search field matches the URL");
        await page().getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Appearance" }).click();
        await page().getByRole("radio", { name: "Nord", exact: true }).waitFor();
        expect((await page().getByLabel("Search themes").inputValue()) === "", "the field is empty if the URL has no search");
        await page()
          .getByRole("radiogroup", { name: /Dark themes/ })
          .getByRole("radio", { checked: true })
          .focus();
        await page().keyboard.press("End");
        await until("the last one is previewed", async () => (await token("brand")) === "#89ddff");
        await page().keyboard.press("Home");
        await page().getByRole("radio", { name: "Dracula", exact: true }).click();
        await page().mouse.move(5, 5);
        await until(
          "it is applied",
          async () =>
            (await token("brand")) === "#bd93f9" && (await page().evaluate(() => document.documentElement.dataset["theme"])) === "dark",
        );
        await until("it is stored for other browsers", async () => (await bob.api.users.me()).theme_preset === "dracula");
        const ground = await token("bg-0");
        const first = await firstPaint();
        expect(first === ground, `the first frame is ${first}, the theme's ground ${ground}`);
        await page().getByRole("radio", { name: "Dracula", exact: true, checked: true }).waitFor();
        await page().getByRole("radio", { name: "GitHub Light" }).click();
        await page().mouse.move(5, 5);
        await until("a light theme is applied", async () => (await token("brand")) === "#0969da");
        expect((await firstPaint()) === (await token("bg-0")), "a light theme has no dark frame first");
        await page().getByRole("radio", { name: "GitHub Light", checked: true }).waitFor();
        expect(await page().getByRole("radio", { name: "Dracula", exact: true }).isChecked(), "the dark theme of the pair stays selected");
        const entry = await page().evaluate(() => document.querySelector<HTMLScriptElement>("script[type=module]")?.src ?? "");
        expect(!(await (await fetch(entry)).text()).includes("Andromeda"), "the entry script does not contain the theme list");
      },
    },
    {
      name: "a custom theme is created from another, warns about contrast, and is saved, applied and deleted",
      run: async () => {
        await page().getByRole("button", { name: "Actions for Dracula", exact: true }).click();
        await page().getByRole("menuitem", { name: "Customize theme" }).click();
        await page().getByLabel("Name").fill("Midnight plum");
        await page().getByLabel("Primary", { exact: true }).fill("#ff8800");
        await until("the theme is previewed while it is edited", async () => (await token("brand")) === "#ff8800");
        await page().getByText("Sufficient contrast").waitFor();
        await page().getByLabel("Muted", { exact: true }).fill("#555577");
        await page()
          .getByRole("listitem")
          .filter({ hasText: /Muted text on .*4\.5:1 required/ })
          .waitFor();
        await expectAccessible(page(), "the theme editor");
        await shot(page(), "theme-editor");
        await page().getByLabel("Muted", { exact: true }).fill("url(x)");
        await page().getByText("Enter a hex, rgb or hsl color").waitFor();
        expect(await page().getByRole("button", { name: "Save and apply" }).isDisabled(), "invalid values cannot be saved");
        await page().getByLabel("Muted", { exact: true }).fill("#c0c0d8");
        await page().getByRole("button", { name: "Save and apply" }).click();
        await page().getByText("Midnight plum saved and applied.").waitFor();
        await page().mouse.move(5, 5);
        await page().getByRole("radio", { name: "Midnight plum", checked: true }).waitFor();
        expect((await firstPaint()) === (await token("bg-0")), "a custom theme has no flash either");
        expect((await token("brand")) === "#ff8800", "it is applied after a reload");
        await page().setViewportSize({ width: 390, height: 844 });
        await page().getByRole("radio", { name: "Midnight plum" }).waitFor();
        await shot(page(), "themes-390");
        await page().setViewportSize({ width: 1440, height: 900 });
        const menu = page().getByRole("button", { name: "Actions for Midnight plum" });
        await menu.click();
        await page().getByRole("menuitem", { name: "Publish…" }).click();
        await expectAccessible(page(), "the dialog that publishes a theme");
        await page().getByRole("button", { name: "Publish theme" }).click();
        await page().getByText("Midnight plum published.").waitFor();
        const listed = async () => (await bob.api.marketplaceItems.list({ query: { item_type: "theme", search: "Midnight plum" } })).items;
        expect((await listed())[0]?.name === "Midnight plum", "the store lists it");
        await menu.click();
        await page().getByRole("menuitem", { name: "Unpublish", exact: true }).click();
        await page().getByText("Midnight plum unpublished.").waitFor();
        await menu.click();
        await page().getByRole("menuitem", { name: "Delete" }).click();
        await page().getByRole("button", { name: "Delete theme" }).click();
        await page().getByText("Theme deleted.").waitFor();
        await until("the default is applied again", async () => (await token("brand")) === "#f89521");
      },
    },
    {
      name: "a post is created, similar posts are shown, voted on, commented and moderated",
      run: async () => {
        const { api } = owner;
        await api.feedback.create({ body: { type: "bug", title: "Terminal loses its scrollback", description: "After a **reconnect**." } });
        await page().getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Feedback" }).click();
        await page().getByRole("link", { name: "Terminal loses its scrollback" }).waitFor();
        await expectAccessible(page(), "the board");
        await shot(page(), "feedback-dark");
        const search = page().getByLabel("Search posts");
        await search.fill("no such post");
        await page().getByText("No results for “no such post”").waitFor();
        await page().getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Feedback" }).click();
        await page().getByRole("link", { name: "Terminal loses its scrollback" }).waitFor();
        expect((await search.inputValue()) === "", "the search field matches the URL");
        await page().goBack();
        await until("so it is after Back", async () => (await search.inputValue()) === "no such post");
        await page().getByRole("button", { name: "Clear filters" }).click();
        await page().getByRole("button", { name: "New post" }).click();
        await page().getByLabel("Title").fill("terminals lose scrollback");
        await page().getByRole("list", { name: "Similar posts" }).getByRole("button", { name: "Terminal loses its scrollback" }).waitFor();
        await shot(page(), "feedback-new");
        await page().getByLabel("Title").fill("Dark mode for e-mails <img src=x onerror=alert(1)>");
        await page().getByRole("dialog", { name: "New post" }).getByRole("radio", { name: "Suggestion" }).click();
        await page().getByLabel("What problem would it solve?").fill("Nights.\n\n<script>alert(1)</script> [x](javascript:alert(1))");
        await page().getByRole("button", { name: "Create post" }).click();
        const sheet = page().getByRole("dialog", { name: "Suggestion" });
        await sheet.getByRole("heading", { name: /Dark mode for e-mails/ }).waitFor();
        expect((await sheet.locator("img, script, a[href^='javascript']").count()) === 0, "markup of others is text");
        await sheet.getByRole("button", { name: /^Vote for/ }).click();
        await sheet.getByRole("button", { name: /1 vote$/, pressed: true }).waitFor();
        // A notice beside the sheet can be used, and closes only itself.
        await page().route("**/api/feedback/*/upvote", (route) => route.abort("aborted"));
        await sheet.getByRole("button", { name: /1 vote$/ }).click();
        const notice = page().getByRole("alert").filter({ hasText: "The server didn't respond" });
        await notice.waitFor();
        await page().unrouteAll();
        await shot(page(), "feedback-notice");
        await page().setViewportSize({ width: 390, height: 844 });
        const edges = await Promise.all([notice, sheet].map((one) => one.boundingBox()));
        expect(
          (edges[0]?.y ?? 0) + (edges[0]?.height ?? 0) <= (edges[1]?.y ?? 0),
          `a phone's notice lies over the sheet: ${JSON.stringify(edges)}`,
        );
        await shot(page(), "feedback-notice-390");
        await page().setViewportSize({ width: 1440, height: 900 });
        await notice.getByRole("button", { name: "Close" }).click();
        await notice.waitFor({ state: "detached" });
        expect(await sheet.isVisible(), "the sheet is still open");
        // A draft survives closing the sheet, a reload and a failed send; it is removed once sent.
        const line = sheet.getByLabel("Add a comment");
        await line.fill("I would *use* it.");
        await page().keyboard.press("Escape");
        await page()
          .getByRole("link", { name: /Dark mode/ })
          .click();
        await page().reload();
        await page().route("**/api/feedback/*/comments", (route) => route.abort("aborted"));
        await sheet.getByRole("button", { name: "Comment", exact: true }).click();
        await sheet.getByText("The server didn't respond").waitFor();
        await page().unrouteAll();
        expect((await line.inputValue()) === "I would *use* it.", "the draft is kept");
        await sheet.getByRole("button", { name: "Comment", exact: true }).click();
        await sheet.locator("em", { hasText: "use" }).waitFor();
        await until("the draft is removed", async () => (await line.inputValue()) === "");
        await expectAccessible(page(), "a post");
        await shot(page(), "feedback-post");
        const [mine] = (await api.feedback.list({ query: { sort: "date" } })).items;
        expect(mine?.upvote_count === 1 && mine.comment_count === 1, "the server has the same counts");
        await page().reload();
        await sheet.getByText("I would").waitFor();
        expect((await sheet.getByRole("button", { name: "Hide" }).count()) === 0, "moderation is for administrators");
        const id = mine?.id ?? "";
        for (let n = 1; n <= 101; n++) await bob.api.feedback.comment({ params: { id }, body: { content: `Number ${n}` } });
        await page().reload();
        await sheet.getByText("Number 99", { exact: true }).waitFor();
        expect((await sheet.getByText("Number 101", { exact: true }).count()) === 0, "the first page has a hundred");
        await sheet.getByRole("button", { name: "Show more comments" }).click();
        await sheet.getByText("Number 101", { exact: true }).waitFor();
        expect((await sheet.getByRole("button", { name: "Show more comments" }).count()) === 0, "that was all");
        // After deleting a row the focus is on the next one, not at the top of the page.
        const focusedRow = () =>
          page().evaluate(() => document.activeElement?.closest("li")?.textContent ?? document.activeElement?.tagName);
        const row = (text: string) => sheet.getByRole("listitem").filter({ hasText: text });
        await row("Number 50").getByRole("button", { name: "Delete" }).press("Enter");
        await row("Number 50").waitFor({ state: "detached" });
        await until("the next one has the focus", async () => (await focusedRow())?.includes("Number 51"));
        await page().setViewportSize({ width: 390, height: 844 });
        await shot(page(), "feedback-post-390");
        await page().keyboard.press("Escape");
        await page()
          .getByRole("link", { name: /Dark mode/ })
          .waitFor();
        await shot(page(), "feedback-390");
        await page().setViewportSize({ width: 1440, height: 900 });
      },
    },
    {
      name: "a referral link is copied, followed and counted; the empty creator studio explains its purpose",
      run: async () => {
        await (browser as WatchedWindow).context.grantPermissions(["clipboard-read", "clipboard-write"]);
        await page().goto(`${studio.url}/settings/referrals`);
        await page().getByRole("button", { name: "Copy link" }).click();
        const link = await until("it is copied", () => page().evaluate(() => navigator.clipboard.readText()));
        expect(link.startsWith(`${studio.url}/register?ref=`), link);
        await expectAccessible(page(), "referrals");
        await page().getByRole("button", { name: "Show QR code" }).click();
        await page().getByRole("img", { name: "QR code of your referral link" }).waitFor();
        await shot(page(), "referrals-code");
        await page().keyboard.press("Escape");
        await page().goto(`${studio.url}/settings/creator`);
        await page().getByText("Nothing published yet").waitFor();
        await shot(page(), "creator-empty");
        await page().context().clearCookies();
        await page().goto(link);
        await page().waitForURL(/\/register/);
        await page().getByText("Bob invited you. You both get 100 credits when you sign up.").waitFor();
        await shot(page(), "invitation");
        expect(!page().url().includes("ref="), "the code is removed from the URL");
        await page().getByLabel("Email").fill("carla@example.org");
        await page().getByLabel("Password", { exact: true }).fill("correct horse battery");
        await page().keyboard.press("Enter");
        await page().getByRole("textbox", { name: "What do you want to build?" }).waitFor();
        const { stats } = await until("both are counted", async () => {
          const found = await bob.api.referrals.code();
          return found.stats.conversions === 1 ? found : undefined;
        });
        expect(stats.landings === 1, `${stats.landings} visits`);
        await page().goto(`${studio.url}/settings/referrals`);
        await page().getByText("You were referred with the code").waitFor();
        await shot(page(), "referrals");
      },
    },
    {
      name: "the longest possible name without spaces makes no page wider than its window",
      run: async () => {
        const widest = () =>
          page().evaluate(() =>
            Math.max(...[...document.querySelectorAll("main, [role=dialog] .scroll-y")].map((box) => box.scrollWidth - box.clientWidth)),
          );
        const carla = await signUp(studio.url, "Carla");
        await carla.api.users.updateMe({ body: { name: `${"Maximiliane".repeat(9)}x` } });
        const post = await carla.api.feedback.create({ body: { type: "bug", title: "W".repeat(200), description: "E".repeat(400) } });
        await carla.api.feedback.comment({ params: { id: post.id }, body: { content: "E".repeat(400) } });
        await page().context().clearCookies();
        await signIn(page(), studio.url, carla);
        await page().setViewportSize({ width: 390, height: 844 });
        // The page follows the window a moment later.
        await until("Home is not wider than its window", async () => (await widest()) <= 0);
        await page().goto(`${studio.url}/feedback?post=${post.id}`);
        await page().getByRole("dialog").getByRole("listitem").waitFor();
        await until("the post is not wider than its window", async () => (await widest()) <= 0);
        await shot(page(), "feedback-long-390");
        await page().setViewportSize({ width: 1440, height: 900 });
      },
    },
    {
      name: "form errors are shown as text; the list of shortcuts can be scrolled by keyboard",
      run: async () => {
        await page().goto(`${studio.url}/settings/profile`);
        await page().getByLabel("Name", { exact: true }).fill("");
        await page().getByLabel("Website").fill("not an address");
        await page().getByRole("button", { name: "Save" }).click();
        await page().getByText("Must not be empty").waitFor();
        await page().getByLabel("Name", { exact: true }).fill("Bob");
        await page().getByRole("button", { name: "Save" }).click();
        await page().getByText("Enter a website, for example alder.example").waitFor();
        await expectAccessible(page(), "a profile with faults");
        await page().getByRole("heading", { name: "Settings", level: 1 }).click();
        await page().keyboard.press("Control+/");
        await page().getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
        await expectAccessible(page(), "the shortcuts");
        // The sheet opens with the focus on itself or on its first control.
        await until("the list has the focus", async () => {
          await page().keyboard.press("Tab");
          return page().evaluate(() => (document.activeElement?.scrollHeight ?? 0) > (document.activeElement?.clientHeight ?? 0) + 100);
        });
        await page().keyboard.press("End");
        await until("scrolled", () => page().evaluate(() => (document.activeElement?.scrollTop ?? 0) > 0));
        await page().keyboard.press("Escape");
      },
    },
    { name: "nothing was offensive", run: async () => expectNoProblems(browser as WatchedWindow) },
  ];
});
