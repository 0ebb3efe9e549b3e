import type { Browser, BrowserContext, Page } from "playwright-core";

export interface WatchedWindow {
  context: BrowserContext;
  page: Page;
  /** Native dialogs, page errors, console errors and requests to foreign hosts, as sentences. A journey fails if there is any. */
  problems: string[];
  close(): Promise<void>;
}

export interface WindowOptions {
  theme?: "light" | "dark";
  width?: number;
  height?: number;
}

/** Opens a window that shares nothing with others and records its problems. */
export async function openWindow(browser: Browser, url: string, options: WindowOptions = {}): Promise<WatchedWindow> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.theme ?? "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const own = new URL(url);
  const isOwn = (address: string) => {
    const { protocol, hostname, port } = new URL(address);
    return (
      // The last two are the browser's own PDF viewer.
      ["data:", "blob:", "about:", "chrome-error:", "chrome:", "chrome-extension:"].includes(protocol) ||
      (port === own.port && (hostname === own.hostname || hostname.endsWith(".preview.localhost")))
    );
  };
  context.on("request", (request) => {
    if (!isOwn(request.url())) problems.push(`foreign host: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    // Requests that the page itself aborts are not problems.
    const why = request.failure()?.errorText ?? "";
    if (isOwn(request.url()) && !/ERR_ABORTED/.test(why) && !request.url().includes(".preview.localhost"))
      problems.push(`request failed: ${request.url()} ${why}`);
  });
  context.on("response", (response) => {
    if (response.url().includes("/assets/") && response.status() >= 400) problems.push(`asset ${response.status()}: ${response.url()}`);
  });
  page.on("dialog", (dialog) => {
    if (dialog.type() !== "beforeunload") problems.push(`native dialog: ${dialog.message()}`);
    void dialog.dismiss().catch(() => undefined);
  });
  page.on("pageerror", (error) => {
    problems.push(`page error: ${error.message}`);
  });
  page.on("console", (message) => {
    // A refused request logs itself; journeys that provoke one check the answer instead.
    if (
      message.type() === "error" &&
      !/^(Failed to load resource|WebSocket connection to)/.test(message.text()) &&
      isOwn(message.location().url || url) &&
      !message.location().url.includes(".preview.localhost")
    )
      problems.push(`console error: ${message.text()}`);
  });
  return { context, page, problems, close: () => context.close() };
}

/** Signs in on the login page; ends on Home. */
export async function signIn(page: Page, url: string, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "What do you want to build?" }).waitFor();
}
