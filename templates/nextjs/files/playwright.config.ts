import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./e2e/chromium.ts";

const port = Number(process.env.PORT ?? 3000);
if (!chromiumPath) console.warn("No Chromium found, so the browser tests are skipped. Install one, or set CHROMIUM_PATH.");

/** Tests the development server in the Chromium of this machine: `npm run test:browser`. One that runs already is used. */
export default defineConfig({
  testDir: "e2e",
  reporter: "list",
  use: { baseURL: `http://localhost:${port}`, launchOptions: { executablePath: chromiumPath } },
  webServer: chromiumPath
    ? { command: "npm run dev", env: { PORT: String(port) }, url: `http://localhost:${port}`, reuseExistingServer: true }
    : undefined,
});
