import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { createLogger } from "../../../platform/logger.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createBrowsers } from "./browsers.ts";
import { findChromium, type Chromium } from "./chromium.ts";

const chromium = await findChromium(undefined);

test.skipIf("missing" in chromium)(
  "the number of browsers is limited, and one that uses too much memory is ended",
  async () => {
    const folder = temporaryFolder("browsers");
    const limits = { maxOpen: 1, maxMemoryBytes: 2 ** 40 };
    const browsers = createBrowsers({
      chromium: chromium as Chromium,
      dir: folder,
      limits,
      log: createLogger("silent"),
    });
    const options = { proxy: { server: "http://127.0.0.1:9", username: "x", password: "y" }, trustedOrigins: [] };
    {
      await using browser = await browsers.open(options, new AbortController().signal);
      await expect(browsers.open(options, AbortSignal.timeout(50))).rejects.toThrow();
      limits.maxMemoryBytes = 2 ** 20;
      await vi.waitFor(() => expect(browser.ended()).toContain("more than 1 MB of memory"));
      await vi.waitFor(() => expect(processes(folder)).toEqual([]));
    }
    expect(await readdir(folder)).toEqual([]);
    await browsers.close();
    await expect(browsers.open(options, new AbortController().signal)).rejects.toThrow("busy");
  },
  60_000,
);

/** Processes whose command line names something in the folder. */
const processes = (folder: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
