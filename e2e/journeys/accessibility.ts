/// <reference lib="dom" />
/**
 * axe on every page and on what opens over pages, with demo data: dark on the desktop; with `--whole` also light, on a phone, at 200 % zoom and with
 * forced colors, in some minutes. `--shots DIR` takes a picture of each, and of dark phones.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startStripe, stripeEnv } from "@tesslate/testkit";
import type { Page } from "playwright-core";
import { accountOf } from "../account.ts";
import { signIn } from "../browser.ts";
import { expect, journey, type Step } from "../journey.ts";
import { animationsEnded, expectAccessible, shot, takesShots } from "../screens.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The pages that the palette lists, as a file of the web UI declares them. */
async function listedPages(file: string): Promise<string[]> {
  const text = await readFile(join(root, "apps/web/src", file), "utf8");
  return [...text.matchAll(/\bto: "([^"]+)"/g)].map(([, path = ""]) => path).filter((path) => path !== "/docs");
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
const darkPhone: Look = { name: "dark-phone", colorScheme: "dark", width: 390, height: 844 };
const isNarrow = ({ width }: Look) => width < 700;

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

/** What a click or a key opens over a page. */
interface Opened {
  name: string;
  at: string;
  open: (page: Page, isPhone: boolean) => Promise<unknown>;
  /** What is there on phones only, or everywhere else. */
  only?: "phone" | "desktop";
}
const opened: readonly Opened[] = [
  {
    name: "palette",
    at: "/projects",
    open: async (page, isPhone) => {
      await (isPhone ? page.getByRole("button", { name: "Search", exact: true }).first().click() : page.keyboard.press("Control+k"));
      await page.getByRole("dialog", { name: "Search" }).getByRole("combobox").fill("bill");
      await page
        .getByRole("option", { name: /Billing/ })
        .first()
        .waitFor();
    },
  },
  {
    name: "more",
    at: "/",
    only: "phone",
    open: async (page) => {
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: "Administration" }).waitFor();
    },
  },
  {
    name: "account menu",
    at: "/",
    only: "desktop",
    open: async (page) => {
      await page.getByRole("button", { name: /, account$/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
    },
  },
  {
    name: "help beside a page",
    at: "/settings/models",
    open: async (page, isPhone) => {
      if (isPhone) {
        await page.getByRole("button", { name: "More", exact: true }).click();
        await page.getByRole("menuitem", { name: "Help for this page" }).click();
      } else await page.keyboard.press("?");
      await page.getByRole("complementary", { name: "Help" }).getByRole("heading", { level: 2 }).first().waitFor();
    },
  },
  {
    name: "shortcuts",
    at: "/",
    only: "desktop",
    open: async (page) => {
      await page.getByRole("heading").first().click();
      await page.keyboard.press("Control+/");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    },
  },
  {
    name: "settings search",
    at: "/settings/profile",
    open: async (page) => {
      await page.getByRole("searchbox", { name: "Search settings" }).fill("theme");
      await page.getByRole("list", { name: "Results" }).waitFor();
    },
  },
  {
    name: "a shortcut is changed",
    at: "/settings/shortcuts",
    open: (page) =>
      page
        .getByRole("button", { name: /^Search/ })
        .last()
        .click(),
  },
  {
    name: "plans",
    at: "/settings/billing",
    open: async (page) => {
      await page.getByRole("button", { name: /^(Choose|Change) plan$/ }).click();
      await page.getByRole("dialog", { name: "Choose plan" }).waitFor();
    },
  },
  {
    name: "usage by model",
    at: "/settings/billing",
    open: async (page) => {
      await page.getByRole("radio", { name: "Model", exact: true }).click();
      await page.getByRole("button", { name: "Show table" }).click();
      await page.getByRole("columnheader", { name: "Model" }).waitFor();
    },
  },
  {
    name: "store filters",
    at: "/marketplace",
    only: "phone",
    open: (page) => page.getByRole("button", { name: "Filters" }).click(),
  },
  {
    name: "a provider",
    at: "/settings/models",
    open: async (page) => {
      await page
        .getByRole("button", { name: /Anthropic/ })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "new post",
    at: "/feedback",
    open: async (page) => {
      await page.getByRole("button", { name: "New post" }).click();
      await page.getByRole("dialog", { name: "New post" }).waitFor();
    },
  },
  {
    name: "a post",
    at: "/feedback",
    open: async (page) => {
      await page.getByRole("link", { name: "Terminal loses its scroll position" }).click();
      await page.getByRole("dialog").getByRole("heading").first().waitFor();
    },
  },
  {
    name: "selected users",
    at: "/admin/users",
    only: "desktop",
    open: async (page) => {
      for (const row of [2, 3]) await page.getByRole("row").nth(row).getByRole("checkbox").click();
      await page.getByRole("region", { name: "Selected rows" }).getByText("2 selected").waitFor();
    },
  },
  {
    name: "suspend users",
    at: "/admin/users",
    only: "desktop",
    open: async (page) => {
      for (const row of [2, 3]) await page.getByRole("row").nth(row).getByRole("checkbox").click();
      await page.getByRole("button", { name: "Suspend users…", exact: true }).click();
      await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).waitFor();
    },
  },
];

export default journey({ ownServer: "demo data needs a server without people" }, async (context) => {
  const stripe = await startStripe();
  context.defer(() => stripe.close());
  const studio = await context.startStudio(stripeEnv(stripe));
  const { stdout } = await run(process.execPath, ["scripts/seed-demo.ts"], {
    cwd: root,
    env: { ...process.env, ...stripeEnv(stripe), DATA_DIR: studio.dataDir, PORT: String(studio.port) },
  });
  const password = /has the password (\S+)/.exec(stdout)?.[1] ?? "";
  const email = /^ {2}(\S+@\S+) .*admin$/m.exec(stdout)?.[1] ?? "";
  const window = await context.openWindow({}, studio);
  const { page } = window;
  const account = accountOf(studio.url, { email, password });
  const looks = context.isWhole ? [dark, ...others] : [dark];
  const pictures = takesShots ? [darkPhone] : [];

  async function set({ colorScheme, width, height, isForced = false }: Look): Promise<void> {
    await page.emulateMedia({ colorScheme, forcedColors: isForced ? "active" : "none" });
    await page.setViewportSize({ width, height });
  }
  /** What is wrong with the page as it is. */
  async function checkNow(where: string, look: Look): Promise<string[]> {
    const failed: string[] = [];
    await settled(page);
    // The browser chooses forced colors, not the page.
    await expectAccessible(page, `${where} ${look.name}`, { without: look.isForced ? ["color-contrast"] : [] }).catch((error: unknown) =>
      failed.push((error as Error).message),
    );
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (excess > 0) failed.push(`${where} ${look.name}: ${excess} px too wide`);
    await shot(page, `accessibility-${where.replace(/\W+/g, "-")}-${look.name}`);
    return failed;
  }
  /** Of all steps: the last one fails with them, so that one run finds all. */
  const findings: string[] = [];
  /** How many checks a step has: on a busy machine one takes some seconds, and no step may take five minutes. */
  const checksPerStep = 36;
  const perStep = Math.max(1, Math.floor(checksPerStep / (looks.length + pictures.length)));
  /** Steps of at most `perStep` things each. */
  const stepsOf = <T>(name: string, all: readonly T[], work: (some: readonly T[]) => Promise<number>): Step[] =>
    Array.from({ length: Math.ceil(all.length / perStep) }, (_, index) => {
      const some = all.slice(index * perStep, (index + 1) * perStep);
      let checks = 0;
      return {
        name: all.length > perStep ? `${name}, ${index + 1} of ${Math.ceil(all.length / perStep)}` : name,
        count: () => Math.max(1, checks),
        run: async () => {
          checks = await work(some);
        },
      };
    });

  async function check(paths: readonly string[]): Promise<number> {
    const failed: string[] = [];
    for (const path of paths) {
      await page.goto(studio.url + path);
      for (const look of [...pictures, ...looks]) {
        await set(look);
        failed.push(...(await checkNow(path, look)));
      }
    }
    findings.push(...failed);
    return paths.length * looks.length;
  }
  async function checkOpened(some: readonly Opened[]): Promise<number> {
    const failed: string[] = [];
    let checks = 0;
    for (const { name, at, open, only } of some)
      for (const look of [...pictures, ...looks]) {
        const isPhone = isNarrow(look);
        if (only && (only === "phone") !== isPhone) continue;
        await set(look);
        await page.goto(studio.url + at);
        await settled(page);
        await open(page, isPhone).catch((error: unknown) => failed.push(`${name} ${look.name}: ${(error as Error).message}`));
        failed.push(...(await checkNow(name, look)));
        checks += 1;
      }
    findings.push(...failed);
    return checks;
  }

  await account.signIn();
  const { api } = account;
  const [me, { items: projects }, { items: agents }, { items: bases }, { items: payments }, theme] = await Promise.all([
    api.users.me(),
    api.projects.list({ query: { limit: 1 } }),
    api.marketplaceAgents.list({ query: { limit: 50 } }),
    api.marketplaceBases.list({ query: { limit: 1 } }),
    api.billing.transactions({ query: { limit: 1 } }),
    api.themes.fork({ params: { id: "default-dark" }, body: {} }),
  ]);
  const project = projects[0]?.slug ?? "";
  const sold = agents.find(({ price_cents }) => price_cents > 0);
  const own = agents.find(({ creator_username }) => creator_username === me.username);
  const [main, settings, administration, views] = await Promise.all([
    listedPages("pages.tsx"),
    listedPages("features/settings/settings-places.tsx"),
    listedPages("features/admin/admin-places.tsx"),
    projectViews(),
  ]);
  expect(
    main.length > 8 && settings.length > 14 && administration.length > 14 && views.length > 10,
    `found ${main.length} pages, ${settings.length} settings, ${administration.length} of the administration, ${views.length} views`,
  );

  return [
    ...stepsOf(
      "pages for people without a session",
      [
        "/login",
        "/register",
        "/forgot-password",
        "/reset-password?token=expired",
        "/verify?token=expired",
        "/restore#expired",
        "/",
        "/marketplace",
        `/marketplace/agent/${sold?.slug}`,
        "/help",
      ],
      check,
    ),
    {
      name: "sign-in",
      run: async () => {
        await set({ ...dark, colorScheme: "light" });
        await signIn(page, studio.url, { email, password });
      },
    },
    ...stepsOf(
      "the main pages",
      [
        ...main,
        "/marketplace?type=agents",
        "/marketplace?type=themes",
        "/marketplace?q=booking",
        "/marketplace?q=zzzz",
        "/library?tab=templates",
        "/library?tab=made",
        "/help?q=deploy",
        "/no/such/page",
      ],
      check,
    ),
    ...stepsOf(
      "the settings",
      [...settings, `/settings/look/${theme.id}`, ...payments.map(({ id }) => `/settings/billing/receipts/${id}`)],
      check,
    ),
    ...stepsOf("the administration", [...administration, `/admin/users/${me.id}`, `/admin/projects/${projects[0]?.id}`], check),
    ...stepsOf(
      "a project in every view",
      views.map((view) => `/p/${project}/${view}`),
      check,
    ),
    ...stepsOf(
      "pages of one thing: agents, a template, a person, help",
      [
        `/marketplace/agent/${agents[0]?.slug}`,
        `/marketplace/agent/${sold?.slug}`,
        ...(own ? [`/library/agents/${own.slug}`] : []),
        `/marketplace/base/${bases[0]?.slug}`,
        "/marketplace/theme/dracula",
        `/@${me.username}`,
        "/help/guides/chat",
        "/help/api/errors",
      ],
      check,
    ),
    ...stepsOf("what opens over a page: search, menus, help, dialogs", opened, checkOpened),
    { name: "no serious findings", run: async () => expect(findings.length === 0, `${findings.length} findings\n${findings.join("\n")}`) },
  ];
});
