import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
/** What a browser needs to see of this machine, and nothing else. */
const readable = [
  "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/etc/fonts", "/etc/ssl", "/etc/alternatives", "/etc/chromium", "/etc/chromium.d",
  "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/localtime",
]; // prettier-ignore

/** The browser of this machine and what keeps it from the rest of the machine. */
export interface Chromium {
  executable: string;
  /** `bubblewrap`: no files but its profile, no processes but its own, gone with us. `own`: Chromium's sandbox alone. */
  walls: "bubblewrap" | "own";
}

/** The configured browser or one at a usual place; else why there is none. Looks only, starts nothing but a trial of bubblewrap. */
export async function findChromium(configured: string | undefined): Promise<Chromium | { missing: string }> {
  const executable = configured ?? usual.find((path) => existsSync(path));
  if (!executable) return { missing: "no Chromium found. apt-get install -y chromium, or set CHROMIUM_PATH" };
  if (!existsSync(executable)) return { missing: `CHROMIUM_PATH names ${executable}, which does not exist` };
  if (await works(bubblewrapped("/bin/true", undefined))) return { executable, walls: "bubblewrap" };
  if (process.platform !== "win32" && process.getuid?.() === 0)
    return {
      missing:
        "as root the browser needs bubblewrap, which does not work here. apt-get install -y bubblewrap, or run the server as another user",
    };
  return { executable, walls: "own" };
}

/** The argv that puts a program into walls of its own. It is killed with this process, and everything it started with it. */
export function bubblewrapped(executable: string, profile: string | undefined): string[] {
  return [
    "setpriv", "--no-new-privs", "--pdeathsig", "KILL", "--",
    "bwrap", "--die-with-parent", "--new-session", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
    "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    ...readable.filter((path) => existsSync(path)).flatMap((path) => ["--ro-bind", path, path]),
    "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm",
    ...(profile === undefined ? [] : ["--bind", profile, profile]),
    "--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8",
    "--", executable,
  ]; // prettier-ignore
}

async function works([program = "", ...args]: string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: "ignore" });
  const end = await once(child, "exit").catch(() => [1]);
  return end[0] === 0;
}
