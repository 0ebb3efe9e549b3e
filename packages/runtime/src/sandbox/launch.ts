import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { superviseScript, supervisorName } from "../host/process-isolation.ts";
import { systemPath } from "../run.ts";

/** Everything needed to start a program in its sandbox. */
export interface Launch {
  argv: readonly string[];
  bwrapArgs: readonly string[];
  /** Undefined when this process is not root: the sandbox shares our uid. */
  uid: number | undefined;
  /** Arguments of `nsenter` that lead into its network. */
  entry: readonly string[];
  /** `cgroup.procs` files to join before exec. */
  joinFiles: readonly string[];
  maxFileBytes: number;
  /** Ends with our process. Off for services, which outlive it. */
  diesWithUs: boolean;
}

/**
 * Joins control groups, sets resource limits, then execs the program. Joining must precede the first fork: a pid moved later leaves its
 * children outside.
 */
const enterScript = (close: string) => `${close}n=$1; shift
while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n - 1)); done
ulimit -c 0; ulimit -f "$1" || exit 125; shift
umask 022
exec "$@"`;

/** The same with the two descriptors opened by path: a pseudo terminal passes only 0, 1 and 2. */
const openFiles = `exec 3<"$1" 4<"$2" || exit 125; rm -f "$1"; shift 2
`;

/** Exits 126 or 127 like a shell when the program cannot be started. */
const becomeProgram = ["/bin/sh", "-c", 'exec "$@"', "sh"];

const chain = (launch: Launch, blockBytes: number, bwrapOptions: readonly string[] = []): string[] => [
  String(launch.joinFiles.length),
  ...launch.joinFiles,
  String(Math.max(1, Math.floor(launch.maxFileBytes / blockBytes))),
  ...(launch.entry.length > 0 ? ["nsenter", ...launch.entry] : []),
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

/** bwrap is pid 1 of the sandbox and keeps its initial environment, so it gets nothing of ours. */
const cleanEnv = { PATH: systemPath };

export interface Launcher {
  /**
   * Starts a child with the given standard streams (descriptors or "ignore"), which the caller closes. After it exited, `hasStarted`
   * returns whether the program ran or bubblewrap failed before.
   */
  start(launch: Launch, stdio: readonly (number | "ignore")[]): { child: ChildProcess; hasStarted: () => boolean };
  /** A detached child that outlives us and stores its pid and exit status in `stateDir`. */
  supervise(launch: Launch, stateDir: string, stdio: readonly (number | "ignore")[]): ChildProcess;
  /** File, arguments and environment for a pseudo terminal. */
  forTerminal(launch: Launch): { file: string; args: string[]; env: Record<string, string> };
}

export function createLauncher({ dir, seccompFile }: { dir: string; seccompFile: string }): Launcher {
  let count = 0;
  const leaked = inheritedDescriptors();
  // dash only supports single-digit descriptors.
  const shell = leaked.some((fd) => fd > 9) && existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  // The unit of `ulimit -f`: bash uses another one when it is not called sh.
  const blockBytes = shell === "/bin/bash" ? 1024 : 512;
  const enter = enterScript(
    leaked
      .filter((fd) => fd <= 9 || shell === "/bin/bash")
      .map((fd) => `exec ${fd}>&-\n`)
      .join(""),
  );
  /** Arguments are passed in a file, because command lines are visible to every process of host and sandbox. */
  const writeArgs = (launch: Launch) => {
    const file = join(dir, `args-${process.pid}-${++count}`);
    writeFileSync(file, launch.bwrapArgs.map((arg) => `${arg}\0`).join(""), { mode: 0o600 });
    return file;
  };
  /** An unlinked file. */
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
    // Reopened each time: the read position belongs to the open file description.
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
      let hasStarted = false;
      const read = () => {
        // bubblewrap reports the program's exit code only if the program was started.
        const text = Buffer.alloc(512);
        hasStarted = text.toString("utf8", 0, readSync(status, text, 0, text.length, 0)).includes('"exit-code"');
        closeSync(status);
      };
      child.once("exit", read);
      child.once("error", () => closeSync(status));
      return { child, hasStarted: () => hasStarted };
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
 * Descriptors that our parent leaked to descendants: a sandbox must not get them. Node's own close on exec. 3 to 5 are used by the launch.
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
