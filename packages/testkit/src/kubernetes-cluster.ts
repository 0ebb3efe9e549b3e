import { execFile, spawn } from "node:child_process";
import { existsSync, globSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { debianProblem } from "./debian-image.ts";
import { loadRunnerImage, runnerImage, type Bundle } from "./kubernetes-images.ts";
import { clusterFolder, runCluster } from "./kubernetes-tool.ts";

const run = promisify(execFile);

/** A real cluster of one node on this machine: packages/testkit/kubernetes/README.md. */
export interface TestCluster {
  /** Has its files, and `bin/kubectl`. */
  folder: string;
  /** Of an administrator. */
  kubeconfig: string;
  /** Of an image of this checkout's runner. */
  image: string;
  /** Where pods see this machine. */
  address: string;
  /** The controller of kubernetes-sigs/agent-sandbox runs; otherwise why it does not. */
  sandboxes: true | string;
}

interface Options {
  /** Of this checkout. */
  root: string;
  bundle: Bundle;
  /** A checkout of kubernetes-sigs/agent-sandbox, whose controller is compiled. */
  agentSandbox?: string | undefined;
  say(line: string): void;
}

/** Why this machine cannot have one; `undefined` when it can. */
export const clusterProblem = (): string | undefined => (process.platform === "linux" ? debianProblem() : "it needs Linux");

/** Starts the cluster, and builds before what has changed. The first time takes minutes. */
export async function startCluster({ root, bundle, agentSandbox, say }: Options): Promise<TestCluster> {
  const dir = clusterFolder(root);
  await mkdir(dir, { recursive: true });
  say("starting a Kubernetes cluster");
  await runCluster(root, "build");
  await runCluster(root, "up");
  await loadRunnerImage(root, bundle, say);
  const network = readFileSync(join(dir, "state/net"), "utf8").trim();
  return {
    folder: dir,
    kubeconfig: join(dir, "kubeconfig"),
    image: runnerImage,
    address: `10.${network}.255.1`,
    sandboxes: await startController(root, agentSandbox, say),
  };
}

export async function stopCluster(root: string): Promise<void> {
  const controller = runningController(clusterFolder(root));
  if (controller !== undefined) process.kill(controller, "SIGTERM");
  await runCluster(root, "down");
}

const controllerName = "agent-sandbox-controller";
/** Its process id, which by now may belong to another program. */
function runningController(dir: string): number | undefined {
  const file = join(dir, "controller.pid");
  if (!existsSync(file)) return undefined;
  const pid = readFileSync(file, "utf8");
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === controllerName ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** Kills a component of the cluster, which then starts again. */
export const killComponent = async (root: string, component: string): Promise<void> => void (await runCluster(root, "kill", [component]));

/** Of Helm: a Go module, compiled once. */
const helmVersion = "v3.22.0";

/** Helm's program; compiled if it is missing. */
export async function helmProgram(root: string, say: Options["say"]): Promise<string> {
  const dir = clusterFolder(root);
  const program = join(dir, "bin", `helm-${helmVersion}`);
  if (existsSync(program)) return program;
  say("compiling Helm");
  const into = join(dir, "cache/helm");
  await run("go", ["install", "-trimpath", "-ldflags", "-s -w", `helm.sh/helm/v3/cmd/helm@${helmVersion}`], {
    // Not in a module.
    cwd: dir,
    env: { ...goEnvironment(dir), GOBIN: into },
    maxBuffer: 64 << 20,
  });
  await rename(join(into, "helm"), program);
  return program;
}

const goEnvironment = (dir: string) => ({
  ...process.env,
  GOMODCACHE: join(dir, "cache/modules"),
  GOCACHE: join(dir, "cache/go"),
  GOFLAGS: "-modcacherw -buildvcs=false",
  CGO_ENABLED: "0",
  GOWORK: "off",
});

/** The controller, as a process of this machine: it needs no image, no webhook and no certificates then. */
async function startController(root: string, source: string | undefined, say: Options["say"]): Promise<true | string> {
  const dir = clusterFolder(root);
  const program = join(dir, "bin", controllerName);
  const manifests = join(dir, "agent-sandbox-crds");
  if (!existsSync(program) || !existsSync(manifests)) {
    if (source === undefined) return "AGENT_SANDBOX_SOURCE names no checkout of kubernetes-sigs/agent-sandbox";
    say("compiling the controller of agent-sandbox");
    await run("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/agent-sandbox-controller"], {
      cwd: source,
      env: goEnvironment(dir),
      maxBuffer: 64 << 20,
    });
    await mkdir(manifests, { recursive: true });
    for (const file of globSync("helm/crds/*.yaml", { cwd: source })) {
      // Without the controller's webhook only the stored version is used.
      const text = readFileSync(join(source, file), "utf8");
      await writeFile(join(manifests, file.split("/").at(-1) ?? file), text.slice(0, text.indexOf("\n  conversion:")) + "\n");
    }
    await chmod(program, 0o755);
  }
  const kubectl = (...argv: string[]) => run(join(dirname(program), "kubectl"), ["--kubeconfig", join(dir, "kubeconfig"), ...argv]);
  await kubectl("apply", "--server-side", "-f", manifests);
  // The controller ends if it does not find them.
  await kubectl("wait", "--for=condition=Established", "--filename", manifests, "--timeout=60s");
  if (runningController(dir) === undefined) {
    const log = openSync(join(dir, "state/logs/agent-sandbox.log"), "a");
    const flags = ["--leader-elect=false", "--enable-webhook=false", "--metrics-bind-address=0", "--health-probe-bind-address=0"];
    const child = spawn(program, flags, {
      stdio: ["ignore", log, log],
      detached: true,
      env: { PATH: "/usr/bin:/bin", KUBECONFIG: join(dir, "kubeconfig") },
    });
    child.unref();
    await writeFile(join(dir, "controller.pid"), String(child.pid));
  }
  return true;
}
