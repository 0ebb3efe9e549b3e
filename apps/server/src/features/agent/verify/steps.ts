import { Type, type Static } from "typebox";
import { Literals } from "@tesslate/contract";
import type { Locator, Page } from "playwright-core";

const text = (maxLength: number, description?: string) => Type.Optional(Type.String({ maxLength, ...(description && { description }) }));
/** One step. Flat, because weak models write flat objects better than unions; missing fields fail when the step runs. */
export const VerifyStepInput = Type.Object({
  action: Literals("navigate", "click", "fill", "press", "select", "expect_text", "expect_visible", "wait_for", "screenshot", "viewport"),
  path: text(1000, "navigate: path in the app, e.g. /about"),
  role: text(40, "Target: ARIA role, with name"),
  name: text(200, "Target: accessible name"),
  label: text(200, "Target: label of a field"),
  text: text(500, "Target: visible text. expect_text, wait_for: the text"),
  css: text(500, "Target: CSS selector, when nothing else fits"),
  value: text(2000, "fill: what to type. select: option. press: key, e.g. Enter. screenshot: caption"),
  width: Type.Optional(Type.Integer({ minimum: 320, maximum: 1920 })),
  height: Type.Optional(Type.Integer({ minimum: 320, maximum: 1600 })),
});
export type VerifyStepInput = Static<typeof VerifyStepInput>;

/** Read-only steps need no approval and are allowed in plan mode. */
export const looksOnly = (steps: readonly VerifyStepInput[]): boolean =>
  steps.every(({ action }) => !["click", "fill", "press", "select"].includes(action));

const loadMs = 20_000;
const wakeMs = 60_000;

/** The context of a step. */
export interface StepWorld {
  page: Page;
  origin: string;
  /** Timeout of a step in milliseconds. */
  timeout: number;
  takePicture(label: string): Promise<void>;
}
/** A failed step, with a message for the report. */
export class VerifyStepFailed extends Error {}

/** `click the button "Save"`. */
export function describeStep(step: VerifyStepInput): string {
  const { action } = step;
  switch (action) {
    case "navigate":
      return `open ${step.path ?? "/"}`;
    case "press":
      return `press ${step.value ?? "?"}${hasTarget(step) ? ` in ${nameOf(step)}` : ""}`;
    case "fill":
      return `fill ${nameOf(step)}`;
    case "select":
      return `select "${step.value ?? ""}" in ${nameOf(step)}`;
    case "expect_text": {
      const where = { ...step, text: undefined };
      return `expect the text "${step.text ?? ""}"${hasTarget(where) ? ` in ${nameOf(where)}` : ""}`;
    }
    case "expect_visible":
      return `expect ${nameOf(step)}`;
    case "wait_for":
      return `wait for ${nameOf(step)}`;
    case "screenshot":
      return `screenshot${step.value ? ` "${step.value}"` : ""}`;
    case "viewport":
      return `window of ${step.width ?? 1280} × ${step.height ?? 800}`;
    default:
      return `${action} ${nameOf(step)}`;
  }
}

type Target = Pick<VerifyStepInput, "role" | "name" | "label" | "css"> & { text?: string | undefined };
const hasTarget = ({ role, name, label, text, css }: Target) => [role, name, label, text, css].some(Boolean);
function nameOf({ role, name, label, text, css }: Target): string {
  if (role) return `the ${role}${name ? ` "${name}"` : ""}`;
  if (label) return `the field "${label}"`;
  if (text) return `"${text}"`;
  if (name) return `"${name}"`;
  return css ?? "nothing";
}
function locate(page: Page, step: Target): Locator {
  if (step.role) return page.getByRole(step.role as Parameters<Page["getByRole"]>[0], step.name === undefined ? {} : { name: step.name });
  if (step.label) return page.getByLabel(step.label);
  if (step.css) return page.locator(`css=${step.css}`);
  if (step.text) return page.getByText(step.text);
  if (step.name) return page.getByLabel(step.name).or(page.getByText(step.name));
  throw new VerifyStepFailed("Name a target: role and name, label, text or css.");
}

