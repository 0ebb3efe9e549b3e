import { mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));

export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Native dialogs, page errors, console errors and requests to foreign hosts, as sentences. A journey fails when there is one. */
  offences: string[];
  close(): Promise<void>;
}

/** A real Chromium without any of its own network habits, and a page whose offences are written down. */
export async function openBrowser(
  url: string,
  options: { theme?: "light" | "dark"; width?: number; height?: number } = {},
): Promise<Watched> {
  if (!executablePath) throw new Error("No Chromium on this machine. On Debian or Ubuntu: apt-get install -y chromium");
  const profile = await mkdtemp(join(tmpdir(), "studio-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.theme ?? "light",
    reducedMotion: "reduce",
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const offences: string[] = [];
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
    if (!isOwn(request.url())) offences.push(`foreign host: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    // Streams and fetches that a page gives up itself are its own business; and Chromium aborts what is under way when a network interface of
    // this machine comes or goes, which the page has to survive.
    const why = request.failure()?.errorText ?? "";
    if (isOwn(request.url()) && !/ERR_ABORTED|ERR_NETWORK_CHANGED/.test(why) && !request.url().includes(".preview.localhost"))
      offences.push(`request failed: ${request.url()} ${why}`);
  });
  context.on("response", (response) => {
    if (response.url().includes("/assets/") && response.status() >= 400) offences.push(`asset ${response.status()}: ${response.url()}`);
  });
  page.on("dialog", (dialog) => {
    if (dialog.type() !== "beforeunload") offences.push(`native dialog: ${dialog.message()}`);
    void dialog.dismiss().catch(() => undefined);
  });
  page.on("pageerror", (error) => {
    if (!/Failed to fetch dynamically imported module|Unable to preload CSS/.test(error.message))
      offences.push(`page error: ${error.message}`);
  });
  page.on("console", (message) => {
    // A refused request logs itself; journeys that provoke one check the answer instead.
    if (
      message.type() === "error" &&
      !message.text().startsWith("Failed to load resource") &&
      isOwn(message.location().url || url) &&
      !message.location().url.includes(".preview.localhost")
    )
      offences.push(`console error: ${message.text()}`);
  });
  return {
    context,
    page,
    offences,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Through the sign-in page, as a person does it; ends on Home. */
export async function signIn(page: Page, url: string, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "What should it do?" }).waitFor();
}
