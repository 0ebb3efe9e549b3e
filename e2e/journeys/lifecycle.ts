/** Freezing, waking, always-on and restarts, as a person sees them. */
import type { Page } from "playwright-core";
import { createProject, finished, signUp } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { checkScreens, expectAccessible, expectNoProblems } from "../screens.ts";

export default journey({ ownServer: "idle projects fall asleep within seconds", templates: ["node-api"] }, async (context) => {
  // Frozen after six seconds, stopped after eighteen; without billing only the configured limit applies.
  const studio = await context.startStudio({ IDLE_FREEZE_MINUTES: "0.1", IDLE_STOP_MINUTES: "0.3", TIER_MAX_DEPLOYS_FREE: "1" });
  const person = await signUp(studio.url);
  const project = await createProject(person, "Night shift", "node-api");
  const params = { id: project.id };
  let browser: WatchedWindow | undefined;
  const pageOf = () => (browser as WatchedWindow).page;
  const statusOf = async () => Object.values((await person.api.projects.status({ params })).containers)[0];
  const entry = (page: Page, name: RegExp) => page.getByRole("menuitem", { name });
  const openMenu = (page: Page) => page.getByRole("button", { name: /^App status/ }).click();

  return [
    {
      name: "activity keeps the project awake; without it the project freezes, then stops with the reason",
      run: async () => {
        browser = await context.openWindow();
        const page = pageOf();
        await signIn(page, studio.url, person);
        await finished(person.api, (await person.api.projects.start({ params })).task_id);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await page.getByTestId("preview-frame").waitFor({ timeout: 20_000 });
        await until("an open tab does not keep it awake", async () => (await statusOf())?.status === "frozen", 25_000);
        const reported = page.waitForResponse((r) => r.url().endsWith("/activity") && r.request().method() === "POST");
        await page.keyboard.press("Shift");
        expect((await reported).status() === 204, "activity is reported to the server");
        await until("activity wakes it", async () => (await statusOf())?.status === "running", 5000);
        await page.getByRole("heading", { name: "The app is stopped" }).waitFor({ timeout: 60_000 });
        await page.getByText("The app was stopped after inactivity.").waitFor();
        await checkScreens(page, "lifecycle-idle");
        await expectAccessible(page, "stopped for want of visitors");
        expectNoProblems(browser);
      },
    },
    {
      name: "always-on within the plan's limit prevents freezing and stopping; turned off, it freezes",
      run: async () => {
        const page = pageOf();
        await openMenu(page);
        await entry(page, /Turn on always-on/)
          .getByText("0 of 1 slot used")
          .waitFor();
        await checkScreens(page, "lifecycle-menu");
        await expectAccessible(page, "the menu");
        await entry(page, /Turn on always-on/).click();
        await page.getByText("Always-on enabled.").waitFor();
        await page.getByText("Always-on", { exact: true }).waitFor();
        await until("it runs", async () => (await statusOf())?.status === "running", 30_000);
        await page.waitForTimeout(22_000);
        expect((await statusOf())?.status === "running", "it still runs");
        await checkScreens(page, "lifecycle-hosted");
        const other = await createProject(person, "Second", "node-api");
        const refused = await person.api.hosting.deploy({ params: { id: other.id } }).catch((error: unknown) => error as { code?: string });
        expect("code" in refused && refused.code === "deploy_limit_reached", "a second one is over the limit");
        await openMenu(page);
        await entry(page, /Turn off always-on/).click();
        await page.getByText("Always-on", { exact: true }).waitFor({ state: "detached" });
        await until("it falls asleep", async () => (await statusOf())?.status === "frozen", 25_000);
        expectNoProblems(browser as WatchedWindow);
      },
    },
    {
      name: "an app that crashes is restarted, and the card shows when",
      run: async () => {
        const page = pageOf();
        await person.api.files.put({
          params: { ...params, path: "src/index.ts" },
          body: {
            content:
              'import { createServer } from "node:http";\ncreateServer((q, r) => r.end("up")).listen(Number(process.env.PORT), () => setTimeout(() => { console.error("no luck"); process.kill(process.ppid, "SIGKILL"); process.exit(5); }, 1500));\n',
          },
        });
        await finished(person.api, (await person.api.projects.restart({ params })).task_id).catch(() => undefined);
        await page.getByText(/The app restarts automatically at/).waitFor({ timeout: 30_000 });
        await checkScreens(page, "lifecycle-crashed");
        await until("it was restarted more than once", async () => ((await statusOf())?.restarts ?? 0) >= 2, 40_000);
        await openMenu(page);
        await entry(page, /^Stop/).click();
        await until("a stop ends the restarts", async () => (await person.api.projects.get({ params })).status === "stopped", 20_000);
        await page.getByText("You stopped the app.").waitFor();
        expectNoProblems(browser as WatchedWindow);
      },
    },
  ];
});
