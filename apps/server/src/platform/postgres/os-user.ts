import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";

/** The user of the operating system that owns the cluster and runs its programs. */
export interface Owner {
  uid: number;
  gid: number;
  /** Not the user of this process. */
  isOther: boolean;
  /** Variables of its programs. */
  env?: Record<string, string>;
}

export async function findOwner(home: string): Promise<Owner> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? uid;
  if (uid !== 0) return { uid, gid, isOther: false, ...(!hasName() && { env: await nameUser(home, { uid, gid }) }) };
  const passwd = (await readFile("/etc/passwd", "utf8")).split("\n").map((l) => l.split(":"));
  const user = passwd.find((f) => f[0] === "postgres") ?? passwd.find((f) => f[0] === "nobody");
  if (!user)
    throw new Error(
      "PostgreSQL cannot run as root, and this host has neither a user `postgres` nor `nobody`. Set DATABASE_URL, or run as another user.",
    );
  return { uid: Number(user[2]), gid: Number(user[3]), isOther: true };
}

/** Whether this process's user is in the user database. */
function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

/** Why the embedded database cannot start as this user; undefined when it can. */
export function userNameProblem(): string | undefined {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0 || hasName() || findNssWrapper() !== undefined) return undefined;
  return `The user ID ${uid} has no entry in /etc/passwd, which PostgreSQL requires. As root: useradd --uid ${uid} studio, or apt-get install -y libnss-wrapper. Or set DATABASE_URL.`;
}

function findNssWrapper(): string | undefined {
  const folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib", ...globSync("/usr/lib/*-linux-gnu")];
  return folders.map((folder) => join(folder, "libnss_wrapper.so")).find((path) => existsSync(path));
}

/** PostgreSQL requires a name of its user, and an id that was given to `docker run --user` has none: a library answers for the user database. */
async function nameUser(home: string, { uid, gid }: { uid: number; gid: number }): Promise<Record<string, string>> {
  const library = findNssWrapper();
  if (library === undefined) throw new Error(userNameProblem());
  const [passwd, group] = [join(home, "passwd"), join(home, "group")];
  await writeFile(passwd, `studio:x:${uid}:${gid}::${home}:/bin/sh\n`);
  await writeFile(group, `studio:x:${gid}:\n`);
  return { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}

export function spawnAs(owner: Owner, file: string, args: string[]): ChildProcess {
  const env = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC", ...owner.env };
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "pipe"], env, cwd: "/" };
  // setpriv makes the server shut down when this process is killed.
  if (process.platform === "linux" && existsSync("/usr/bin/setpriv"))
    return spawn(
      "/usr/bin/setpriv",
      [
        "--pdeathsig",
        "INT",
        ...(owner.isOther ? ["--reuid", String(owner.uid), "--regid", String(owner.gid), "--clear-groups"] : []),
        "--",
        file,
        ...args,
      ],
      options,
    );
  return spawn(file, args, owner.isOther ? { ...options, uid: owner.uid, gid: owner.gid } : options);
}

/** Resolves when initdb has ended; rejects with its last output when it failed. */
export async function finishInitdb(child: ChildProcess): Promise<void> {
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (t: string) => (output += t));
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0) throw new Error(`initdb failed (${code}): ${output.trim().split("\n").slice(-5).join(" ")}`);
}
