import { existsSync } from "node:fs";

const usualPaths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The Chromium of this machine, or undefined if there is none. `CHROMIUM_PATH` overrides where it is looked for. */
export const chromiumPath = [process.env.CHROMIUM_PATH, ...usualPaths].find((path) => path && existsSync(path));