/** Runs one step. Rejects with `VerifyStepFailed` or an error of Playwright. */
export async function doStep({ page, origin, timeout, takePicture }: StepWorld, step: VerifyStepInput): Promise<void> {
  switch (step.action) {
    case "navigate":
      return open(page, origin, step.path ?? "/");
    case "click":
      await only(locate(page, step), step, timeout);
      await locate(page, step).click({ timeout });
      return settle(page);
    case "fill":
      await only(locate(page, step), step, timeout);
      return locate(page, step).fill(step.value ?? "", { timeout });
    case "press":
      if (!step.value) throw new VerifyStepFailed("press needs a value: the key.");
      if (hasTarget(step)) await locate(page, step).first().press(step.value, { timeout });
      else await page.keyboard.press(step.value);
      return settle(page);
    case "select":
      await locate(page, step)
        .first()
        .selectOption(step.value ?? "", { timeout });
      return;
    case "expect_text": {
      if (!step.text) throw new VerifyStepFailed("expect_text needs a text.");
      const where = { ...step, text: undefined };
      const scope = hasTarget(where) ? locate(page, where) : page.locator("body");
      const found = scope.filter({ hasText: step.text }).first();
      return found.waitFor({ state: "visible", timeout }).catch(async () => {
        const seen = await scope
          .first()
          .innerText({ timeout: 500 })
          .catch(() => "");
        throw new VerifyStepFailed(`The text is not there. Seen: ${seen.replace(/\s+/g, " ").trim().slice(0, 300) || "nothing"}`);
      });
    }
    case "expect_visible":
    case "wait_for":
      return locate(page, step)
        .first()
        .waitFor({ state: "visible", timeout: step.action === "wait_for" ? 2 * timeout : timeout });
    case "screenshot":
      return takePicture(step.value ?? "");
    case "viewport":
      return page.setViewportSize({ width: step.width ?? 1280, height: step.height ?? 800 });
  }
}

/** Exactly one element, because clicking one of several proves nothing. */
async function only(locator: Locator, step: VerifyStepInput, timeout: number): Promise<void> {
  await locator
    .first()
    .waitFor({ state: "visible", timeout })
    .catch(() => {
      throw new VerifyStepFailed(`There is no ${nameOf(step).replace(/^the /, "")} to be seen.`);
    });
  const count = await locator.count();
  if (count > 1) throw new VerifyStepFailed(`${count} elements are ${nameOf(step)}. Say which, with role and name or css.`);
}

/** The URL of a path of the app; refuses other origins. */
export function addressIn(origin: string, path: string): URL {
  const url = URL.parse(path, origin);
  if (!url || url.origin !== origin) throw new VerifyStepFailed("Only paths of the app can be opened.");
  return url;
}

/** Navigates to a path of the app; waits for a preview that is starting. */
export async function open(page: Page, origin: string, path: string): Promise<void> {
  const url = addressIn(origin, path);
  const deadline = Date.now() + wakeMs;
  for (;;) {
    await page.goto(url.href, { waitUntil: "load", timeout: loadMs });
    const kind = await page.evaluate('document.querySelector(`meta[name="tesslate-page"]`)?.content ?? null').catch(() => null);
    if (kind === null) return settle(page);
    if (kind !== "starting" || Date.now() > deadline) {
      const text = await page
        .locator("body")
        .innerText({ timeout: 1000 })
        .catch(() => "");
      throw new VerifyStepFailed(`The app does not answer. The preview says: ${text.replace(/\s+/g, " ").trim().slice(0, 400)}`);
    }
    await page.waitForTimeout(700);
  }
}

/** Waits for requests after a change; ignores sockets and polling. */
const settle = (page: Page) => page.waitForLoadState("networkidle", { timeout: 1500 }).catch(() => undefined);
