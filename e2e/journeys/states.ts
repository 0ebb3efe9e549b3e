/** Every page when the server fails: it says so, offers to try again, and recovers; nothing is blank and nothing foreign is asked. */
import type { Page, Request } from "playwright-core";
import { createProject, finished } from "../account.ts";
import { signIn, type Watched } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { accessible, noOffences, shot } from "../looks.ts";

export default journey({}, async (stage) => {
  const { studio } = stage;
  let browser: Watched | undefined;

  /** A page and the calls whose failure it must survive. `phoneView`: what of the workbench shows it on a phone. */
  const places: { path: string; fails: RegExp; phoneView?: string }[] = [
    { path: "/admin/sandboxes", fails: /\/api\/admin\/sandboxes/ },
    { path: "/p/SLUG", fails: /\/api\/projects\/[^/]+\/preview-ticket/, phoneView: "Preview" },
    { path: "/", fails: /\/api\/projects(\?|$)/ },
    { path: "/projects", fails: /\/api\/projects(\?|$)/ },
    { path: "/settings/preferences", fails: /\/api\/models(\?|$)|\/api\/marketplace\/models/ },
    { path: "/settings/security", fails: /\/api\/auth\/sessions/ },
    { path: "/settings/models", fails: /\/api\/(models|secrets|marketplace)/ },
    { path: "/settings/git", fails: /\/api\/git-providers/ },
    { path: "/settings/connectors", fails: /\/api\/mcp/ },
    { path: "/settings/api-keys", fails: /\/api\/auth\/api-keys/ },
    { path: "/settings/deployment", fails: /\/api\/deployment-credentials/ },
    { path: "/settings/data", fails: /\/api\/users\/me\/export/ },
    { path: "/settings/look", fails: /\/api\/themes/ },
    { path: "/settings/referrals", fails: /\/api\/referrals\/code/ },
    { path: "/settings/creator", fails: /\/api\/creators\/dashboard/ },
    { path: "/feedback", fails: /\/api\/feedback/ },
    { path: "/admin/overview", fails: /\/api\/admin\/metrics/ },
    { path: "/admin/users", fails: /\/api\/admin\/users/ },
    { path: "/admin/system", fails: /\/api\/admin\/health/ },
    { path: "/@nadia", fails: /\/api\/creators\// },
    { path: "/p/SLUG/activity", fails: /\/api\/projects\/[^/]+\/activity/ },
    { path: "/p/SLUG/board", fails: /\/api\/kanban\// },
    { path: "/p/SLUG/notes", fails: /\/api\/projects\/[^/]+\/notes/ },
    { path: "/p/SLUG/assets", fails: /\/api\/projects\/[^/]+\/assets/ },
    { path: "/p/SLUG/deploys", fails: /\/api\/deployments\// },
    { path: "/p/SLUG/git", fails: /\/api\/git\/info/ },
    { path: "/p/SLUG/timeline", fails: /\/api\/projects\/[^/]+\/(snapshots|checkpoints)/ },
  ];
  const desk = { width: 1440, height: 900 };
  const phone = { width: 390, height: 844 };
  const failing = {
    status: 500,
    contentType: "application/json",
    body: JSON.stringify({
      detail: `The image sha256:${"9f86d081".repeat(8)} could not be read.`,
      code: "internal_error",
      request_id: "r-1",
    }),
  };

  /** How much the page, or a part of it that scrolls down only, is wider than what can be seen of it. */
  const excessOf = (page: Page) =>
    page.evaluate(() =>
      Math.max(
        ...[document.documentElement, ...document.querySelectorAll(".scroll-y:not(.overflow-x-auto)")].map(
          (element) => element.scrollWidth - element.clientWidth,
        ),
        ...[...document.querySelectorAll("[role=alert]")].map((element) => element.getBoundingClientRect().right - innerWidth),
      ),
    );

  async function breakAndMend(page: Page, address: string, fails: RegExp, phoneView?: string): Promise<void> {
    await page.route(fails, (route) => route.fulfill(failing));
    await page.goto(address);
    const alert = page
      .locator("#main, main, body")
      .getByRole("alert")
      .filter({ has: page.getByRole("button", { name: /retry|try again/i }) })
      .first();
    await alert.waitFor({ timeout: 20_000 });
    if (phoneView || !address.includes("/p/")) {
      await page.setViewportSize(phone);
      if (phoneView) await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: phoneView }).click();
      await alert.waitFor();
      for (const details of await alert.getByText("Details", { exact: true }).all()) await details.click();
      const excess = await excessOf(page);
      await page.setViewportSize(desk);
      expect(excess <= 0, `${excess} px too wide on a phone`);
    }
    await page.unroute(fails);
    // Several parts of a page may have failed, each by itself.
    for (let left = 5; left > 0 && (await alert.isVisible()); left--) {
      await alert
        .getByRole("button", { name: /retry|try again/i })
        .click({ timeout: 5000 })
        .catch(() => undefined);
      await alert.waitFor({ state: "detached", timeout: 3000 }).catch(() => undefined);
    }
    expect(!(await alert.isVisible()), `${address} recovers`);
  }

  return [
    {
      name: "each page fails aloud and recovers",
      run: async () => {
        const account = stage.admin;
        const project = await createProject(account, "Alder Street Bakery", "static");
        await finished(account.api, (await account.api.projects.start({ params: { id: project.id } })).task_id);
        browser = await stage.openWindow();
        const { page } = browser;
        // The page's own script does not come the first time: it is asked for again without anybody's doing.
        let refused = 0;
        await page.route(/\/assets\/core-[^/]+\.js$/, (route) => (refused++ === 0 ? route.abort("aborted") : route.continue()));
        await signIn(page, studio.url, account);
        expect(refused === 2, `asked ${refused} times`);
        await page.unrouteAll();
        // Nor is a page's own part lost on a line that breaks for a moment: it is asked for again, and the app is not loaded anew for it.
        for (const [part, path, title] of [
          ["ProjectsPage", "/projects", "Projects"],
          ["workbench", `/p/${project.slug}`, project.name],
        ] as const) {
          await page.goto(studio.url);
          await page.getByRole("textbox", { name: "What should it do?" }).waitFor();
          let asked = 0;
          await page.route(new RegExp(`/assets/${part}-[^/]+\\.js$`), (route) =>
            asked++ === 0 ? route.abort("aborted") : route.continue(),
          );
          const documents: string[] = [];
          const note = (request: Request) => void (request.isNavigationRequest() && documents.push(request.url()));
          page.on("request", note);
          await page.locator(`a[href="${path}"]`).first().click();
          await until(`${title} is shown`, async () => (await page.title()).startsWith(title));
          page.off("request", note);
          await page.unrouteAll();
          expect(asked > 1, `${part} was asked for ${asked} times`);
          expect(!documents.some((url) => url.startsWith(studio.url)), `the app was loaded again: ${documents.join(" ")}`);
        }
        const failed: string[] = [];
        for (const { path, fails, phoneView } of places) {
          const address = studio.url + path.replace("SLUG", project.slug);
          await breakAndMend(page, address, fails, phoneView).catch(async (error: unknown) => {
            failed.push(`${path}: ${(error as Error).message.split("\n")[0]}`);
            await shot(page, `failed-states-${path.replace(/\W+/g, "-")}`);
            await page.unrouteAll();
            await page.setViewportSize(desk);
          });
        }
        expect(failed.length === 0, failed.join("\n"));
        await page.goto(`${studio.url}/p/${project.slug}/activity`);
        await page.getByRole("list", { name: "What was done" }).waitFor();
        await accessible(page, "activity");
        await shot(page, "activity");
      },
    },
    {
      name: "an address without a page leads home",
      run: async () => {
        const { page } = browser as Watched;
        await page.goto(`${studio.url}/no/such/place`);
        await page.getByRole("link", { name: /home/i }).first().click();
        await page.getByRole("textbox", { name: "What should it do?" }).waitFor();
        const watched = browser as Watched;
        // The failures were ours.
        watched.offences.splice(0, watched.offences.length, ...watched.offences.filter((offence) => !offence.startsWith("asset 500: ")));
        noOffences(watched);
      },
    },
  ];
});
