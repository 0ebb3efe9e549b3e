import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { buildGoProgram } from "./go-program.ts";

export interface S3Gateway extends AsyncDisposable {
  endpoint: string;
}

/** The program of a real S3 server, the Versity S3 gateway. */
export const buildS3Gateway = () => buildGoProgram("versitygw", "github.com/versity/versitygw/cmd/versitygw", "v1.8.0");

/** Serves a bucket, with path-style addresses. */
export async function startS3Gateway(
  program: string,
  { bucket, accessKeyId, secretAccessKey }: { bucket: string; accessKeyId: string; secretAccessKey: string },
): Promise<S3Gateway> {
  const dir = mkdtempSync(join(tmpdir(), "s3-gateway-"));
  for (const name of [`data/${bucket}`, "facts"]) mkdirSync(join(dir, name), { recursive: true });
  const port = await freePort();
  const child: ChildProcess = spawn(
    program,
    // Without extended attributes, which file systems in memory may not have.
    ["--quiet", "--port", `127.0.0.1:${port}`, "--health", "/health", "posix", "--sidecar", join(dir, "facts"), join(dir, "data")],
    {
      cwd: dir,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"], HOME: dir, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
    },
  );
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
  const onExit = () => child.kill("SIGKILL");
  process.once("exit", onExit);
  const endpoint = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 30_000; ; await sleep(50)) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`The S3 gateway did not start: ${words}`);
    if (
      await fetch(`${endpoint}/health`).then(
        (response) => response.ok,
        () => false,
      )
    )
      break;
  }
  return {
    endpoint,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", onExit);
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
