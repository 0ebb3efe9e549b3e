import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { Watched } from "./browser.ts";
import { expect } from "./journey.ts";

const { values } = parseArgs({ options: { shots: { type: "string" } }, strict: false });
const folder = typeof values.shots === "string" ? values.shots : join(import.meta.dirname, ".artifacts");
mkdirSync(folder, { recursive: true });

/** A screenshot into the folder of `--shots DIR`, else into `e2e/.artifacts`. */
export const shot = (page: Page, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });

/** No serious finding of axe. */
export async function accessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .exclude("iframe")
    // The editor's scroller holds the focusable text itself; axe does not count contenteditable as focusable.
    .exclude(".cm-scroller")
    .analyze();
  const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const sentences = serious.map(({ id, nodes }) => {
    const places = nodes.slice(0, 3).map((n) => n.html.slice(0, 200));
    return `${id} at ${places.join(" | ")}`;
  });
  expect(serious.length === 0, `${where}: ${sentences.join("; ")}`);
}

/** No native dialog, page error, console error or foreign host so far. */
export const noOffences = (watched: Watched) => expect(watched.offences.length === 0, watched.offences.join("\n"));
