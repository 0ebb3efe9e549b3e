/**
 * axe on every page, with demo data: dark on the desktop; with `--whole` also light, on a phone, at 200 % zoom and with forced colors. `--whole` takes
 * some minutes.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { accountOf } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey } from "../journey.ts";
import { animationsEnded, expectAccessible, shot } from "../screens.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The pages that the palette lists, as the web UI declares them. */
async function listedPages(): Promise<string[]> {
  const files = ["pages.tsx", "features/settings/settings-places.tsx", "features/admin/admin-places.tsx"];
  const texts = await Promise.all(files.map((file) => readFile(join(root, "apps/web/src", file), "utf8")));
  return texts.flatMap((text) => [...text.matchAll(/\bto: "([^"]+)"/g)].map(([, path = ""]) => path)).filter((path) => path !== "/docs");
}
/** The views of a project, as the web UI declares them. */
async function projectViews(): Promise<string[]> {
  const [, list = ""] = /views = \[([^\]]+)\]/.exec(await readFile(join(root, "apps/web/src/project/views.ts"), "utf8")) ?? [];
  return [...list.matchAll(/"(\w+)"/g)].map(([, view = ""]) => view);
}

interface Look {
  name: string;
  colorScheme: "light" | "dark";
  width: number;
  height: number;
  isForced?: boolean;
}
const dark: Look = { name: "dark", colorScheme: "dark", width: 1440, height: 900 };
const others: readonly Look[] = [
  { name: "light", colorScheme: "light", width: 1440, height: 900 },
  { name: "phone", colorScheme: "light", width: 390, height: 844 },
  // What a window of 1440 px shows at 200 %.
  { name: "zoom", colorScheme: "light", width: 720, height: 450 },
  { name: "forced", colorScheme: "dark", width: 1440, height: 900, isForced: true },
];

/** Waits until the page shows its data. */
async function settled(page: Page): Promise<void> {
  await page.locator("main, [role=main], #main").first().waitFor();
  await page
    .waitForFunction(() => document.querySelector("[aria-busy=true], [role=status][aria-label^=Loading]") === null, undefined, {
      timeout: 15_000,
    })
    // What goes on loading is checked as it is.
    .catch(() => undefined);
  await animationsEnded(page);
}

export default journey({ ownServer: "demo data needs a server without people" }, async (context) => {
  const studio = await context.startStudio();
  const { stdout } = await run(process.execPath, ["scripts/seed-demo.ts"], {
    cwd: root,
    env: { ...process.env, DATA_DIR: studio.dataDir, PORT: String(studio.port) },
  });
  const password = /has the password (\S+)/.exec(stdout)?.[1] ?? "";
  const email = /^ {2}(\S+@\S+) .*admin$/m.exec(stdout)?.[1] ?? "";
  const window = await context.openWindow({}, studio);
  const { page } = window;
  const looks = context.isWhole ? [dark, ...others] : [dark];

  async function check(paths: readonly string[]): Promise<void> {
    const failed: string[] = [];
    for (const path of paths) {
      await page.goto(studio.url + path);
      for (const { name, colorScheme, width, height, isForced = false } of looks) {
        await page.emulateMedia({ colorScheme, forcedColors: isForced ? "active" : "none" });
        await page.setViewportSize({ width, height });
        await settled(page);
        // The browser chooses forced colors, not the page.
        await expectAccessible(page, `${path} ${name}`, { without: isForced ? ["color-contrast"] : [] }).catch((error: unknown) =>
          failed.push((error as Error).message),
        );
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (excess > 0) failed.push(`${path} ${name}: ${excess} px too wide`);
        await shot(page, `accessibility-${path.replace(/\W+/g, "-")}-${name}`);
      }
    }
    expect(failed.length === 0, failed.join("\n"));
  }

  return [
    {
      name: "pages for people without a session",
      run: () => check(["/login", "/register", "/forgot-password", "/", "/marketplace", "/help"]),
    },
    {
      name: "every page of the palette",
      run: async () => {
        await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
        await page.setViewportSize({ width: 1440, height: 900 });
        await signIn(page, studio.url, { email, password });
        const paths = await listedPages();
        expect(paths.length > 35, `${paths.length} pages were found`);
        await check(paths);
      },
    },
    {
      name: "pages of one thing: a project in every view, an agent, a template, a person, help",
      run: async () => {
        const account = accountOf(studio.url, { email, password });
        await account.signIn();
        const { api } = account;
        const [project] = (await api.projects.list({ query: { limit: 1 } })).items;
        const [agent] = (await api.marketplaceAgents.list({ query: { limit: 1 } })).items;
        const [base] = (await api.marketplaceBases.list({ query: { limit: 1 } })).items;
        const me = await api.users.me();
        const views = await projectViews();
        expect(views.length > 10, `${views.length} views were found`);
        await check([
          ...(project ? views.map((view) => `/p/${project.slug}/${view}`) : []),
          ...(agent ? [`/marketplace/agent/${agent.slug}`] : []),
          ...(base ? [`/marketplace/base/${base.slug}`] : []),
          `/@${me.username}`,
          `/admin/users/${me.id}`,
          ...(project ? [`/admin/projects/${project.id}`] : []),
          "/help/guides/chat",
          "/help/api/errors",
        ]);
      },
    },
  ];
});
