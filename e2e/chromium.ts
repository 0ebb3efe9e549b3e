import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";

const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const bwrap = ["/usr/bin/bwrap", "/bin/bwrap"].find((path) => existsSync(path));

/** A real Chromium without background requests. */
export async function startChromium(): Promise<Browser> {
  if (!executable) throw new Error("No Chromium on this machine. On Debian or Ubuntu: apt-get install -y chromium");
  return chromium.launch({
    executablePath: await withoutNetlink(executable),
    headless: true,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
}

/**
 * Chromium aborts requests when a network link of the machine is added or removed, as those of sandboxes are all the time. It watches links with a
 * netlink socket; without one it assumes that the network does not change.
 */
async function withoutNetlink(program: string): Promise<string> {
  if (!bwrap) return program;
  const dir = await mkdtemp(join(tmpdir(), "chromium-"));
  const [filter, start] = [join(dir, "filter"), join(dir, "chromium")];
  writeFileSync(filter, noNetlink());
  const argv = [bwrap, "--dev-bind / /", "--die-with-parent", "--seccomp 9", "--", program];
  writeFileSync(start, `#!/bin/sh\nexec ${argv.join(" ")} "$@" 9<${filter}\n`, { mode: 0o755 });
  return start;
}

/** `socket(AF_NETLINK, …)` fails with EAFNOSUPPORT, everything else is allowed: a filter for seccomp. */
function noNetlink(): Buffer {
  const [arch, socket] = process.arch === "arm64" ? [0xc00000b7, 198] : [0xc000003e, 41];
  const [load, jumpIfEqual, answer] = [0x20, 0x15, 0x06];
  const [netlink, allowed, notSupported] = [16, 0x7fff0000, 0x00050000 + 97];
  // code, jump if true, jump if false, value; of the call's data: 0 its number, 4 the architecture, 16 the first argument.
  const steps: [number, number, number, number][] = [
    [load, 0, 0, 4],
    [jumpIfEqual, 0, 5, arch],
    [load, 0, 0, 0],
    [jumpIfEqual, 0, 3, socket],
    [load, 0, 0, 16],
    [jumpIfEqual, 0, 1, netlink],
    [answer, 0, 0, notSupported],
    [answer, 0, 0, allowed],
  ];
  return Buffer.concat(
    steps.map(([code, yes, no, value]) => {
      const step = Buffer.alloc(8);
      step.writeUInt16LE(code, 0);
      step.writeUInt8(yes, 2);
      step.writeUInt8(no, 3);
      step.writeUInt32LE(value >>> 0, 4);
      return step;
    }),
  );
}
