import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { fetchPort, sandboxPort, type Sandbox, type SandboxPort } from "@tesslate/runtime";
import { axeOf } from "../../apps/server/src/features/agent/verify/axe.ts";
import type { Browsers } from "../../apps/server/src/features/agent/verify/browsers.ts";
import { watchPage } from "../../apps/server/src/features/agent/verify/page-problems.ts";
import { openPreviewProxy } from "../../apps/server/src/features/agent/verify/preview-proxy.ts";
import { serverSite } from "../../apps/server/src/features/delivery/launch/site.ts";
import { withTimeout } from "../../apps/server/src/platform/with-timeout.ts";
import type { AppTask } from "./app-task.ts";
import type { AppResponse, BrowserChecks } from "./checks.ts";
import { attempt, shortened, skipped, type CheckResult } from "./outcome.ts";

const commandMs = 5 * 60_000;
const startMs = 90_000;
const checkMs = 60_000;
const actionMs = 10_000;
const requestMs = 10_000;
const networkIdleMs = 3000;
const host = "app.localhost";
const origin = `http://${host}`;
const noTap = () => ({ data: () => undefined, end: () => undefined });

const firstPage = "The first page is shown";
const noErrors = "The pages report no errors";
const noViolations = "The pages have no serious accessibility violations";

type Judged = Pick<AppTask, "types" | "build" | "commands" | "checks">;
export interface AppService {
  command: string[];
  port: number;
}

/** Starts the project's server, as a preview does. Throws when it does not listen in time. */
export async function startApp(sandbox: Sandbox, { command, port }: AppService, signal: AbortSignal): Promise<number> {
  await sandbox.start({ name: "app", command, cwd: ".", env: { PORT: String(port), HOST: "0.0.0.0" }, port });
  const state = await sandbox.ready("app", { timeoutMs: startMs, signal });
  return state.port ?? port;
}

/**
 * Judges a project by running it: type check, build, further commands, start, browser checks, errors of the pages, and axe. Everything of the project
 * runs in its sandbox; the pages run in an isolated browser that reaches nothing but the project's server. Checks that depend on a failed start are skipped.
 * Writes a screenshot of the first page (`screenshot.png`) and of the end of each browser check (`check-1.png`, …) to `reportDir`.
 */
export async function judgeApp({
  sandbox,
  task,
  service,
  browsers,
  reportDir,
  signal,
}: {
  sandbox: Sandbox;
  task: Judged;
  service: AppService;
  browsers: Browsers;
  reportDir: string;
  signal: AbortSignal;
}): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const exits = async (kind: CheckResult["kind"], name: string, argv: string[] | undefined): Promise<void> => {
    if (argv) results.push(await attempt(kind, name, () => execute(sandbox, argv, signal)));
  };
  await exits("types", "The types are correct", task.types);
  await exits("build", "The build succeeds", task.build);
  for (const { name, argv } of task.commands ?? []) await exits("command", name, argv);
  await sandbox.stop("app");
  let port = service.port;
  const start = await attempt("start", "The app starts", async () => {
    port = await startApp(sandbox, service, signal);
  });
  results.push(start);
  signal.throwIfAborted();
  if (start.status === "passed") {
    const app = sandboxPort(sandbox, port);
    results.push(...(await visit({ app, checks: task.checks, browsers, reportDir, signal })));
  } else {
    const why = "The app did not start.";
    results.push(...[firstPage, ...Object.keys(task.checks)].map((name) => skipped("browser", name, why)));
    results.push(skipped("errors", noErrors, why), skipped("accessibility", noViolations, why));
  }
  signal.throwIfAborted();
  return results;
}

