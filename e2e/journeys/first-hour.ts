/// <reference lib="dom" />
/**
 * From an empty server to a deployed app with a sign-up of its own, by the UI alone: every click and every field counts. `--shots DIR` also takes the
 * pictures, on a desktop and on a phone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { call, parallel, parseScript, say, script, startModelServer, turn, when } from "@tesslate/testkit";
import type { WatchedWindow } from "../browser.ts";
import { expect, journey, note, until } from "../journey.ts";
import { animationsEnded, expectNoProblems, shot, takesShots } from "../screens.ts";

const modelName = "local-coder";
const aNote = (title: string, count: number) => call("add_note", { title, count });
const agent = () => {
  const tests = script([
    // The test of a model that the server does not know.
    when(/^Call add_note once.*else\.$/, [aNote("alpha", 3)]),
    when(/^Call add_note twice/, [parallel(aNote("alpha", 1), aNote("beta", 2))]),
    when(/Then answer with the number/, [turn(aNote("alpha", 3)), say("4711")]),
  ]);
  const bookings = parseScript(readFileSync(join(import.meta.dirname, "../bookings.script"), "utf8"));
  return { ...bookings, branches: [...tests.branches, ...bookings.branches] };
};
const password = "correct horse battery";
/** A Saturday of next month, so that the day is in the future. */
const day = (() => {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  first.setUTCDate(1 + ((6 - first.getUTCDay() + 7) % 7));
  return first.toISOString().slice(0, 10);
})();

