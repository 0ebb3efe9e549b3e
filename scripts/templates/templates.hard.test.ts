/** Everything that each bundled template promises: `./studio templates --check`. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTemplates } from "../../apps/server/src/features/projects/projects/templates.ts";
import { startChromium } from "../../e2e/chromium.ts";
import { openMachine, type Machine } from "../../evals/src/machine.ts";
import { checkTemplate } from "./check.ts";
import type { Browser } from "./pages.ts";

const templates = (await loadTemplates()).list();
let machine: Machine;
let browser: Browser;

beforeAll(async () => {
  machine = await openMachine({ templates: new Set(templates.map(({ api }) => api.slug)) });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await machine[Symbol.asyncDispose]();
});

test.each(templates.map((template) => [template.api.slug, template] as const))(
  "%s installs, compiles, passes its own checks and shows an accessible first page",
  async (_, template) => {
    const { steps, responseMs } = await checkTemplate(machine, template, { browser, signal: AbortSignal.timeout(900_000), onStep: () => {} });
    // What a template has not is skipped with the reason: nothing starts in a blank one, and some pages need their other containers.
    expect(steps.filter(({ status }) => status === "failed")).toEqual([]);
    const passed = new Set(steps.filter(({ status }) => status === "passed").map(({ name }) => name));
    expect([...passed]).toContain("install");
    if (template.api.slug !== "blank") expect([...passed]).toContain("start");
    if (passed.has("first page")) expect(responseMs).toBeGreaterThan(0);
  },
  900_000,
);
