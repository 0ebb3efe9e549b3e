import { spawn } from "node:child_process";
import { join } from "node:path";
import { vi } from "vitest";

/** Starts `./studio runner` and waits until it listens. The caller ends the process. */
export async function startRunnerProcess(
  { dataDir, port, tokenFile }: { dataDir: string; port: number; tokenFile: string },
  timeoutMs = 60_000,
) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../../../scripts/runner.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      DATA_DIR: dataDir,
      RUNNER_LISTEN: `127.0.0.1:${port}`,
      RUNNER_TOKEN_FILE: tokenFile,
      LOG_LEVEL: "error",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  try {
    await vi.waitFor(
      () => {
        if (!output.includes("isolation")) throw new Error(`The runner does not listen: ${output}`);
      },
      { timeout: timeoutMs },
    );
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return { child, output: () => output };
}
