/** A program's view of the file system in a sandbox, as bubblewrap arguments. Pure. */

export interface View {
  hostname: string;
  /** Host folders mounted as `/app` and `/home/app`. */
  tree: string;
  home: string;
  /** Read-only files and folders: generated `/etc` files, toolchain, CA certificates. In mount order. */
  binds: readonly { from: string; to: string; isWritable?: boolean }[];
  /** Working directory, relative to the tree. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** The tree is read-only, the home folder empty. */
  isReadOnly: boolean;
  /** A terminal is attached: keep its session for job control (the filter denies input injection). */
  hasTerminal: boolean;
  /** `shared`: the network namespace that was entered before; `none`: an empty one. */
  network: "shared" | "none";
}

/** The uid inside the sandbox; outside it is the sandbox's own. */
export const insideUid = 1000;

export function bwrapArgs(view: View): string[] {
  const mib = (n: number) => String(n * 1024 * 1024);
  // prettier-ignore
  return [
    "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    ...(view.network === "none" ? ["--unshare-net"] : []),
    "--uid", String(insideUid), "--gid", String(insideUid), "--hostname", view.hostname,
    "--die-with-parent", "--disable-userns", "--assert-userns-disabled", "--cap-drop", "ALL",
    ...(view.hasTerminal ? [] : ["--new-session"]),
    "--ro-bind", "/usr", "/usr",
    ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    "--proc", "/proc", "--dev", "/dev",
    "--size", mib(256), "--perms", "1777", "--tmpfs", "/dev/shm",
    "--size", mib(512), "--perms", "1777", "--tmpfs", "/tmp",
    "--size", mib(16), "--tmpfs", "/run",
    ...view.binds.flatMap(({ from, to, isWritable }) => [isWritable ? "--bind" : "--ro-bind", from, to]),
    ...(view.isReadOnly ? ["--size", mib(64), "--tmpfs", "/home/app"] : ["--bind", view.home, "/home/app"]),
    view.isReadOnly ? "--ro-bind" : "--bind", view.tree, "/app",
    "--chdir", view.cwd === "." || view.cwd === "" ? "/app" : `/app/${view.cwd}`,
    "--remount-ro", "/", "--clearenv",
    ...Object.entries(view.env).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
}

/** Environment of every program; a service's own variables override it. */
export const baseEnv: Readonly<Record<string, string>> = {
  PATH: "/opt/studio/bin:/usr/local/bin:/usr/bin:/bin:/home/app/.local/bin",
  HOME: "/home/app",
  USER: "app",
  LOGNAME: "app",
  SHELL: "/bin/bash",
  TERM: "xterm-256color",
  LANG: "C.UTF-8",
  TMPDIR: "/tmp",
  npm_config_prefix: "/home/app/.local",
  npm_config_update_notifier: "false",
  npm_config_fund: "false",
  npm_config_audit: "false",
};
