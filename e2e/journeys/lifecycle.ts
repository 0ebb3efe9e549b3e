/** Sleep, waking, hosting and starting again, as a person sees them. */
import type { Page } from "playwright-core";
import { createProject, finished, signUp } from "../account.ts";
import { signIn, type Watched } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { accessible, looks, noOffences } from "../looks.ts";

export default journey({ ownServer: "idle projects fall asleep within seconds", templates: ["node-api"] }, async (stage) => {
  // Six seconds until it is frozen, eighteen until it is stopped; without payments there is no limit but the one that is set.
  const studio = await stage.startStudio({ IDLE_FREEZE_MINUTES: "0.1", IDLE_STOP_MINUTES: "0.3", TIER_MAX_DEPLOYS_FREE: "1" });
  const person = await signUp(studio.url);
  const project = await createProject(person, "Night shift", "node-api");
  const params = { id: project.id };
  let browser: Watched | undefined;
  const pageOf = () => (browser as Watched).page;
  const statusOf = async () => Object.values((await person.api.projects.status({ params })).containers)[0];
  const entry = (page: Page, name: RegExp) => page.getByRole("menuitem", { name });
  const openMenu = (page: Page) => page.getByRole("button", { name: /^Run state/ }).click();

  return [
    {
      name: "a person at work keeps the project awake; left alone it freezes, then stops and says why",
      run: async () => {
        browser = await stage.openWindow();
        const page = pageOf();
        await signIn(page, studio.url, person);
        await finished(person.api, (await person.api.projects.start({ params })).task_id);
        await page.goto(`${studio.url}/p/${project.slug}`);
        await page.getByTestId("preview-frame").waitFor({ timeout: 20_000 });
        await until("the tab alone does not keep it awake", async () => (await statusOf())?.status === "frozen", 25_000);
        const told = page.waitForResponse((r) => r.url().endsWith("/activity") && r.request().method() === "POST");
        await page.keyboard.press("Shift");
        expect((await told).status() === 204, "the server is told of work");
        await until("work wakes it", async () => (await statusOf())?.status === "running", 5000);
        await page.getByRole("heading", { name: "The app is stopped" }).waitFor({ timeout: 60_000 });
        await page.getByText("Nobody used it for a while.").waitFor();
        await looks(page, "lifecycle-idle");
        await accessible(page, "stopped for want of visitors");
        noOffences(browser);
      },
    },
    {
      name: "kept running from the menu, within the plan, it neither freezes nor stops; let go, it does",
      run: async () => {
        const page = pageOf();
        await openMenu(page);
        await entry(page, /Keep it running/)
          .getByText("0 of 1 place taken")
          .waitFor();
        await looks(page, "lifecycle-menu");
        await accessible(page, "the menu");
        await entry(page, /Keep it running/).click();
        await page.getByText("It is kept running from here on.").waitFor();
        await page.getByText("Hosted", { exact: true }).waitFor();
        await until("it runs", async () => (await statusOf())?.status === "running", 30_000);
        await page.waitForTimeout(22_000);
        expect((await statusOf())?.status === "running", "it still runs");
        await looks(page, "lifecycle-hosted");
        const other = await createProject(person, "Second", "node-api");
        const refused = await person.api.hosting.deploy({ params: { id: other.id } }).catch((error: unknown) => error as { code?: string });
        expect("code" in refused && refused.code === "deploy_limit_reached", "a second one is over the limit");
        await openMenu(page);
        await entry(page, /Let it fall asleep/).click();
        await page.getByText("Hosted", { exact: true }).waitFor({ state: "detached" });
        await until("it falls asleep", async () => (await statusOf())?.status === "frozen", 25_000);
        noOffences(browser as Watched);
      },
    },
    {
      name: "an app that ends by itself is started again, and the card says when",
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
        await page.getByText(/It is started again by itself at/).waitFor({ timeout: 30_000 });
        await looks(page, "lifecycle-crashed");
        await until("it was started again more than once", async () => ((await statusOf())?.restarts ?? 0) >= 2, 40_000);
        await openMenu(page);
        await entry(page, /^Stop/).click();
        await until("a stop ends the loop", async () => (await person.api.projects.get({ params })).status === "stopped", 20_000);
        await page.getByText("You stopped it.").waitFor();
        noOffences(browser as Watched);
      },
    },
  ];
});
