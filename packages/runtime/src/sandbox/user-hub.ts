import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { endPrograms } from "../host/leftovers.ts";
import { hubDevice, hubRules, ownNetworks } from "../host/network/filter.ts";
import { networkHolderName } from "../host/process-isolation.ts";
import type { Slot } from "../host/slots/slots.ts";
import type { RuntimeLog } from "../log.ts";
import { run, systemPath } from "../run.ts";
import { createConnector } from "./connector-client.ts";
import type { Hub } from "./hub.ts";

interface Options {
  /** The state folder. */
  dir: string;
  /** The addresses between pasta and the hub. */
  slot: Slot;
  /** Called before a new hub is created: what runs was connected to an earlier one, or to none. */
  endAll(): Promise<void>;
  log: RuntimeLog;
}

/** pasta passes whole segments on, so packets may be as large as IP allows. */
const mtu = 65_520;
const readyMs = 10_000;

/**
 * Keeps the namespaces alive: the first process in them, root there, with `/run` of its own for the sandboxes' namespaces. It reports its
 * process id outside, and ends with pasta, its parent.
 */
const hold = `set -e
read -r pid rest </proc/self/stat
echo "$pid" >"$1"
mount -t tmpfs -o mode=755 network /run
mkdir /run/netns
echo 1 >/proc/sys/net/ipv4/ip_forward
for which in all default; do
  echo 0 >"/proc/sys/net/ipv4/conf/$which/send_redirects"
  [ ! -e /proc/sys/net/ipv6 ] || echo 1 >"/proc/sys/net/ipv6/conf/$which/disable_ipv6"
done
ip link set lo up
echo ready
exec >/dev/null 2>&1
sleep infinity`;

/**
 * The hub of an ordinary user, in user and network namespaces of its own, or the one of an earlier process. `pasta` carries its outgoing
 * connections to the host's network as connections of this user; nothing leads from the host into it, except the connector. Throws when
 * this machine does not allow it.
 */
export async function openUserHub({ dir, slot, endAll, log }: Options): Promise<Hub> {
  const folder = join(dir, "network");
  const pidFile = join(folder, "pid");
  const logFile = join(folder, "log");
  // Not with its parents: the state folder may have been deleted.
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  const end = () => endPrograms({ below: [folder] });

  /** Of a living holder. The pid may have been reused; the holder's command line contains its file. */
  function findHolder(): number | undefined {
    const pid = Number(readIfThere(pidFile));
    const argv = pid > 0 ? readIfThere(`/proc/${pid}/cmdline`).split("\0") : [];
    return argv.includes(networkHolderName) && argv.includes(pidFile) ? pid : undefined;
  }
  async function create(): Promise<number> {
    await end();
    await endAll();
    await startHolder({ slot, pidFile, logFile }).catch(async (error: unknown) => {
      // pasta can leave a process when it fails.
      await end();
      throw error;
    });
    const pid = findHolder();
    if (pid === undefined) throw new Error("pasta ended");
    return pid;
  }

  let holder = findHolder() ?? (await create());
  const inside = () => ["--preserve-credentials", `--user=/proc/${holder}/ns/user`];
  const enterNetwork = () => ["nsenter", ...inside(), `--net=/proc/${holder}/ns/net`] as const;
  const fileOf = (name: string) => `/proc/${holder}/root/run/netns/${name}`;
  const inHub = (argv: readonly string[], options?: { input?: string }) =>
    run([...enterNetwork(), `--mount=/proc/${holder}/ns/mnt`, ...argv], options);
  let connector = createConnector({ enter: enterNetwork(), log });
  return {
    mtu,
    run: inHub,
    isOpen: () => findHolder() === holder,
    async reopen() {
      log.error({}, "the network of the projects ended unexpectedly: their services are ended, and it is created again");
      connector.close();
      holder = await create();
      connector = createConnector({ enter: enterNetwork(), log });
    },
    has: (name) => existsSync(fileOf(name)),
    entry: (name) => [...inside(), `--net=${fileOf(name)}`],
    async remove(name) {
      if (existsSync(fileOf(name)))
        await inHub(["ip", "netns", "del", name]).catch((error: unknown) => {
          if (existsSync(fileOf(name))) throw error;
        });
    },
    // The host's addresses are not local to the hub: they are refused by number.
    configuration: () => ownNetworks().sort().join(),
    async filter(policy) {
      await inHub(["nft", "-f", "-"], { input: hubRules(policy, { isOnly: true }) });
    },
    connect: (address, options) => connector.connect(address, options),
    leave: () => connector.close(),
    async close() {
      connector.close();
      await end();
    },
  };
}

/** Resolves when the namespaces are set up. */
async function startHolder({ slot, pidFile, logFile }: { slot: Slot; pidFile: string; logFile: string }): Promise<void> {
  // No ports in either direction, and no address that leads to the host's loopback.
  const options = ["--foreground", "--quiet", "--ipv4-only", "--config-net", "--no-map-gw"];
  const ports = ["--tcp-ports", "--udp-ports", "--tcp-ns", "--udp-ns"].flatMap((name) => [name, "none"]);
  const address = ["--ns-ifname", hubDevice, "--address", slot.ip, "--netmask", "30", "--gateway", slot.hostIp];
  const holder = [
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--mount",
    "sh",
    "-c",
    hold,
    networkHolderName,
    pidFile,
    readlinkSync("/proc/self/ns/mnt"),
  ];
  const errors = openSync(logFile, "w", 0o600);
  let child: ChildProcess;
  try {
    child = spawn("pasta", [...options, ...ports, ...address, "--", ...holder], {
      cwd: "/",
      env: { PATH: systemPath },
      stdio: ["ignore", "pipe", errors],
      detached: true,
    });
  } finally {
    closeSync(errors);
  }
  child.unref();
  const isReady = await new Promise<boolean>((resolve, reject) => {
    const limit = setTimeout(() => resolve(false), readyMs);
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? new Error("pasta (of the package passt) is not installed") : error),
    );
    child.once("exit", () => resolve(false));
    child.stdout?.once("data", () => resolve(true)).once("close", () => resolve(false));
    child.once("exit", () => clearTimeout(limit));
    child.stdout?.once("data", () => clearTimeout(limit));
  });
  child.stdout?.destroy();
  if (isReady) return;
  child.kill("SIGKILL");
  const lines = readIfThere(logFile)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Failed to send"));
  throw new Error(`pasta cannot connect a network: ${lines.at(-1) ?? "it gave no reason"}`);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended, or there is none
  }
}
