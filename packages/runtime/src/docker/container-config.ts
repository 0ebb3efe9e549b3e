import { join } from "node:path";
import type Docker from "dockerode";
import type { Bind, LaunchOptions, SandboxLocation } from "../host/process-isolation.ts";
import type { Cgroups } from "../host/processes/cgroups.ts";
import { baseEnv } from "../sandbox/profile.ts";
import type { BaseImage } from "./base-image.ts";
import type { Mount } from "./mounts.ts";
import type { NetAdmin } from "./net-admin.ts";
import type { Networks } from "./networks.ts";

/** Shared by all sandboxes of a driver. */
export interface DriverContext {
  docker: Docker;
  /** Short hash of the data folder, part of every name. */
  key: string;
  /** Labels of everything we create at the engine. */
  labels: Record<string, string>;
  base: BaseImage;
  mount: Mount;
  networks: Networks;
  admin: NetAdmin | undefined;
  seccomp: string;
  /** Control groups of whole sandboxes; `none` when each container is limited separately. */
  cgroups: Cgroups;
  /** The engine runs on this machine and we are root: its processes are visible. */
  isDirect: boolean;
  /** Whether programs run under the slot's uid (as root) or ours. */
  hasOwnUid: boolean;
  /** The user of a rootless engine is uid 0 inside. */
  isRootless: boolean;
  /** Read-only files and variables for every program. */
  binds: readonly Bind[];
  env: Readonly<Record<string, string>>;
}

export type Role = "pod" | "command" | "service";

/** Labels from which the next process identifies a container. */
export const label = {
  key: "tesslate.key",
  sandbox: "tesslate.sandbox",
  role: "tesslate.role",
  service: "tesslate.service",
  offline: "tesslate.offline",
};

export const labelsOf = ({ labels }: DriverContext, location: SandboxLocation, role: Role, more: Record<string, string> = {}) => ({
  ...labels,
  [label.sandbox]: location.spec.id,
  [label.role]: role,
  ...more,
});

/** The user of a sandbox's programs, in the engine's format. */
export function userOf({ hasOwnUid, isRootless }: DriverContext, { slot }: SandboxLocation): { uid: number; gid: number } {
  if (isRootless) return { uid: 0, gid: 0 };
  return hasOwnUid ? { uid: slot.uid, gid: slot.uid } : { uid: process.getuid?.() ?? 1000, gid: process.getgid?.() ?? 1000 };
}

export const groupOf = ({ slot }: SandboxLocation) => slot.number.toString(36);
/** Parent control group of a sandbox's containers. */
const cgroupParent = ({ key, cgroups }: DriverContext, location: SandboxLocation) =>
  cgroups.kind === "none" ? undefined : `/tesslate-${key}/${groupOf(location)}`;

/** Paths hidden from containers: the engine's defaults and everything in `/sys` about the machine. */
const masked = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
];
const mib = (n: number) => n * 2 ** 20;

/** Options of every container: no privileges, no privilege escalation, limits, no published ports. */
export function hostConfig(context: DriverContext, location: SandboxLocation, more: Docker.HostConfig): Docker.HostConfig {
  const { memoryBytes, cpus, pids, diskBytes } = location.limits;
  return {
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges", `seccomp=${context.seccomp}`],
    ReadonlyRootfs: true,
    IpcMode: "private",
    ShmSize: mib(256),
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: Math.round(cpus * 1e9),
    PidsLimit: pids,
    Ulimits: [
      { Name: "core", Soft: 0, Hard: 0 },
      { Name: "fsize", Soft: diskBytes, Hard: diskBytes },
    ],
    RestartPolicy: { Name: "no" },
    LogConfig: { Type: "json-file", Config: { "max-size": "8m", "max-file": "2" } },
    ...(cgroupParent(context, location) !== undefined && { CgroupParent: cgroupParent(context, location) }),
    ...more,
  };
}

/** Host names and addresses as a sandbox's programs see them. */
export const nameBinds = (location: SandboxLocation): Bind[] => [
  { from: join(location.dir, "hosts"), to: "/etc/hosts", isWritable: false },
];

/** A container for project programs, with the tree, the home folder and our tools. */
export function programContainer(
  context: DriverContext,
  location: SandboxLocation,
  launch: LaunchOptions,
  network: string,
  role: Role,
): Docker.ContainerCreateOptions {
  const { uid, gid } = userOf(context, location);
  const isReadOnly = launch.isReadOnly ?? false;
  const home: Bind = { from: join(location.dir, "home"), to: "/home/app", isWritable: true };
  return {
    Image: context.base.id,
    User: `${uid}:${gid}`,
    WorkingDir: launch.cwd === "" ? "/app" : `/app/${launch.cwd}`,
    Env: environment(context, launch.env),
    Labels: labelsOf(context, location, role),
    Healthcheck: { Test: ["NONE"] },
    Entrypoint: [],
    HostConfig: hostConfig(context, location, {
      NetworkMode: network,
      MaskedPaths: [...masked, "/sys"],
      Mounts: [
        ...context.binds,
        ...nameBinds(location),
        { from: join(location.dir, "passwd"), to: "/etc/passwd", isWritable: false },
        { from: join(location.dir, "group"), to: "/etc/group", isWritable: false },
        ...(launch.binds ?? []),
        ...(isReadOnly ? [] : [home]),
        { from: join(location.dir, "files"), to: "/app", isWritable: !isReadOnly },
      ].map(context.mount),
      Tmpfs: {
        "/tmp": `rw,exec,nosuid,nodev,size=${mib(512)},mode=1777`,
        "/run": `rw,nosuid,nodev,size=${mib(16)},mode=755`,
        ...(isReadOnly && { "/home/app": `rw,exec,nosuid,nodev,size=${mib(64)},mode=700,uid=${uid},gid=${gid}` }),
      },
    }),
  };
}

/** In the engine's format: a name without a value removes a variable of the image. */
function environment(context: DriverContext, more: Readonly<Record<string, string>>): string[] {
  const env = { ...envOf(context), ...more };
  const unset = context.base.unset.filter((name) => !(name in env));
  return [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...unset];
}

/** The image's own programs precede ours. */
function envOf({ base, env }: DriverContext): Record<string, string> {
  if (base.programs !== "image") return { ...baseEnv, ...env };
  const path = `${base.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}:/opt/studio/bin:/home/app/.local/bin`;
  return { ...base.env, ...baseEnv, ...env, PATH: path };
}

/** Exits 126 or 127 like a shell when the program cannot be started. */
export const asProgram = (argv: readonly string[]) => ["/bin/sh", "-c", 'exec "$@"', "sh", ...argv];
