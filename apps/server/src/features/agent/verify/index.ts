import { join } from "node:path";
import type { Config } from "../../../config.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ToolProvider } from "../runs/index.ts";
import { createBrowsers, type Browsers } from "./browsers.ts";
import { findChromium } from "./chromium.ts";
import { createVerify, verifyFacts, type VerifyOptions } from "./verify.tool.ts";

export { axeOf } from "./axe.ts";
export { createBrowsers, NoPlace, type Browsers } from "./browsers.ts";
export { findChromium } from "./chromium.ts";
export { createChecks, runChecksFacts } from "./checks.tool.ts";
export { createEvidence } from "./evidence.service.ts";
export { createEvidenceStore } from "./evidence.store.ts";
export { openGate } from "./gatekeeper.ts";
export { isolated } from "./isolated.ts";
export { placed, sentenceOf } from "./visit.ts";
export { mountEvidence } from "./evidence.routes.ts";

/** Lends `verify` to runs where this machine has a browser; ends what an earlier process left of its own. */
export async function createVerification({
  config,
  dataDir,
  log,
  ...options
}: Omit<VerifyOptions, "browsers" | "config"> & { config: Config["verify"]; dataDir: string; log: Logger }): Promise<{
  provideTools: ToolProvider;
  /** For others who open pages: the places are shared. */
  browsers: Browsers | { missing: string };
  /** What may be lent here. */
  tools: (typeof verifyFacts)[];
  close(): Promise<void>;
}> {
  const chromium = await findChromium(config.chromiumPath);
  if ("missing" in chromium) {
    log.info({ reason: chromium.missing }, "no browser for the agent");
    return { provideTools: async () => ({ tools: [] }), browsers: chromium, tools: [], close: async () => undefined };
  }
  const browsers = createBrowsers({ chromium, dir: join(dataDir, "browsers"), limits: config, log });
  await browsers.reconcile();
  return {
    provideTools: async (run) => ({
      tools: [createVerify({ ...options, config, browsers }, run)],
      prompt:
        "After a change that can be seen or used in the app, prove it with verify: open it, use it, expect what should be there, take a screenshot.",
    }),
    browsers,
    tools: [verifyFacts],
    close: browsers.close,
  };
}
