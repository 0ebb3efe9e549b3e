import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLogger } from "../../../platform/logger.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createBrowserPackage, packageProblem } from "./browser-package.ts";
import { createBrowsers } from "./browsers.ts";
import { findChromium } from "./chromium.ts";

const problem = packageProblem();

test.skipIf(problem !== undefined)(
  `the packaged Chromium is installed from the registry, opens a page in its isolation, and is removed${problem === undefined ? "" : ` (skipped: ${problem})`}`,
  async () => {
    const dir = join(temporaryFolder("packaged"), "chromium");
    const browserPackage = createBrowserPackage(dir);
    expect(browserPackage.find()).toBeUndefined();
    const lines: string[] = [];
    await browserPackage.install({ signal: AbortSignal.timeout(240_000), onLog: (line) => lines.push(line) });
    expect(lines[0]).toBe("$ npm pack @sparticuz/chromium@153.0.0");
    expect((await browserPackage.measure()).bytes).toBeGreaterThan(100_000_000);
    const chromium = await findChromium(undefined, { packaged: browserPackage.find(), usual: [] });
    if ("missing" in chromium) throw new Error(chromium.missing);
    expect(chromium.executable.startsWith(dir)).toBe(true);

    const page = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>It opens</h1>"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const browsers = createBrowsers({
      chromium,
      dir: temporaryFolder("browsers"),
      limits: { maxOpen: 1, maxMemoryBytes: 1.5 * 2 ** 30 },
      log: createLogger("silent"),
    });
    try {
      await using browser = await browsers.open(
        { proxy: { server: origin, username: "u", password: "p" }, trustedOrigins: [] },
        AbortSignal.timeout(60_000),
      );
      const tab = await browser.context.newPage();
      await tab.goto("http://app.preview.localhost/");
      expect(await tab.textContent("h1")).toBe("It opens");
      expect((await tab.screenshot()).byteLength).toBeGreaterThan(1000);
    } finally {
      await browsers.close();
      page.close();
    }
    await browserPackage.remove();
    expect(browserPackage.find()).toBeUndefined();
  },
  300_000,
);
