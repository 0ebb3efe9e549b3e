/** Server with reload on change (port 8000) and the web UI by Vite (port 5173, proxying the API). */
import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const passed = process.argv.slice(2);
const children = [
  spawn(
    process.execPath,
    [...passed, "--watch-path=apps/server/src", "--watch-path=packages", "--watch-preserve-output", "apps/server/src/main.ts"],
    { cwd: root, stdio: "inherit" },
  ),
  spawn(join(root, "node_modules/.bin/vite"), ["--clearScreen", "false"], { cwd: join(root, "apps/web"), stdio: "inherit" }),
];
const end = () => children.forEach((child) => child.kill("SIGTERM"));
process.once("SIGINT", end);
process.once("SIGTERM", end);
for (const child of children) child.once("exit", end);
