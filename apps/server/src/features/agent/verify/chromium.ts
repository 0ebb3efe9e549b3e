import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { adviceToInstall, isContainerImage } from "../../../platform/container-image.ts";
import type { PackagedChromium } from "./browser-package.ts";

/** Where distributions install Chromium and Chrome. */
const usualBrowsers: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];
/** The only paths of this machine that the browser can read. */
const readable = [
  "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/etc/fonts", "/etc/ssl", "/etc/alternatives", "/etc/chromium", "/etc/chromium.d",
  "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/localtime",
]; // prettier-ignore

/** The browser of this machine and how it is isolated. */
export interface Chromium {
  executable: string;
  /** `bubblewrap`: sees only its profile and its own processes, and exits with this process. `own`: only Chromium's sandbox. */
  isolation: "bubblewrap" | "own";
  /** Folder with the libraries and fonts of a browser that this server installed. */
  folder?: string;
}

/**
 * The configured browser, one that the machine has, or the `packaged` one; else the reason why there is none. Starts nothing but a test of
 * bubblewrap.
 */
export async function findChromium(
  configured: string | undefined,
  { packaged, usual = usualBrowsers }: { packaged?: PackagedChromium | undefined; usual?: readonly string[] } = {},
): Promise<Chromium | { missing: string }> {
  const found = configured ?? usual.find((path) => existsSync(path));
  const executable = found ?? packaged?.executable;
  const folder = found === undefined ? packaged?.folder : undefined;
  if (!executable) return { missing: `no Chromium found. ${adviceToInstall("chromium")}, or set CHROMIUM_PATH` };
  if (!existsSync(executable)) return { missing: `CHROMIUM_PATH names ${executable}, which does not exist` };
  if (await works(bubblewrapped("/bin/true", undefined)))
    return { executable, isolation: "bubblewrap", ...(folder !== undefined && { folder }) };
  if (process.platform !== "win32" && process.getuid?.() === 0)
    return {
      missing: `as root the browser needs bubblewrap, which does not work here. ${isContainerImage() ? "Start the container with the options of docs/operations/docker-image.md#start" : adviceToInstall("bubblewrap")}, or run the server as another user`,
    };
  return { executable, isolation: "own", ...(folder !== undefined && { folder }) };
}

/** Variables with which a browser of this server finds its libraries and fonts. */
export const variablesOf = (folder: string | undefined): Record<string, string> =>
  folder === undefined ? {} : { LD_LIBRARY_PATH: join(folder, "lib"), FONTCONFIG_FILE: join(folder, "fonts.conf") };

/** The argv that isolates a program with bubblewrap. It is killed with this process, including its children. */
export function bubblewrapped(executable: string, profile: string | undefined, folder?: string | undefined): string[] {
  return [
    "setpriv", "--no-new-privs", "--pdeathsig", "KILL", "--",
    "bwrap", "--die-with-parent", "--new-session", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL",
    "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    ...readable.filter((path) => existsSync(path)).flatMap((path) => ["--ro-bind", path, path]),
    "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm",
    ...(profile === undefined ? [] : ["--bind", profile, profile]),
    ...(folder === undefined ? [] : ["--ro-bind", folder, folder]),
    "--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8",
    ...Object.entries(variablesOf(folder)).flatMap(([name, value]) => ["--setenv", name, value]),
    "--", executable,
  ]; // prettier-ignore
}

async function works([program = "", ...args]: string[]): Promise<boolean> {
  const child = spawn(program, args, { stdio: "ignore" });
  const end = await once(child, "exit").catch(() => [1]);
  return end[0] === 0;
}
