import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const caCertificates = "/usr/local/share/ca-certificates";

/** Why this machine cannot make a Debian image; `undefined` when it can. */
export const debianProblem = (): string | undefined =>
  process.getuid?.() !== 0 ? "debootstrap needs root" : existsSync("/usr/sbin/debootstrap") ? undefined : "debootstrap is not installed";

/**
 * Imports a Debian with Node and npm under `/usr/local` as an image, like the official images of Node, where there is no image registry.
 * It has the certificates that this machine trusts.
 */
export async function importNodeImage(
  host: string,
  { tag, suite = "trixie", node, npm }: { tag: string; suite?: string; node: string; npm: string },
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "debian-"));
  try {
    await run("/usr/sbin/debootstrap", ["--variant=minbase", "--include=ca-certificates", suite, root], { maxBuffer: 64 << 20 });
    const local = join(root, "usr/local");
    await mkdir(join(local, "lib/node_modules"), { recursive: true });
    await cp(node, join(local, "bin/node"));
    await cp(npm, join(local, "lib/node_modules/npm"), { recursive: true });
    for (const name of ["npm", "npx"]) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
    if (existsSync(caCertificates)) await cp(caCertificates, join(root, caCertificates), { recursive: true });
    await run("/usr/sbin/chroot", [root, "/usr/sbin/update-ca-certificates"], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
    const tar = spawn("tar", ["-c", "--numeric-owner", "-C", root, "."], { stdio: ["ignore", "pipe", "ignore"] });
    const load = spawn(
      "docker",
      [
        "--host",
        host,
        "import",
        "--change",
        "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
        "--change",
        'CMD ["node"]',
        "-",
        tag,
      ],
      { stdio: [tar.stdout, "ignore", "inherit"] },
    );
    const [code] = (await once(load, "exit")) as [number | null];
    if (code !== 0) throw new Error(`docker import exited with ${code}`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
