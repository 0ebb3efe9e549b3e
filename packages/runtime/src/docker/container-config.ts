import { join } from "node:path";
import type Docker from "dockerode";
import type { Bind, How, Place } from "../host/process-isolation.ts";
import type { Cgroups } from "../host/cgroups.ts";
import { baseEnv } from "../sandbox/profile.ts";
import type { BaseImage } from "./base-image.ts";
import { bind } from "./mounts.ts";
import type { NetAdmin } from "./net-admin.ts";
import type { Networks } from "./networks.ts";

/** What all sandboxes of a driver share. */
export interface Walls {
  docker: Docker;
  /** Short hash of the data folder; goes into every name. */
  key: string;
  /** Marks everything of ours on the engine. */
  labels: Record<string, string>;
  base: BaseImage;
  networks: Networks;
  admin: NetAdmin | undefined;
  seccomp: string;
  /** Groups of whole sandboxes; `none` where containers are limited one by one. */
  cgroups: Cgroups;
  /** The engine's machine is this one and we are root: its processes can be looked at. */
  isDirect: boolean;
  /** Whether programs run under the slot's uid (we are root) or ours. */
  hasOwnUid: boolean;
  /** Whoever runs a rootless engine is 0 inside. */
  isRootless: boolean;
  /** Read-only files every program of ours sees, and variables it gets. */
  binds: readonly Bind[];
  env: Readonly<Record<string, string>>;
}

export type Role = "pod" | "command" | "service";

/** Labels by which the next process of ours knows what a container is. */
export const label = {
  key: "tesslate.key",
  sandbox: "tesslate.sandbox",
  role: "tesslate.role",
  service: "tesslate.service",
  offline: "tesslate.offline",
};

export const labelsOf = ({ labels }: Walls, place: Place, role: Role, more: Record<string, string> = {}) => ({
  ...labels,
  [label.sandbox]: place.spec.id,
  [label.role]: role,
  ...more,
});

/** The user of a sandbox's programs, as the engine spells it. */
export function userOf({ hasOwnUid, isRootless }: Walls, { slot }: Place): { uid: number; gid: number } {
  if (isRootless) return { uid: 0, gid: 0 };
  return hasOwnUid ? { uid: slot.uid, gid: slot.uid } : { uid: process.getuid?.() ?? 1000, gid: process.getgid?.() ?? 1000 };
}

export const groupOf = ({ slot }: Place) => slot.number.toString(36);
/** Where control groups of a sandbox's containers hang. */
const cgroupParent = ({ key, cgroups }: Walls, place: Place) =>
  cgroups.kind === "none" ? undefined : `/tesslate-${key}/${groupOf(place)}`;

/** Hides the machine: what an engine hides by default, and all that is told in `/sys`. */
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

/** What holds for every container: no privileges and no way to get any, limits, and nothing published. */
export function hostConfig(walls: Walls, place: Place, more: Docker.HostConfig): Docker.HostConfig {
  const { memoryBytes, cpus, pids, diskBytes } = place.limits;
  return {
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges", `seccomp=${walls.seccomp}`],
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
    ...(cgroupParent(walls, place) !== undefined && { CgroupParent: cgroupParent(walls, place) }),
    ...more,
  };
}

/** Names and addresses as programs of a sandbox see them. */
export const nameBinds = (place: Place): Bind[] => [{ from: join(place.dir, "hosts"), to: "/etc/hosts", isWritable: false }];

/** A container for programs of the project: its tree, its home, our tools. */
export function programContainer(walls: Walls, place: Place, how: How, network: string, role: Role): Docker.ContainerCreateOptions {
  const { uid, gid } = userOf(walls, place);
  const isReadOnly = how.isReadOnly ?? false;
  const home: Bind = { from: join(place.dir, "home"), to: "/home/app", isWritable: true };
  return {
    Image: walls.base.id,
    User: `${uid}:${gid}`,
    WorkingDir: how.cwd === "" ? "/app" : `/app/${how.cwd}`,
    Env: Object.entries({ ...envOf(walls), ...how.env }).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(walls, place, role),
    Healthcheck: { Test: ["NONE"] },
    Entrypoint: [],
    HostConfig: hostConfig(walls, place, {
      NetworkMode: network,
      MaskedPaths: [...masked, "/sys"],
      Mounts: [
        ...walls.binds,
        ...nameBinds(place),
        { from: join(place.dir, "passwd"), to: "/etc/passwd", isWritable: false },
        { from: join(place.dir, "group"), to: "/etc/group", isWritable: false },
        ...(how.binds ?? []),
        ...(isReadOnly ? [] : [home]),
        { from: join(place.dir, "files"), to: "/app", isWritable: !isReadOnly },
      ].map(bind),
      Tmpfs: {
        "/tmp": `rw,exec,nosuid,nodev,size=${mib(512)},mode=1777`,
        "/run": `rw,nosuid,nodev,size=${mib(16)},mode=755`,
        ...(isReadOnly && { "/home/app": `rw,exec,nosuid,nodev,size=${mib(64)},mode=700,uid=${uid},gid=${gid}` }),
      },
    }),
  };
}

/** The image's own programs come before ours. */
function envOf({ base, env }: Walls): Record<string, string> {
  if (base.isHostPrograms) return { ...baseEnv, ...env };
  const path = `${base.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}:/opt/studio/bin:/home/app/.local/bin`;
  return { ...base.env, ...baseEnv, ...env, PATH: path };
}

/** Answers 126 and 127 like a shell when the program cannot be started. */
export const asProgram = (argv: readonly string[]) => ["/bin/sh", "-c", 'exec "$@"', "sh", ...argv];
