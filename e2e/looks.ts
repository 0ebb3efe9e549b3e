import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { Watched } from "./browser.ts";
import { expect } from "./journey.ts";

const { values } = parseArgs({ options: { shots: { type: "string" }, main: { type: "boolean" } }, strict: false });
const folder = typeof values.shots === "string" ? values.shots : join(import.meta.dirname, ".artifacts");
mkdirSync(folder, { recursive: true });

/** A screenshot into the folder of `--shots DIR`, else into `e2e/.artifacts`. */
export const shot = (page: Page, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });

/** The screens that `--main` holds against axe, too, by what the journeys call them. */
const mainScreens = new Set(["login", "home", "workbench", "code", "deploys, empty"]);

/** No serious finding of axe. */
export async function accessible(page: Page, where: string): Promise<void> {
  if (values.main && !mainScreens.has(where)) return;
  const { violations } = await new AxeBuilder({ page })
    .exclude("iframe")
    // The editor's scroller holds the focusable text itself; axe does not count contenteditable as focusable.
    .exclude(".cm-scroller")
    // In the page itself: frames are left out, and for those it would open a second, empty page each time.
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .analyze();
  const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const sentences = serious.map(({ id, nodes }) => {
    const places = nodes.slice(0, 3).map((n) => n.html.slice(0, 200));
    return `${id} at ${places.join(" | ")}`;
  });
  expect(serious.length === 0, `${where}: ${sentences.join("; ")}`);
}

/** Its fonts are there and nothing moves any more. */
export const settled = (page: Page) =>
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

const marks = {
  "light-d": ["light", 1440, 900],
  "dark-d": ["dark", 1440, 900],
  "light-m": ["light", 390, 844],
  "dark-m": ["dark", 390, 844],
} as const;
/** A scheme and a screen: `d` a desk, `m` a phone. */
export type Mark = keyof typeof marks;

/** Nobody looks at what a test run leaves behind, and dark and phone find what light and desk would; `--shots` takes the desk in light too. */
const usualMarks: readonly Mark[] = values.main
  ? ["light-m"]
  : [...(typeof values.shots === "string" ? (["light-d"] as const) : []), "dark-d", "light-m"];

export const allMarks = Object.keys(marks) as Mark[];

/**
 * Every look of what is open: a screenshot `name-mark` of each, none wider than its window, its head bar whole, without serious finding of axe.
 * On a phone the workbench's `view` is opened from behind More first; `before` brings into sight what is below. Ends as it began: light, 1440 wide.
 */
export async function looks(
  page: Page,
  name: string,
  options: { marks?: readonly Mark[]; view?: string; before?: () => Promise<unknown> } = {},
): Promise<void> {
  for (const mark of values.main ? usualMarks : (options.marks ?? usualMarks)) {
    const [colorScheme, width, height] = marks[mark];
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    if (options.view && width === 390) {
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: options.view }).first().click();
    }
    await options.before?.();
    await settled(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow <= 0, `${name} ${mark}: ${overflow} px too wide`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll("header :is(a, button, h1)")]
        .filter((one) => {
          const { right, width } = one.getBoundingClientRect();
          return right > innerWidth || (width > 0 && width < 16);
        })
        .map((one) => one.getAttribute("aria-label") ?? one.textContent),
    );
    expect(cut.length === 0, `${name} ${mark}: no room in the head bar for ${cut.join(", ")}`);
    await shot(page, `${name}-${mark}`);
    await accessible(page, `${name} ${mark}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** No native dialog, page error, console error or foreign host so far. */
export const noOffences = (watched: Watched) => expect(watched.offences.length === 0, watched.offences.join("\n"));