async function execute(sandbox: Sandbox, argv: string[], signal: AbortSignal): Promise<void> {
  const { exitCode, stdout, stderr, timedOut } = await sandbox.exec(argv, { timeoutMs: commandMs, signal, env: { CI: "1" } });
  if (timedOut) throw new Error(`${argv.join(" ")} took longer than ${commandMs / 60_000} minutes.`);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} exited with ${exitCode ?? "a signal"}.\n${shortened(`${stdout}\n${stderr}`)}`);
}

async function visit({
  app,
  checks,
  browsers,
  reportDir,
  signal,
}: {
  app: SandboxPort;
  checks: BrowserChecks;
  browsers: Browsers;
  reportDir: string;
  signal: AbortSignal;
}): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  await mkdir(reportDir, { recursive: true });
  await using proxy = await openPreviewProxy({ site: serverSite(app, { tap: noTap }), hosts: new Map([[`${host}:80`, ""]]) });
  await using browser = await browsers.open({ proxy: proxy.proxy, trustedOrigins: [origin] }, signal);
  const { context } = browser;
  const errors = new Set<string>();
  const violations = new Map<string, string>();
  /** Notes rules that the page as it is now violates, each with its first places. */
  const findViolations = async (page: Page): Promise<void> => {
    const found = await axeOf(page);
    if (!found) throw new Error("The page did not respond to the accessibility check.");
    for (const { id, impact, help, places } of found)
      if ((impact === "serious" || impact === "critical") && !violations.has(id))
        violations.set(id, `${help} (${id}, ${impact}): ${places.join(", ")}`);
  };
  const newPage = async (): Promise<Page> => {
    const page = await freshPage(context);
    const problems = watchPage({ context, page, origin }, (url) => proxy.isBlocked(url));
    page.once("close", () => problems().console_errors.forEach((error) => errors.add(error)));
    return page;
  };
  /** A check on a new page. Its screenshot is of the end, whether it passed or not. */
  const check = (name: string, screenshot: string, work: (page: Page) => Promise<void>): Promise<CheckResult> =>
    attempt("browser", name, async () => {
      const page = await newPage();
      try {
        await withTimeout(checkMs, work(page));
        if (page.url().startsWith(origin)) await findViolations(page);
      } catch (error) {
        const ended = browser.ended();
        throw ended === undefined ? error : new Error(ended, { cause: error });
      } finally {
        const path = join(reportDir, screenshot);
        if (page.url().startsWith(origin))
          await page.screenshot({ path, animations: "disabled", timeout: actionMs }).catch(() => undefined);
        await withTimeout(actionMs, page.close()).catch(() => undefined);
      }
    });

  results.push(
    await check(firstPage, "screenshot.png", async (page) => {
      const response = await page.goto(origin, { waitUntil: "load" });
      if (!response?.ok()) throw new Error(`The first page answered ${response?.status() ?? "nothing"}.`);
      await page.waitForLoadState("networkidle", { timeout: networkIdleMs }).catch(() => undefined);
    }),
  );
  for (const [index, [name, work]] of Object.entries(checks).entries()) {
    signal.throwIfAborted();
    results.push(
      await check(name, `check-${index + 1}.png`, (page) =>
        work({
          page,
          open: async (path = "/") => void (await page.goto(new URL(path, origin).href, { waitUntil: "load" })),
          request: (path, init) => request(app, path, init),
        }),
      ),
    );
  }
  results.push(
    await attempt("errors", noErrors, async () => {
      if (errors.size > 0) throw new Error([...errors].join("\n"));
    }),
    await attempt("accessibility", noViolations, async () => {
      if (violations.size > 0) throw new Error([...violations.values()].join("\n"));
    }),
  );
  return results;
}

/** A page in an emptied browser: what earlier pages stored is deleted. */
async function freshPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(actionMs);
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await context.clearCookies();
  await session.detach();
  return page;
}

async function request(
  app: SandboxPort,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<AppResponse> {
  const { body, headers, method } = init;
  const url = new URL(path, `http://localhost:${app.port}`);
  const response = await fetchPort(app, url.pathname + url.search, {
    method: method ?? "GET",
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestMs),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Not JSON.
  }
  return { status: response.status, headers: response.headers, text, json };
}
