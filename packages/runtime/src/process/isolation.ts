import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectTo } from "../connect.ts";
import { RuntimeError } from "../errors.ts";
import {
  killPid,
  superviseScript,
  supervisorName,
  type ProcessIsolation,
  type LaunchOptions,
  type SandboxLocation,
} from "../host/process-isolation.ts";
import type { Cgroups, Group, Leaf } from "../host/processes/cgroups.ts";
import { marker, markedProcesses } from "../host/processes/marked.ts";
import { translate } from "../host/processes/programs.ts";

interface Options {
  /** Short name of the data folder. */
  key: string;
  /** Folder with the tools' wrappers. */
  bin: string;
  cgroups: Cgroups;
  hasOwnUid: boolean;
}

const enter = `n=$1; shift
while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n - 1)); done
ulimit -c 0; ulimit -f "$1" || exit 125; shift
umask 022
exec "$@"`;

/** Processes of one project under its uid, marked so that all of them can be found. */
export function createProcessIsolation(first: SandboxLocation, { key, bin, cgroups, hasOwnUid }: Options): ProcessIsolation {
  let location = first;
  const { dir, slot } = location;
  const owner = hasOwnUid ? { uid: slot.uid, gid: slot.uid } : undefined;
  const files = join(dir, "files");
  const hasGroups = cgroups.kind !== "none";
  const groupName = slot.number.toString(36);
  let group: Group | undefined = cgroups.names().includes(groupName) ? cgroups.group(groupName) : undefined;
  let hasLimits = false;
  let count = 0;

  function newLeaf(name: string): Leaf {
    group ??= cgroups.group(groupName);
    if (!hasLimits) group.setLimits(location.limits);
    hasLimits = true;
    return group.leaf(name);
  }
  const markOf = (name: string) => `${key}/${location.spec.id}/${name}`;

  function launch(argv: readonly string[], options: LaunchOptions, name: string, diesWithUs: boolean) {
    if (options.isReadOnly) throw new RuntimeError("not_supported", "without isolation a command cannot be kept from writing");
    const leaf = newLeaf(name);
    // Nothing can be mounted: programs get real paths instead.
    const real = (text: string) => translate(text, options.binds ?? []) ?? text;
    return {
      leaf,
      cwd: join(files, options.cwd),
      argv: [
        ...["/bin/sh", "-c", enter, "sh", String(leaf.joinFiles.length)].concat(leaf.joinFiles),
        String(Math.max(1, Math.floor(location.limits.diskBytes / 512))),
        "setpriv",
        ...(owner ? ["--reuid", String(owner.uid), "--regid", String(owner.gid), "--clear-groups"] : []),
        "--no-new-privs",
        ...(diesWithUs ? ["--pdeathsig", "KILL"] : []),
        "--",
        ...["/bin/sh", "-c", 'exec "$@"', "sh"].concat(argv.map(real)),
      ],
      env: {
        PATH: `${bin}:/usr/local/bin:/usr/bin:/bin:${join(dir, "home/.local/bin")}`,
        HOME: join(dir, "home"),
        USER: "app",
        LOGNAME: "app",
        SHELL: "/bin/bash",
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
        npm_config_prefix: join(dir, "home/.local"),
        npm_config_update_notifier: "false",
        npm_config_fund: "false",
        npm_config_audit: "false",
        ...Object.fromEntries(Object.entries(options.env).map(([key, value]) => [key, real(value)])),
        [marker]: markOf(name),
      },
    };
  }
  async function kill(name: string, leaf: Leaf | undefined, leader?: number) {
    if (hasGroups) await leaf?.kill();
    for (let attempt = 0; ; attempt++) {
      const left = running(markOf(name), leader);
      if (left.length === 0) return;
      if (attempt > 400) throw new RuntimeError("unavailable", "processes of the project survive SIGKILL");
      left.forEach(killPid);
      await sleep(5);
    }
  }

  return {
    inside: files,
    owner,
    async command(argv, options) {
      const name = `x-${process.pid}-${++count}`;
      const { leaf, argv: all, cwd, env } = launch(argv, options, name, true);
      let leader: number | undefined;
      return {
        start([stdin, stdout, stderr]) {
          const child = spawn(all[0] as string, all.slice(1), { cwd, env, stdio: [stdin, stdout, stderr], detached: true });
          leader = child.pid;
          return child;
        },
        kill: () => kill(name, leaf, leader),
        // What precedes the program (joining groups, changing the user) worked when the driver was opened.
        hasStarted: () => true,
        dispose: () => leaf.remove(),
      };
    },
    async terminal(argv, options) {
      const name = `t-${process.pid}-${++count}`;
      const { leaf, argv: all, cwd, env } = launch(argv, options, name, true);
      return { file: all[0] as string, args: all.slice(1), env, cwd, kill: (pid) => kill(name, leaf, pid), dispose: () => leaf.remove() };
    },
    service(name) {
      const leafName = `s-${name}`;
      return {
        async start(argv, options, stateDir, stdio) {
          const { argv: all, cwd, env } = launch(argv, options, leafName, false);
          return spawn("/bin/sh", ["-c", superviseScript, supervisorName, stateDir, ...all], {
            cwd,
            env,
            stdio: [...stdio],
            detached: true,
          });
        },
        pids: () => (hasGroups ? (group?.leaf(leafName).pids() ?? []) : running(markOf(leafName))),
        kill: () => kill(leafName, group?.leaf(leafName)),
      };
    },
    pids: () => markedProcesses().flatMap(({ pid, mark }) => (mark.startsWith(markOf("")) ? [pid] : [])),
    address: (port) => ({ host: "127.0.0.1", port }),
    connect: (port, options) => connectTo({ host: "127.0.0.1", port }, options),
    usage: () => group?.usage() ?? { memoryBytes: 0, cpuSeconds: 0, pids: 0 },
    oomKills: () => group?.oomKills() ?? 0,
    freeze: () => group?.freeze(),
    thaw: () => group?.thaw(),
    isFrozen: () => group?.isFrozen() ?? false,
    update(next) {
      location = next;
      if (hasLimits) group?.setLimits(location.limits);
    },
    async killLeftovers() {
      for (const { pid, mark } of markedProcesses()) if (mark.startsWith(markOf("x-")) || mark.startsWith(markOf("t-"))) killPid(pid);
      for (const name of group?.leaves() ?? []) {
        if (name.startsWith("s-")) continue;
        await group?.leaf(name).kill();
        group?.leaf(name).remove();
      }
    },
    async remove() {
      await group?.remove();
      group = undefined;
      hasLimits = false;
    },
  };
}

/**
 * Processes with exactly this mark, and those of the session created by `leader`: during exec a process shows no environment, and the
 * first one may not have joined its group. Supervisors, which have the mark too, are excluded.
 */
function running(mark: string, leader?: number): number[] {
  const found = markedProcesses().flatMap((one) => (one.mark === mark ? [one.pid] : []));
  return leader === undefined ? found : [...new Set([...found, ...processes().filter((pid) => sessionOf(pid) === leader)])];
}

const processes = (): number[] => readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** The session of a process that has not ended. */
function sessionOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name in brackets may contain anything; after it: state, parent, process group, session.
  const [state = "", , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return session === undefined || "ZX".includes(state) ? undefined : Number(session);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended, or is none of ours
  }
}
