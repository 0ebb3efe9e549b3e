/** Every page when the server fails: it shows an error with a retry, and recovers; no page is blank, and no foreign host is contacted. */
import type { Page, Request } from "playwright-core";
import { createProject, finished } from "../account.ts";
import { signIn, type WatchedWindow } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({}, async (context) => {
  const { studio } = context;
  let browser: WatchedWindow | undefined;

  /** A page and the calls whose failure it must survive. `phoneView`: the workbench's view that shows it on a phone. */
  const pages: { path: string; fails: RegExp; phoneView?: string }[] = [
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

  /** By how many pixels the page, or a part that scrolls only vertically, is wider than its visible area. */
  const excessOf = (page: Page) =>
    page.evaluate(() =>
      Math.max(
        ...[document.documentElement, ...document.querySelectorAll(".scroll-y:not(.overflow-x-auto)")].map(
          (element) => element.scrollWidth - element.clientWidth,
        ),
        ...[...document.querySelectorAll("[role=alert]")].map((element) => element.getBoundingClientRect().right - innerWidth),
      ),
    );

  async function failAndRecover(page: Page, address: string, fails: RegExp, phoneView?: string): Promise<void> {
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
    // Several parts of a page may have failed separately.
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
      name: "each page shows the failure and recovers",
      run: async () => {
        const account = context.admin;
        const project = await createProject(account, "Alder Street Bakery", "static");
        await finished(account.api, (await account.api.projects.start({ params: { id: project.id } })).task_id);
        browser = await context.openWindow();
        const { page } = browser;
        // The page's script fails the first time and is requested again automatically.
        let refused = 0;
        await page.route(/\/assets\/core-[^/]+\.js$/, (route) => (refused++ === 0 ? route.abort("aborted") : route.continue()));
        await signIn(page, studio.url, account);
        expect(refused === 2, `requested ${refused} times`);
        await page.unrouteAll();
        // A chunk is also requested again after a short connection loss, without reloading the app.
        for (const [part, path, title] of [
          ["ProjectsPage", "/projects", "Projects"],
          ["workbench", `/p/${project.slug}`, project.name],
        ] as const) {
          await page.goto(studio.url);
          await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
          let attempts = 0;
          await page.route(new RegExp(`/assets/${part}-[^/]+\\.js$`), (route) =>
            attempts++ === 0 ? route.abort("aborted") : route.continue(),
          );
          const documents: string[] = [];
          const note = (request: Request) => void (request.isNavigationRequest() && documents.push(request.url()));
          page.on("request", note);
          await page.locator(`a[href="${path}"]`).first().click();
          await until(`${title} is shown`, async () => (await page.title()).startsWith(title));
          page.off("request", note);
          await page.unrouteAll();
          expect(attempts > 1, `${part} was requested ${attempts} times`);
          expect(!documents.some((url) => url.startsWith(studio.url)), `the app was reloaded: ${documents.join(" ")}`);
        }
        const failed: string[] = [];
        for (const { path, fails, phoneView } of pages) {
          const address = studio.url + path.replace("SLUG", project.slug);
          await failAndRecover(page, address, fails, phoneView).catch(async (error: unknown) => {
            failed.push(`${path}: ${(error as Error).message.split("\n")[0]}`);
            await shot(page, `failed-states-${path.replace(/\W+/g, "-")}`);
            await page.unrouteAll();
            await page.setViewportSize(desk);
          });
        }
        expect(failed.length === 0, failed.join("\n"));
        await page.goto(`${studio.url}/p/${project.slug}/activity`);
        await page.getByRole("list", { name: "Events" }).waitFor();
        await expectAccessible(page, "activity");
        await shot(page, "activity");
      },
    },
    {
      name: "an error leads to its help: from a page, and from a toast in another tab",
      run: async () => {
        const { page, context: tabs } = browser as WatchedWindow;
        const isAtTop = (of: Page, id: string) =>
          until(`${id} is in view`, () =>
            of.evaluate((anchor) => {
              const { top } = document.getElementById(anchor)?.getBoundingClientRect() ?? { top: -1 };
              return top >= 0 && top < innerHeight / 2;
            }, id),
          );
        await page.route(/\/api\/projects(\?|$)/, (route) => route.fulfill(failing));
        await page.goto(`${studio.url}/projects`);
        await page.getByRole("alert").getByRole("link", { name: "Learn more" }).click();
        await page.waitForURL(/\/help\/api\/errors#internal_error$/);
        await page.getByRole("heading", { name: "internal_error" }).waitFor();
        await isAtTop(page, "internal_error");
        await page.unrouteAll();
        await page.goto(`${studio.url}/settings/notifications`);
        await page.route(/\/api\/users\/me$/, (route) =>
          route.request().method() === "GET"
            ? route.continue()
            : route.fulfill({ ...failing, status: 507, body: JSON.stringify({ detail: "The disk is full.", code: "storage_full" }) }),
        );
        await page.getByRole("switch", { name: "When a long run ends" }).click();
        const link = page.getByRole("alert").getByRole("link", { name: "Learn more" });
        const [tab] = await Promise.all([tabs.waitForEvent("page"), link.click()]);
        await tab.waitForURL(/\/help\/operations\/scaling$/);
        await tab.getByRole("heading", { level: 1 }).waitFor();
        await tab.close();
        await page.unrouteAll();
      },
    },
    {
      name: "an unknown URL links to Home",
      run: async () => {
        const { page } = browser as WatchedWindow;
        await page.goto(`${studio.url}/no/such/place`);
        await page.getByRole("link", { name: /home/i }).first().click();
        await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
        const watched = browser as WatchedWindow;
        // The failures were intended.
        watched.problems.splice(0, watched.problems.length, ...watched.problems.filter((problem) => !problem.startsWith("asset 500: ")));
        expectNoProblems(watched);
      },
    },
  ];
});
