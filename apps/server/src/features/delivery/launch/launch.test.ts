import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { LaunchReport } from "@tesslate/contract";
import { createLogger } from "../../../platform/logger.ts";
import { artifact, fakeKeys, page, plantedPages, plantedSecrets, plantedValues } from "../../../testing/artifacts.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createBrowsers, findChromium } from "../../agent/verify/index.ts";
import { createLaunchGate, type LaunchInput } from "./index.ts";

const chromium = await findChromium(undefined);
if ("missing" in chromium && process.env["CI"]) throw new Error(chromium.missing);
const log = createLogger("silent");
const none = { browsers: () => ({ missing: "none in this test" }) };
const browsers =
  "missing" in chromium
    ? chromium
    : createBrowsers({ chromium, dir: temporaryFolder("browsers"), limits: { maxOpen: 2, maxMemoryBytes: 1.5 * 2 ** 30 }, log });
afterAll(() => ("missing" in browsers ? undefined : browsers.close()));

const inspect = (
  input: Pick<LaunchInput, "artifact"> & Partial<LaunchInput>,
  needs: Partial<Parameters<typeof createLaunchGate>[0]> = {},
): Promise<LaunchReport> =>
  createLaunchGate({ browsers: () => browsers, log, ...needs }).inspect({
    kind: "static",
    spaFallback: false,
    secrets: [],
    settings: { blocking: ["build", "secrets"], weight_budget: 2_000_000 },
    log: () => undefined,
    signal: AbortSignal.timeout(90_000),
    ...input,
  });
const statusOf = (report: LaunchReport) => Object.fromEntries(report.rules.map(({ rule, status }) => [rule, status]));
const show = (title: string, lines: string[]) => process.stdout.write(`\n${title}\n${lines.map((line) => `  ${line}`).join("\n")}\n`);

describe.skipIf("missing" in chromium)("with a browser", () => {
  test("finds every planted fault", async () => {
    const faulty = Object.groupBy(plantedPages, ({ path }) => path);
    const links = Object.keys(faulty)
      .map((path) => `<a href="${path}">${path}</a>`)
      .join(" ");
    const built = artifact({
      "index.html": page(`<h1>Bread</h1>${links} <a href="/missing">missing</a><script src="/big.js"></script>`),
      "big.js": `//${randomBytes(60_000).toString("hex")}`,
      "assets/m.js": "1",
      ...Object.fromEntries(plantedSecrets.map(({ path, content }) => [path, content])),
      ...Object.fromEntries(
        Object.entries(faulty).map(([path, faults = []]) => [path.slice(1), page(faults.map(({ body }) => body).join(""))]),
      ),
    });
    const report = await inspect({ artifact: built, secrets: plantedValues, settings: { blocking: ["secrets"], weight_budget: 50_000 } });
    const { findings } = report;
    const outcome = [
      ...plantedSecrets.map(({ fault, path, message }) => ({
        fault,
        found: findings.some((one) => one.rule === "secrets" && message.test(one.message) && (one.path === path || path.endsWith(".map"))),
      })),
      ...plantedPages.map(({ fault, path, rule, message }) => ({
        fault,
        found: findings.some((one) => one.rule === rule && one.page === path && message.test(one.message)),
      })),
      { fault: "a dead link", found: findings.some(({ message }) => message.includes("/missing, which does not exist")) },
      { fault: "too heavy a first page", found: findings.some(({ rule, severity }) => rule === "weight" && severity === "serious") },
    ];
    show(
      `Planted faults: ${outcome.filter(({ found }) => found).length} of ${outcome.length} found in ${report.duration_ms} ms`,
      outcome.map(({ fault, found }) => `${found ? "found " : "MISSED"}  ${fault}`),
    );
    expect(outcome.filter(({ found }) => !found)).toEqual([]);
    expect(findings.find(({ message }) => message.includes("through the source map"))).toMatchObject({ path: "src/pay.ts", line: 3 });
    expect(statusOf(report)).toMatchObject({
      build: "passed",
      pages: "failed",
      secrets: "failed",
      accessibility: "failed",
      weight: "failed",
    });
    expect(report.is_blocked).toBe(true);
    expect(report.weight?.first_page).toBeGreaterThan(50_000);
    const text = JSON.stringify(report);
    for (const value of [...plantedValues.map((one) => one.value), ...Object.values(fakeKeys)])
      expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
    const order = findings.map(({ severity }) => ["critical", "serious", "minor", "info"].indexOf(severity));
    expect(order).toEqual(order.toSorted());
  }, 60_000);
});

test("checks files without a browser, ignores rules on request and rejects on abort", async () => {
  const built = artifact({ "a.js": `k="${fakeKeys.github}"` });
  const report = await inspect({ artifact: built, ignoredChecks: ["secrets"], buildWarnings: ["Some chunks are large"] }, none);
  expect(report).toMatchObject({
    is_blocked: true,
    rules: [
      { rule: "build", status: "failed", is_blocking: true },
      { rule: "pages", status: "skipped", is_blocking: false, summary: expect.stringContaining("no browser") },
      { rule: "secrets", status: "failed", is_blocking: false },
      { rule: "accessibility", status: "skipped" },
      { rule: "weight", status: "skipped" },
      { rule: "advisories", status: "skipped" },
    ],
    weight: { total: 44, scripts: 44, first_page: null },
  });
  await expect(inspect({ artifact: built, signal: AbortSignal.abort(new Error("stopped")) }, none)).rejects.toThrow("stopped");
});

test("recognizes a Google browser key by its use, not by nearby words", async () => {
  const key = fakeKeys.google;
  const leaks = {
    "video.js": `const video = "https://www.youtube.com/embed/1"; fetch("https://generativelanguage.googleapis.com/v1beta/models?key=${key}");`,
    "notes.js": `import { getAuth } from "firebase/auth"; const ai = new GoogleGenerativeAI("${key}");`,
    "bundle.js": `const blob = "q8xFCmZ1", k = "${key}";`,
  };
  const fine = {
    "app.js": `initializeApp({ apiKey: "${key}", authDomain: "shop.firebaseapp.com" }); getGenerativeModel(ai, { model: "gemini-2.5-flash" });`,
    "map.js": `load("https://maps.googleapis.com/maps/api/js?key=${key}");`,
    "list.js": `fetch("https://www.googleapis.com/youtube/v3/search?key=${key}");`,
  };
  const { findings } = await inspect({ artifact: artifact({ "index.html": page("<h1>Bread</h1>"), ...leaks, ...fine }) }, none);
  expect(
    findings
      .filter(({ rule }) => rule === "secrets")
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(Object.keys(leaks).toSorted());
});
