import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { silentLog } from "../log.ts";
import { openHistory } from "./history.ts";
import type { History } from "./types.ts";

/** Deleted by `removeWorlds`. */
const folders: string[] = [];
/** Call after each test. */
export function removeWorlds(): void {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
}
/** A temporary folder. */
export function scratch(): string {
  const base = mkdtempSync(join(tmpdir(), "history-"));
  folders.push(base);
  return base;
}

/** A tree with its history. */
export function world() {
  const base = scratch();
  const [host, tmp, dir] = [join(base, "files"), join(base, "tmp"), join(base, "kept")];
  mkdirSync(host);
  mkdirSync(tmp);
  const open = () => openHistory({ dir, tree: { host, tmp, owner: undefined }, log: silentLog });
  const write = (path: string | Buffer, text: string) => {
    if (typeof path === "string") mkdirSync(dirname(join(host, path)), { recursive: true });
    writeFileSync(typeof path === "string" ? join(host, path) : path, text);
  };
  const read = (path: string) => (existsSync(join(host, path)) ? readFileSync(join(host, path), "utf8") : undefined);
  return { base, host, tmp, dir, open, write, read, history: open() };
}
export const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Everything below a folder, with all attributes. */
export function readTree(dir: string, at = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(dir, at)).sort()) {
    const path = join(at, name);
    const stat = lstatSync(join(dir, path));
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(dir, path))}`;
    else if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, readTree(dir, path));
    else if (stat.isFile()) found[path] = `${(stat.mode & 0o100) !== 0 ? "x " : ""}${readFileSync(join(dir, path), "latin1")}`;
  }
  return found;
}
/** The files of a point. */
export const collectPoint = async (history: History, name: string) => {
  const found: Record<string, string> = {};
  for await (const entry of history.read(name)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.content()) chunks.push(chunk);
    found[`${entry.kind} ${entry.path}${entry.isExecutable ? " x" : ""}`] = Buffer.concat(chunks).toString("utf8");
  }
  return found;
};
