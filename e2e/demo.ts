/** The demo's scripted model as shipped: the bundle starts without our environment. No browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, journey } from "./journey.ts";

export default journey({ needsNothing: true, hasMain: true, templates: [] }, () => [
  {
    isMain: true,
    name: "the built demo model starts, responds and ends with its server",
    run: async () => {
      const file = join(import.meta.dirname, "../apps/server/dist/demo-model.js");
      const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "inherit"], env: {} });
      const exit = once(child, "exit");
      try {
        const line = await Promise.race([
          new Promise<string>((resolve) => void createInterface({ input: child.stdout }).once("line", resolve)),
          exit.then(([code]) => `ended with ${String(code)}`),
        ]);
        const url = /"openai_base_url":"(http:[^"]+)"/.exec(line)?.[1];
        expect(url !== undefined, line);
        const response = await fetch(`${url}/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "scripted", messages: [{ role: "user", content: "a to-do app" }] }),
        });
        expect(response.status === 200, `${response.status} ${await response.text()}`);
        child.stdin.end();
        const [code] = (await exit) as [number | null];
        expect(code === 0, `the demo model ended with ${code}`);
      } finally {
        child.kill("SIGKILL");
      }
    },
  },
]);
