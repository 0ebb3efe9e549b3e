import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { superviseScript, supervisorName } from "../host/process-isolation.ts";
import { systemPath } from "../run.ts";

/** How a program gets from our process into its sandbox. */
export interface Launch {
  argv: readonly string[];
  bwrapArgs: readonly string[];
  /** Undefined when this process is not root: the sandbox then shares our uid. */
  uid: number | undefined;
  /** Network namespace to enter first. */
  netns: string | undefined;
  /** `cgroup.procs` files to join before becoming the program. */
  joinFiles: readonly string[];
  maxFileBytes: number;
  /** Dies with our process. Off for services, which outlive it. */
  diesWithUs: boolean;
}

/**
 * Joins the control groups, sets the resource limits, then becomes the program. Joining must come before the first fork
 * of the program: a pid put into a group afterwards leaves its children outside.
 */
const enterScript = (close: string) => `${close}n=$1; shift
while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n - 1)); done
ulimit -c 0; ulimit -f "$1" || exit 125; shift
umask 022
exec "$@"`;

/** The same with the two descriptors opened by path: a pseudo terminal hands on only 0, 1 and 2. */
const openFiles = `exec 3<"$1" 4<"$2" || exit 125; rm -f "$1"; shift 2
`;

/** Answers 126 and 127 like a shell when the program cannot be started. */
const becomeProgram = ["/bin/sh", "-c", 'exec "$@"', "sh"];

const chain = (launch: Launch, blockBytes: number, bwrapOptions: readonly string[] = []): string[] => [
  String(launch.joinFiles.length),
  ...launch.joinFiles,
  String(Math.max(1, Math.floor(launch.maxFileBytes / blockBytes))),
  ...(launch.netns ? ["nsenter", `--net=${launch.netns}`] : []),
  "setpriv",
  ...(launch.uid === undefined ? [] : ["--reuid", String(launch.uid), "--regid", String(launch.uid), "--clear-groups"]),
  "--no-new-privs",
  ...(launch.diesWithUs ? ["--pdeathsig", "KILL"] : []),
  "--",
  "bwrap",
  "--args",
  "3",
  "--seccomp",
  "4",
  ...bwrapOptions,
  "--",
  ...becomeProgram,
  ...launch.argv,
];

/** bwrap is pid 1 of the sandbox and keeps the environment it was started with, so it is given nothing of ours. */
const cleanEnv = { PATH: systemPath };

export interface Launcher {
  /**
   * A child with the given standard streams (descriptors or "ignore"), which are the caller's to close. After an exit of its
   * own, `hasEntered` tells whether the program ran or bubblewrap gave up before.
   */
  start(launch: Launch, stdio: readonly (number | "ignore")[]): { child: ChildProcess; hasEntered: () => boolean };
  /** A detached child that survives us and leaves its pid and exit status in `stateDir`. */
  supervise(launch: Launch, stateDir: string, stdio: readonly (number | "ignore")[]): ChildProcess;
  /** File, arguments and environment for a pseudo terminal. */
  forTerminal(launch: Launch): { file: string; args: string[]; env: Record<string, string> };
}

export function createLauncher({ dir, seccompFile }: { dir: string; seccompFile: string }): Launcher {
  let count = 0;
  const leaked = inheritedDescriptors();
  // dash knows descriptors of one digit only.
  const shell = leaked.some((fd) => fd > 9) && existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  // The unit of `ulimit -f`: bash has its own when it is not called sh.
  const blockBytes = shell === "/bin/bash" ? 1024 : 512;
  const enter = enterScript(
    leaked
      .filter((fd) => fd <= 9 || shell === "/bin/bash")
      .map((fd) => `exec ${fd}>&-\n`)
      .join(""),
  );
  /** Arguments travel in a file, never on a command line: those are visible to every process of the host and the sandbox. */
  const writeArgs = (launch: Launch) => {
    const file = join(dir, `args-${process.pid}-${++count}`);
    writeFileSync(file, launch.bwrapArgs.map((arg) => `${arg}\0`).join(""), { mode: 0o600 });
    return file;
  };
  /** A file without a name. */
  const openNameless = (file: string, flags: string) => {
    const fd = openSync(file, flags, 0o600);
    unlinkSync(file);
    return fd;
  };
  const spawnWith = (
    launch: Launch,
    argv: string[],
    stdio: readonly (number | "ignore")[],
    isDetached: boolean,
    more: readonly number[] = [],
  ) => {
    const args = openNameless(writeArgs(launch), "r");
    // Opened anew each time: the reading position belongs to the open file, not to the descriptor.
    const filter = openSync(seccompFile, "r");
    try {
      const [program = "", ...rest] = argv;
      return spawn(program, rest, { cwd: "/", env: cleanEnv, stdio: [...stdio, args, filter, ...more], detached: isDetached });
    } finally {
      closeSync(args);
      closeSync(filter);
    }
  };
  return {
    start(launch, stdio) {
      const status = openNameless(join(dir, `status-${process.pid}-${++count}`), "wx+");
      const argv = [shell, "-c", enter, "sh", ...chain(launch, blockBytes, ["--json-status-fd", "5"])];
      let child: ChildProcess;
      try {
        child = spawnWith(launch, argv, stdio, false, [status]);
      } catch (error) {
        closeSync(status);
        throw error;
      }
      let hasEntered = false;
      const read = () => {
        // bubblewrap tells the program's exit code only when it came as far as the program.
        const text = Buffer.alloc(512);
        hasEntered = text.toString("utf8", 0, readSync(status, text, 0, text.length, 0)).includes('"exit-code"');
        closeSync(status);
      };
      child.once("exit", read);
      child.once("error", () => closeSync(status));
      return { child, hasEntered: () => hasEntered };
    },
    supervise: (launch, stateDir, stdio) =>
      spawnWith(
        launch,
        ["/bin/sh", "-c", superviseScript, supervisorName, stateDir, shell, "-c", enter, "sh", ...chain(launch, blockBytes)],
        stdio,
        true,
      ),
    forTerminal: (launch) => ({
      file: shell,
      args: ["-c", openFiles + enter, "sh", writeArgs(launch), seccompFile, ...chain(launch, blockBytes)],
      env: cleanEnv,
    }),
  };
}

/**
 * What our own parent left open for every descendant to inherit: nothing a sandbox should get. Node's own descriptors
 * close by themselves. 3 to 5 are taken by the launch.
 */
function inheritedDescriptors(): number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((fd) => fd > 5)
    .filter((fd) => {
      try {
        const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0", 8);
        return (flags & 0o2000000) === 0;
      } catch {
        return false; // the descriptor of this very listing
      }
    });
}
