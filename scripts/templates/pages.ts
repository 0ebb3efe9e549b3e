/** The first page of a template's running app, in a browser. */
import { axeOf } from "../../apps/server/src/features/agent/verify/axe.ts";
import type { startChromium } from "../../e2e/chromium.ts";
import { animationsEnded } from "../../e2e/screens.ts";

export type Browser = Awaited<ReturnType<typeof startChromium>>;
export type Page = Awaited<ReturnType<Browser["newPage"]>>;

export const themes = ["light", "dark"] as const;

const pageMs = 60_000;
const quietMs = 5000;
/** The page is opened by the address of its sandbox. Previews have names below localhost or TLS, where this header counts. */
const aboutAddress = /^The Cross-Origin-Opener-Policy header has been ignored/;

/** Opens the first page, and waits until it has loaded everything and stands still. */
export async function openFirstPage(page: Page, url: string): Promise<void> {
  const response = await page.goto(url, { waitUntil: "load", timeout: pageMs });
  if (!response?.ok()) throw new Error(`The first page responded with ${response?.status() ?? "nothing"}.`);
  await page.getByRole("heading", { level: 1 }).waitFor({ timeout: pageMs });
  // A development server may keep requests open.
  await page.waitForLoadState("networkidle", { timeout: quietMs }).catch(() => undefined);
  await animationsEnded(page);
}

/**
 * Throws if the first page reports errors, loads more than once, does not fit a phone, or has serious findings of axe, in light or dark.
 * A second load is that of a bundler that finds packages which it has not prepared.
 */
export async function checkFirstPage(browser: Browser, url: string): Promise<void> {
  const problems = new Set<string>();
  for (const theme of themes) {
    const page = await browser.newPage({ colorScheme: theme, viewport: { width: 1280, height: 800 } });
    try {
      const report = (problem: string) => problems.add(`${theme}: ${problem}`);
      let loads = 0;
      page.on("pageerror", (error) => report(error.message));
      page.on("console", (message) => message.type() === "error" && !aboutAddress.test(message.text()) && report(message.text()));
      page.on("load", () => (loads += 1));
      await openFirstPage(page, url);
      if (loads > 1) report(`the page loaded ${loads} times.`);
      const findings = await axeOf(page, pageMs);
      if (!findings) report("axe did not finish.");
      for (const { id, impact, help, places } of findings ?? [])
        if (impact === "serious" || impact === "critical") report(`${help} (${id}): ${places.join(", ")}`);
      await page.setViewportSize({ width: 390, height: 844 });
      await animationsEnded(page);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) report(`the page is ${overflow} px wider than a phone.`);
    } finally {
      await page.close();
    }
  }
  if (problems.size > 0) throw new Error([...problems].join("\n"));
}