export default journey({ ownServer: "it begins without an account and without a model", templates: ["full-stack"] }, async (context) => {
  const model = await startModelServer({ models: [modelName], script: agent() });
  context.defer(() => model.close());
  const studio = await context.startStudio({ OUTBOUND_ALLOW_HOSTS: new URL(model.url).host, PROJECT_GIT: "1" });
  const watched: WatchedWindow = await context.openWindow();
  const { page } = watched;
  const app = page.frameLocator("[data-testid=preview-frame]");

  const startedAt = Date.now();
  const counts = { clicks: 0, fields: 0 };
  const click = async (target: Locator, options?: { timeout: number }) => {
    await target.click(options);
    counts.clicks += 1;
  };
  const fill = async (target: Locator, text: string) => {
    await target.fill(text);
    counts.fields += 1;
  };
  const press = async (key: string) => {
    await page.keyboard.press(key);
    counts.clicks += 1;
  };
  let pictures = 0;
  /** Takes the page in light on a desktop and on a phone, without waiting for notifications to go. */
  const picture = async (name: string, of: Page = page, phoneView?: string) => {
    pictures += 1;
    if (!takesShots) return;
    const file = `${String(pictures).padStart(2, "0")}-${name}`;
    await animationsEnded(of);
    await shot(of, `${file}-light-d`);
    await of.setViewportSize({ width: 390, height: 844 });
    if (phoneView !== undefined) await showOnPhone(of, phoneView);
    await animationsEnded(of);
    await shot(of, `${file}-light-m`);
    await of.setViewportSize({ width: 1440, height: 900 });
  };
  const showOnPhone = async (of: Page, view: string) => {
    const tab = of.getByRole("button", { name: view, exact: true });
    if (await tab.isVisible()) return tab.click();
    await of.getByRole("button", { name: "More", exact: true }).click();
    await of.getByRole("menuitem", { name: view }).first().click();
  };
  /** Creates an account of the built app and books a day. */
  const book = async (on: FrameLocator | Page, guest: string, email: string) => {
    await click(on.getByRole("link", { name: "Create account" }), { timeout: 90_000 });
    await fill(on.getByLabel("Name"), guest);
    await fill(on.getByLabel("Email"), email);
    await fill(on.getByLabel("Password"), password);
    await click(on.getByRole("button", { name: "Create account" }));
    await fill(on.getByLabel("Guest"), guest);
    await fill(on.getByLabel("Day"), day);
    await click(on.getByRole("button", { name: "Add booking" }));
    await on.getByRole("table", { name: "Bookings" }).getByText(guest).waitFor();
  };

  return [
    {
      name: "create an account",
      run: async () => {
        await page.goto(studio.url);
        await page.getByRole("heading", { name: "Create your account" }).waitFor();
        await picture("create-account");
        await fill(page.getByLabel("Name"), "Nadia");
        await fill(page.getByLabel("Email"), "nadia@alder.example");
        await fill(page.getByLabel("Password", { exact: true }), password);
        await press("Enter");
        await page.getByRole("heading", { name: "Connect a model" }).waitFor();
      },
    },
    {
      name: "connect a model",
      run: async () => {
        await click(page.getByLabel("Provider"));
        await click(page.getByRole("option", { name: "OpenAI-compatible" }));
        await fill(page.getByLabel("Address"), model.url);
        await click(page.getByRole("button", { name: "Test connection" }));
        await page.getByText(`OpenAI-compatible responded with ${modelName}.`).waitFor();
        await picture("connect-model");
        await click(page.getByRole("button", { name: "Connect model" }));
        await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
      },
    },
    {
      name: "choose the template and write the prompt",
      run: async () => {
        await click(page.getByRole("button", { name: /^Start from: / }));
        await click(page.getByRole("menuitemradio", { name: /^Full-stack app/ }));
        await fill(
          page.getByRole("textbox", { name: "What do you want to build?" }),
          "Bookings for our Saturday bread class: who comes, on which day, how many seats",
        );
        await picture("home");
        await press("Enter");
        await page.waitForURL(/\/p\//);
        await page.getByRole("log").getByText("Bookings for our Saturday bread class").first().waitFor();
        await picture("setting-up");
      },
    },
    {
      name: "the agent builds it, and the preview shows it",
      run: async () => {
        await page.getByRole("log").getByText("Sign up in the preview to try it.").waitFor({ timeout: 240_000 });
        const failed = page.locator("[data-testid=tool-row][data-status=failed]");
        expect((await failed.count()) === 0, `a tool failed: ${await failed.allInnerTexts()}`);
        await app.getByRole("link", { name: "Create account" }).waitFor({ timeout: 90_000 });
        await picture("built");
      },
    },
    {
      name: "sign up in the preview and add data",
      run: async () => {
        await book(app, "Ada Winter", "ada@example.com");
        await picture("in-the-preview", page, "Preview");
      },
    },
    {
      name: "see the row in the Data view",
      run: async () => {
        await click(page.getByRole("tab", { name: "Data" }).or(page.getByRole("link", { name: "Data", exact: true })));
        await click(page.getByRole("navigation", { name: "Databases and tables" }).getByRole("button", { name: /^bookings/ }));
        await page.getByRole("grid", { name: "Rows of bookings" }).getByRole("gridcell", { name: "Ada Winter" }).waitFor();
        await picture("data", page, "Data");
      },
    },
    {
      name: "change a heading in the preview",
      run: async () => {
        await click(page.getByRole("tab", { name: "Preview" }).or(page.getByRole("link", { name: "Preview", exact: true })));
        await app.getByRole("heading", { name: "Bookings" }).waitFor({ timeout: 30_000 });
        const select = page.getByRole("button", { name: "Select element" });
        await until("the page is connected", () => select.isEnabled());
        await click(select);
        await click(app.getByRole("heading", { name: "Bookings" }));
        const panel = page.getByTestId("element-panel");
        await fill(panel.getByRole("textbox", { name: "Text", exact: true }), "Saturday bread class");
        await app.getByRole("heading", { name: "Saturday bread class" }).waitFor();
        await page.getByText("Changed the text of <h1> in src/pages/bookings.tsx.").waitFor();
        await picture("visual-edit");
        await press("Escape");
        await panel.waitFor({ state: "detached" });
      },
    },
    {
      name: "deploy it here under a short name",
      run: async () => {
        await click(page.locator(".workbench-top").getByRole("button", { name: "Deploy", exact: true }));
        const sheet = page.getByRole("dialog");
        await sheet.getByText("The deployed app gets its own PostgreSQL.").waitFor();
        expect(await sheet.getByRole("radio", { name: /^This server/ }).isChecked(), "this server is the first choice");
        await fill(sheet.getByLabel("Name", { exact: true }), "bread-class");
        await picture("deploy");
        await click(sheet.getByRole("button", { name: "Deploy to this server" }));
        await picture("deploying");
        await sheet.getByText("v1 is live.").waitFor({ timeout: 240_000 });
        await picture("live");
      },
    },
    {
      name: "open the deployed address and sign up there",
      run: async () => {
        const link = page.getByRole("dialog").getByRole("region", { name: "Outcome" }).getByRole("link", { name: "Open" });
        const [site] = await Promise.all([page.context().waitForEvent("page"), click(link)]);
        expect(new URL(site.url()).hostname === "live--bread-class.preview.localhost", site.url());
        await book(site, "Grace Hill", "grace@example.com");
        await site.getByRole("heading", { name: "Saturday bread class" }).waitFor();
        expect((await site.getByText("Ada Winter").count()) === 0, "the deployed app has data of its own");
        await picture("deployed", site);
        await site.close();
        expectNoProblems(watched);
        const seconds = Math.round((Date.now() - startedAt) / 1000);
        note(`${counts.clicks + counts.fields} steps: ${counts.clicks} clicks and keys, ${counts.fields} fields; ${seconds} s`);
      },
    },
  ];
});
