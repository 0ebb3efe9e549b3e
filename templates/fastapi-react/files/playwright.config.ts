import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./e2e/chromium.ts";

const port = 4173;
if (!chromiumPath) console.warn("No Chromium found, so the browser tests are skipped. Install one, or set CHROMIUM_PATH.");

/** Tests the production build in the Chromium of this machine: `npm run test:browser`. */
export default defineConfig({
  testDir: "e2e",
  reporter: "list",
  use: { baseURL: `http://localhost:${port}`, launchOptions: { executablePath: chromiumPath } },
  webServer: chromiumPath
    ? {
        command: "npm run build && npm run preview",
        env: { PORT: String(port) },
        url: `http://localhost:${port}`,
        reuseExistingServer: true,
      }
    : undefined,
});
