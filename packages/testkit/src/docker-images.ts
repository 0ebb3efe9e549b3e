import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** A path of this machine and its path in the image. A checkout may be under `/tmp`, which containers replace. */
export interface InstalledFile {
  from: string;
  to: string;
}

/** An image of programs of this machine, where there is no registry. */
export interface ProgramImage {
  /** `postgres:17-alpine`: the name that services request. */
  tag: string;
  /** Absolute paths; required libraries are included. `/bin/sh` and a few basic tools are always included. */
  programs: readonly (string | InstalledFile)[];
  /** Folders to include as they are. */
  folders?: readonly InstalledFile[];
  /** Additional files. */
  files?: readonly { path: string; content: string }[];
  /** Empty folders with an owner. */
  owned?: readonly { path: string; uid: number; mode?: number }[];
  /** Lines of a Dockerfile: `CMD`, `ENTRYPOINT`, `ENV`, `USER`, `VOLUME`, `WORKDIR`. */
  changes?: readonly string[];
}

const plainTools = ["sh", "cat", "chmod", "id", "ls", "mkdir", "rm", "sleep", "test", "true", "false"].map((name) => `/bin/${name}`);

/** Assembles the programs and imports them into the engine at `host` (`unix://…`). Needs root. */
export async function importPrograms(host: string, image: ProgramImage): Promise<void> {
  const { tag, programs, folders = [], files = [], owned = [], changes = [] } = image;
  const root = mkdtempSync(join(tmpdir(), "image-"));
  const within = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  try {
    // Programs and libraries are in /usr, whatever name is used.
    for (const link of ["bin", "sbin", "lib", "lib64"]) {
      mkdirSync(join(root, "usr", link), { recursive: true });
      symlinkSync(`usr/${link}`, join(root, link));
    }
    mkdirSync(join(root, "tmp"));
    chmodSync(join(root, "tmp"), 0o1777);
    chmodSync(root, 0o755);
    for (const path of ["etc", "proc", "sys", "dev", "run"]) mkdirSync(join(root, path));
    const all = [...plainTools, ...programs]
      .map((program) => (typeof program === "string" ? { from: program, to: program } : program))
      .filter(({ from }) => existsSync(from));
    const isIn = (path: string) => folders.some(({ from }) => path.startsWith(`${from}/`));
    const libraries = (await librariesOf(all.map(({ from }) => from))).filter((path) => !isIn(path));
    for (const { from, to } of folders) cpSync(from, within(to), { recursive: true, verbatimSymlinks: true });
    for (const { from, to } of [...all, ...libraries.map((path) => ({ from: path, to: path }))])
      if (!existsSync(join(root, to))) cpSync(realpathSync(from), within(to));
    for (const { path, content } of files) writeFileSync(within(path), content, { mode: 0o755 });
    for (const { path, uid, mode } of owned) {
      mkdirSync(join(root, path), { recursive: true });
      chownSync(join(root, path), uid, uid);
      if (mode !== undefined) chmodSync(join(root, path), mode);
    }
    await hand(host, tag, changes, root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The libraries the loader would load. */
async function librariesOf(programs: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ldd", [...programs], { maxBuffer: 4 << 20 }).catch((error: { stdout?: string }) => ({
    // Scripts cause an exit code.
    stdout: error.stdout ?? "",
  }));
  return [...stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)].map((match) => match[1] ?? "");
}

async function hand(host: string, tag: string, changes: readonly string[], root: string): Promise<void> {
  const [repo = "", version = "latest"] = tag.split(":");
  const query = new URLSearchParams([["fromSrc", "-"], ["repo", repo], ["tag", version], ...changes.map((line) => ["changes", line])]);
  const tar = spawn("tar", ["-c", "--numeric-owner", "-C", root, "."], { stdio: ["ignore", "pipe", "ignore"] });
  const answer = await new Promise<string>((resolve, reject) => {
    const upload = request(
      {
        socketPath: host.slice("unix://".length),
        method: "POST",
        path: `/images/create?${query}`,
        headers: { "content-type": "application/x-tar" },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => resolve(text));
      },
    );
    upload.once("error", reject);
    tar.stdout.pipe(upload);
  });
  if (!answer.includes("sha256:")) throw new Error(`the engine did not take ${tag}: ${answer.trim()}`);
}
