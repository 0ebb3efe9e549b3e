/// <reference lib="dom" />
/** The core user flow on the built product, with the scripted model over a real socket. `--shots DIR` also writes screenshots. */
import type { Page } from "playwright-core";
import { demoScript } from "@tesslate/testkit/demo";
import { type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, animationsEnded, shot } from "../screens.ts";

export default journey({ hasMain: true, templates: ["react-vite", "static"] }, async (context) => {
  const { model } = context;
  model.setScript(demoScript());
  model.setTokenDelay(6);
  const { studio } = context;
  let browser: WatchedWindow | undefined;

  const frameOf = (page: Page) => page.frameLocator("[data-testid=preview-frame]");

  return [
    {
      isMain: true,
      name: "sign up, describe an app, watch the agent build it, see it run",
      run: async () => {
        browser = await context.openWindow();
        const { page } = browser;
        await page.goto(studio.url);
        await page.getByRole("heading", { level: 1, name: "What do you want to build?" }).waitFor();
        await page.getByRole("link", { name: "Sign in" }).first().click();
        await page.waitForURL(/\/login/);
        await expectAccessible(page, "login");
        await shot(page, "login");
        await page.goto(`${studio.url}/register`);
        await page.getByLabel("Name").fill("Nadia");
        await page.getByLabel("Email").fill("Nadia.Build@Example.org");
        await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
        await shot(page, "register");
        await page.keyboard.press("Enter");
        const composer = page.getByRole("textbox", { name: "What do you want to build?" });
        await composer.waitFor();
        await expectAccessible(page, "home");
        await composer.fill("a counter app");
        await shot(page, "home");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/p\//, { timeout: 5000 });
        await page.getByRole("log").getByText("a counter app").first().waitFor({ timeout: 5000 });
        // The app of the first message: its number and its two buttons, in the one preview frame.
        await frameOf(page).getByRole("button", { name: "Increase" }).waitFor({ timeout: 90_000 });
        await frameOf(page).getByRole("button", { name: "Increase" }).click();
        await page.getByText("Your counter is in the preview.", { exact: true }).waitFor({ timeout: 60_000 });
        await shot(page, "workbench-first");
        expect((await page.locator("iframe").count()) === 1, "exactly one preview frame");
        await expectAccessible(page, "workbench");
      },
    },
    {
      isMain: true,
      name: "a second message changes the running app without a page load",
      run: async () => {
        const { page } = browser as WatchedWindow;
        let loads = 0;
        page.on("framenavigated", (frame) => {
          if (frame !== page.mainFrame()) loads += 1;
        });
        const message = page.getByRole("textbox", { name: "Message to the agent" });
        await message.fill("add a reset button and a step");
        await page.keyboard.press("Enter");
        await frameOf(page).getByRole("button", { name: /Reset/ }).waitFor({ timeout: 60_000 });
        await page.getByText("Done. The counter now has", { exact: true }).waitFor({ timeout: 60_000 });
        expect(loads === 0, `the frame was loaded ${loads} times`);
        await shot(page, "workbench-second");
      },
    },
    {
      isMain: true,
      name: "a reload during a run loses and repeats nothing",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(studio.url);
        await page.getByRole("textbox", { name: "What do you want to build?" }).fill("a to-do app");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/p\//);
        await page.getByTestId("tool-row").first().waitFor({ timeout: 60_000 });
        await page.reload();
        await page.getByRole("log").getByText("a to-do app").first().waitFor({ timeout: 10_000 });
        const slug = /\/p\/([^/]+)/.exec(page.url())?.[1] ?? "";
        const api = (path: string) => page.evaluate(async (p) => (await fetch(p)).json() as Promise<unknown>, path);
        const ended = async () => ((await api(`/api/chat/agent/active?project_id=${slug}`)) as { active: unknown }).active === null;
        await until("the run ends", ended, 120_000);
        const history = (await api(`/api/chat/history/${slug}`)) as unknown as {
          items: { role: string; content: string; message_metadata: { steps?: { tool_calls: unknown[] }[] } | null }[];
        };
        const calls = history.items.flatMap((m) => m.message_metadata?.steps ?? []).flatMap((s) => s.tool_calls).length;
        await until(`${calls} tool rows, as on the server`, async () => (await page.getByTestId("tool-row").count()) === calls, 8000).catch(
          async (error: unknown) => {
            throw new Error(`${String(error)}; the page shows ${await page.getByTestId("tool-row").count()}`);
          },
        );
        expect(history.items.filter((m) => m.role === "user").length === 1, "one message of the person");
      },
    },
    {
      isMain: true,
      name: "edits in the code editor are saved once per pause",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const puts: string[] = [];
        page.on("request", (request) => {
          if (request.method() === "PUT" && request.url().includes("/files/")) puts.push(request.url());
        });
        await page.getByRole("link", { name: "Code" }).click();
        await page.getByTestId("file-row").first().waitFor();
        await page.keyboard.press("ControlOrMeta+p");
        await page.getByPlaceholder(/Find a file/).fill("index.css");
        await page.getByRole("option", { name: /index\.css/ }).waitFor();
        await page.keyboard.press("Enter");
        const editor = page.locator(".cm-content");
        await editor.waitFor();
        await editor.click();
        await page.keyboard.press("ControlOrMeta+End");
        await page.keyboard.type("\n/* thirty characters of notes */", { delay: 5 });
        await until("a save", () => puts.length > 0, 5000);
        await page.waitForTimeout(1200);
        // A busy machine may pause once while it types.
        expect(puts.length <= 2, `${puts.length} saves`);
        await shot(page, "code");
        await expectAccessible(page, "code");
      },
    },
    {
      isMain: true,
      name: "a terminal survives a reload",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.keyboard.press("Control+`");
        const terminal = page.locator(".xterm");
        await terminal.waitFor({ timeout: 10_000 });
        await terminal.click();
        await page.keyboard.type("echo alive-$((40+2))\n");
        await until("the echo", async () => (await page.locator(".xterm-rows").innerText()).includes("alive-42"), 10_000);
        await shot(page, "terminal");
        await page.reload();
        await until(
          "the echo again",
          async () =>
            (
              await page
                .locator(".xterm-rows")
                .innerText()
                .catch(() => "")
            ).includes("alive-42"),
          15_000,
        );
      },
    },
    {
      name: "no polling when idle, few sockets, no dialogs, foreign hosts or errors",
      run: async () => {
        const watched = browser as WatchedWindow;
        const { page } = watched;
        // What is prefetched once when the page is idle is not polling.
        const requests: string[] = [];
        page.on("request", (request) => {
          if (request.url().startsWith(studio.url) && !request.url().includes("/assets/")) requests.push(request.url());
        });
        await page.waitForTimeout(10_000);
        expect(requests.length <= 2, `${requests.length} requests in ten idle seconds: ${requests.join(", ")}`);
        expectNoProblems(watched);
      },
    },
    {
      name: "dark theme and phone: the same screens without horizontal scrolling",
      run: async () => {
        const { page } = browser as WatchedWindow;
        const workbench = page.url();
        await page.setViewportSize({ width: 390, height: 844 });
        for (const theme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: theme });
          for (const [name, address] of [
            ["home", studio.url],
            ["projects", `${studio.url}/projects`],
            ["workbench", workbench],
          ] as const) {
            await page.goto(address);
            await page.getByRole("main").first().waitFor();
            await animationsEnded(page);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            expect(overflow <= 0, `${name} ${theme}: ${overflow} px too wide`);
            await shot(page, `${name}-${theme}-m`);
          }
        }
        await page.setViewportSize({ width: 1440, height: 900 });
        for (const [name, address] of [
          ["home", studio.url],
          ["projects", `${studio.url}/projects`],
          ["workbench", workbench],
          ["settings", `${studio.url}/settings`],
        ] as const) {
          await page.goto(address);
          await page.getByRole("main").first().waitFor();
          await animationsEnded(page);
          await shot(page, `${name}-dark-d`);
          await expectAccessible(page, `${name} dark`);
        }
      },
    },
  ];
});
