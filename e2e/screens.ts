import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { WatchedWindow } from "./browser.ts";
import { expect } from "./journey.ts";

const { values } = parseArgs({ options: { shots: { type: "string" }, main: { type: "boolean" } }, strict: false });
const folder = typeof values.shots === "string" ? values.shots : join(import.meta.dirname, ".artifacts");
mkdirSync(folder, { recursive: true });

/** `--shots DIR` was given: also take the pictures that nothing checks. */
export const takesShots = typeof values.shots === "string";

/** A screenshot into the folder of `--shots DIR`, else into `e2e/.artifacts`. */
export const shot = (page: Page, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });

/** Names of the screens that are checked with axe under `--main` too. */
const mainScreens = new Set(["login", "home", "workbench", "code", "deploys, empty"]);

/** Fails on serious findings of axe. */
export async function expectAccessible(page: Page, where: string, { without = [] }: { without?: readonly string[] } = {}): Promise<void> {
  if (values.main && !mainScreens.has(where)) return;
  const { violations } = await new AxeBuilder({ page })
    .exclude("iframe")
    // The editor's scroller holds the focusable text itself; axe does not count contenteditable as focusable.
    .exclude(".cm-scroller")
    // Runs in the page itself: frames are excluded, and for frames axe would open a second, empty page each time.
    .setLegacyMode()
    .options({ resultTypes: ["violations"], rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])) })
    .analyze();
  const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const sentences = serious.map(({ id, nodes }) => {
    const elements = nodes.slice(0, 3).map((n) => n.html.slice(0, 200));
    return `${id} at ${elements.join(" | ")}`;
  });
  expect(serious.length === 0, `${where}: ${sentences.join("; ")}`);
}

/** Waits until fonts are loaded and animations have ended. */
export const animationsEnded = (page: Page) =>
  page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.allSettled(
      document
        .getAnimations()
        .filter((one) => one.effect?.getTiming().iterations !== Infinity)
        .map((one) => one.finished),
    );
    for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  });

const variants = {
  "light-d": ["light", 1440, 900],
  "dark-d": ["dark", 1440, 900],
  "light-m": ["light", 390, 844],
  "dark-m": ["dark", 390, 844],
} as const;
/** Color scheme and screen: `d` desktop, `m` mobile. */
export type Variant = keyof typeof variants;

/** These two find the problems of the other variants too; `--shots` adds light on the desktop. */
const defaultVariants: readonly Variant[] = values.main
  ? ["light-m"]
  : [...(takesShots ? (["light-d"] as const) : []), "dark-d", "light-m"];

export const allVariants = Object.keys(variants) as Variant[];

/**
 * Checks the open page in every variant: takes a screenshot `name-variant`, and fails if the page is wider than its window, its header is cut off, or axe
 * has a serious finding. On a phone the workbench's `view` is opened from More first; `before` can scroll. Resets the page to light, 1440 px wide.
 */
export async function checkScreens(
  page: Page,
  name: string,
  options: { variants?: readonly Variant[]; view?: string; before?: () => Promise<unknown> } = {},
): Promise<void> {
  for (const variant of values.main ? defaultVariants : (options.variants ?? defaultVariants)) {
    const [colorScheme, width, height] = variants[variant];
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    if (options.view && width === 390) {
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: options.view }).first().click();
    }
    await options.before?.();
    await animationsEnded(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow <= 0, `${name} ${variant}: ${overflow} px too wide`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("header :is(a, button, h1)")]
        .filter((one) => {
          const { right, width } = one.getBoundingClientRect();
          return right > innerWidth || (width > 0 && width < 16);
        })
        .map((one) => one.getAttribute("aria-label") ?? one.textContent),
    );
    expect(cut.length === 0, `${name} ${variant}: no room in the header for ${cut.join(", ")}`);
    await shot(page, `${name}-${variant}`);
    await expectAccessible(page, `${name} ${variant}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Fails on a native dialog, page error, console error or request to a foreign host so far. */
export const expectNoProblems = (watched: WatchedWindow) => expect(watched.problems.length === 0, watched.problems.join("\n"));
