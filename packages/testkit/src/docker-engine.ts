import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A separate Docker engine that touches neither the machine's engine nor its packet filter. */
export interface DockerEngine {
  /** Its `DOCKER_HOST`; empty when there is none. */
  host: string;
  /** Why this machine cannot host one. */
  reason: string | undefined;
  /** Stops it with its containers and starts it again. */
  restart(): Promise<void>;
  /** Stops it with its containers and deletes everything. */
  close(): Promise<void>;
}

const programFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Starts `dockerd` in a temporary folder. Never rejects: `reason` is set if there is none, so that tests can be skipped. */
export async function startDockerEngine(): Promise<DockerEngine> {
  const dockerd = programFolders.map((dir) => join(dir, "dockerd")).find((path) => existsSync(path));
  if (process.platform !== "linux") return none("it needs Linux");
  if (process.getuid?.() !== 0) return none("dockerd needs root");
  if (!dockerd) return none("dockerd is not installed");
  const dir = mkdtempSync(join(tmpdir(), "dockerd-"));
  const socket = join(dir, "docker.sock");
  const host = `unix://${socket}`;
  // prettier-ignore
  const args = [
    "--host", host, "--data-root", join(dir, "data"), "--exec-root", join(dir, "exec"), "--pidfile", join(dir, "pid"), "--log-level", "warn",
    // Leaves the machine's packet filter, forwarding and addresses unchanged.
    "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none",
  ];
  let errorOutput = "";
  let child: ChildProcess | undefined;
  // Stops the engine when the process exits without closing it.
  const onExit = () => child?.kill("SIGTERM");
  /** Whether it started. */
  const launch = async () => {
    // Its own process group, so that we receive the terminal's interrupt first.
    const started = spawn(dockerd, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: programFolders.join(":"), HOME: dir },
      detached: true,
    });
    child = started;
    started.stderr.on("data", (chunk: Buffer) => (errorOutput = (errorOutput + chunk.toString()).slice(-2_000)));
    started.once("error", (error) => (errorOutput += error.message));
    for (const until = Date.now() + 30_000; !isOver(started) && Date.now() < until; await sleep(50))
      if ((await callEngine(socket, "GET", "/_ping").catch(() => undefined)) === "OK") return true;
    return false;
  };
  const remove = async () => {
    process.off("exit", onExit);
    await end(child);
    for (const mount of mountsBelow(dir)) await finished(spawn("umount", ["-l", mount], { stdio: "ignore" }));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  process.once("exit", onExit);
  if (!(await launch())) {
    await remove();
    return none(`dockerd did not start: ${errorOutput.trim().split("\n").at(-1) ?? ""}`);
  }
  return {
    host,
    reason: undefined,
    async restart() {
      await end(child);
      if (!(await launch())) throw new Error(`dockerd did not restart: ${errorOutput}`);
    },
    async close() {
      await empty(socket).catch(() => {});
      await remove();
    },
  };
}

const none = (why: string): DockerEngine => ({
  host: "",
  reason: `no Docker engine (${why})`,
  restart: async () => {},
  close: async () => {},
});
const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

const callEngine = (socketPath: string, method: "GET" | "DELETE", path: string) =>
  new Promise<string>((resolve, reject) =>
    request({ socketPath, method, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => resolve(text));
      response.once("error", reject);
    })
      .once("error", reject)
      .end(),
  );

/** Bridges outlive their engine, so remove networks first. */
async function empty(socket: string): Promise<void> {
  const list = async (path: string) => JSON.parse(await callEngine(socket, "GET", path)) as { Id: string; Name?: string }[];
  await Promise.all((await list("/containers/json?all=1")).map(({ Id }) => callEngine(socket, "DELETE", `/containers/${Id}?force=1&v=1`)));
  const own = (await list("/networks")).filter(({ Name }) => !["host", "none", "bridge"].includes(Name ?? ""));
  await Promise.all(own.map(({ Id }) => callEngine(socket, "DELETE", `/networks/${Id}`)));
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || isOver(child)) return;
  child.kill("SIGTERM");
  for (let i = 0; i < 800 && !isOver(child); i++) await sleep(25);
  if (!isOver(child)) child.kill("SIGKILL");
}

const finished = (child: ChildProcess) =>
  new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));

/** Deepest first. */
const mountsBelow = (dir: string) =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${dir}/`))
    .reverse();
