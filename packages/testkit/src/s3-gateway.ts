import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

const version = "1.8.0";
const tools = join(import.meta.dirname, "../../../.studio/tools");

export interface S3Gateway extends AsyncDisposable {
  endpoint: string;
}

/** The program of a real S3 server, the Versity S3 gateway. It is built once, in minutes, and kept in `.studio/tools`. */
export function buildS3Gateway(): { program: string } | { missing: string } {
  const folder = join(tools, `versitygw-${version}`);
  const program = join(folder, "versitygw");
  if (existsSync(program)) return { program };
  if (spawnSync("go", ["version"]).status !== 0) return { missing: "go is not installed" };
  const fresh = `${folder}.new`;
  mkdirSync(fresh, { recursive: true });
  const { status, stderr } = spawnSync("go", ["install", `github.com/versity/versitygw/cmd/versitygw@v${version}`], {
    env: { ...process.env, GOBIN: fresh, GOFLAGS: "-mod=mod" },
    encoding: "utf8",
  });
  if (status !== 0) return { missing: `it cannot be built: ${stderr.trim().split("\n").at(-1) ?? ""}` };
  renameSync(fresh, folder);
  return { program };
}

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
