import { randomInt } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Limits, RuntimeDriver, Sandbox } from "./types.ts";
import { getPage, processesWith, until } from "./conformance/observe.ts";
import { keyOf } from "./host/leftovers.ts";
import { describeTreeEscapes } from "./tree-escapes.ts";

const hasPython = existsSync("/usr/bin/python3");

interface Options {
  /** Why the driver cannot run here; the suite is then skipped with this reason. */
  skip?: string | undefined;
}
type Create = (dataDir: string, options: { outbound?: { allow: string[] } }) => Promise<RuntimeDriver>;

/**
 * Every known escape, attempted by code inside a sandbox. What this machine's isolation level cannot prevent is skipped by name. The
 * driver's sandboxes have the programs of this machine.
 */
export function describeEscapes(name: string, create: Create, { skip: reason }: Options = {}): void {
  describe.skipIf(reason !== undefined)(
    `ways out of a sandbox, driver ${name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    () => {
      let dataDir: string;
      let driver: RuntimeDriver;
      let sandbox: Sandbox;
      let other: Sandbox;
      const limits: Partial<Limits> = { memoryBytes: 256 * 2 ** 20, pids: 128, cpus: 1, diskBytes: 48 * 2 ** 20 };

      beforeAll(async () => {
        dataDir = await mkdtemp(join(tmpdir(), "escape-"));
        process.env["STUDIO_CANARY"] = "canary-of-the-server";
        driver = await create(dataDir, {});
        process.stdout.write(`escape suite, driver ${name}: isolation ${driver.isolation}\n`);
        sandbox = await driver.open({ id: "attacker", limits });
        other = await driver.open({ id: "victim" });
        await other.files.write("secret.txt", "canary-of-the-other-project", { mode: 0o644 });
      }, 60_000);
      afterAll(async () => {
        delete process.env["STUDIO_CANARY"];
        await driver?.close();
        await rm(dataDir, { recursive: true, force: true });
      }, 60_000);

      const sh = async (script: string, options: { timeoutMs?: number } = {}) => {
        const result = await sandbox.exec(["bash", "-c", script], { timeoutMs: 20_000, ...options });
        return { ...result, all: result.stdout + result.stderr };
      };

      describe("to files", () => {
        test.each([
          "/etc/shadow",
          "/root",
          "/proc/1/root/etc/shadow",
          "/proc/1/cwd/../../etc/shadow",
          "/work",
          "/home/app/../../root",
          "/var",
          "/boot",
          "/srv",
        ])("%s is not there", async (path) => {
          const { exitCode, all } = await sh(`cat ${path} || ls -la ${path}`);
          expect(exitCode).not.toBe(0);
          expect(all).toMatch(/No such file|Permission denied|Not a directory/);
          expect(all).not.toMatch(/root:[x*!$]/);
        });

        test("the data folder and the other project cannot be reached by any name", async () => {
          const { stdout } = await sh(
            `for p in ${dataDir} ${dataDir}/runtime/sandboxes/victim/files/secret.txt $(awk '{print $4}' /proc/self/mountinfo | sort -u); do cat "$p" 2>/dev/null; done; ln -sf ${dataDir}/runtime/sandboxes/victim/files/secret.txt link; cat link; find / -xdev -name secret.txt 2>/dev/null`,
          );
          expect(stdout).not.toContain("canary");
          expect(stdout).not.toContain("secret.txt");
        });

        test("the other project's files are protected by their owner too", async ({ skip }) => {
          if (statSync(join(dataDir, "runtime")).uid !== 0) return skip("projects share one user ID at this level");
          const mine = lstatSync(join(dataDir, "runtime/sandboxes/attacker/files"));
          const theirs = lstatSync(join(dataDir, "runtime/sandboxes/victim/files"));
          expect(mine.uid).not.toBe(theirs.uid);
          expect(theirs.mode & 0o077).toBe(0);
        });

        test.each([
          "/usr/bin/evil",
          "/etc/evil",
          "/bin/evil",
          "/evil",
          "/proc/sys/kernel/core_pattern",
          "/proc/sysrq-trigger",
          "/opt/studio/bin/node",
        ])("%s cannot be written", async (path) => {
          const { exitCode, all } = await sh(`echo x > ${path}`);
          expect(exitCode).not.toBe(0);
          expect(all).toMatch(/Read-only file system|Permission denied|No such file|Text file busy/);
        });

        test.each([
          "/dev/vda",
          "/dev/sda",
          "/dev/mem",
          "/dev/kmsg",
          "/dev/net/tun",
          "/dev/fuse",
          "/dev/kvm",
          "/var/run/docker.sock",
          "/run/docker.sock",
          "/run/systemd",
        ])("%s is absent", async (path) => {
          expect((await sh(`[ ! -e ${path} ]`)).exitCode).toBe(0);
        });
      });

      test("nothing is visible in /sys", async () => {
        expect((await sh("ls -A /sys")).stdout).toBe("");
      });

      describe("to the server's secrets", () => {
        test("nothing of its environment or its arguments is in /proc", async () => {
          const { stdout } = await sh("cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; env");
          expect(stdout).not.toContain("canary-of-the-server");
          expect(stdout).not.toContain("STUDIO_CANARY");
          expect(stdout).not.toContain("--bind");
        });

        test("no open descriptor is passed in", async () => {
          const pty = await sandbox.pty(["sh", "-c", "ls -l /proc/self/fd"]);
          let screen = "";
          pty.onData((data) => (screen += new TextDecoder().decode(data)));
          await new Promise<void>((resolve) => pty.onExit(() => resolve()));
          expect(
            [...screen.matchAll(/(\d+) -> (\S*)/g)].filter((m) => Number(m[1]) > 2 && !m[2]?.startsWith("/proc/")).map((m) => m[0]),
          ).toEqual([]);
          const { stdout } = await sh("ls -1 /proc/1/fd /proc/2/fd 2>/dev/null; ls -l /proc/self/fd");
          const open = [...stdout.matchAll(/(\d+) -> (.*)/g)].map((m) => [Number(m[1]), m[2]]);
          expect(open.filter(([fd, target]) => Number(fd) > 2 && !String(target).startsWith("/proc/"))).toEqual([]);
        });
      });

      describe("to other processes", () => {
        test("only its own are visible", async () => {
          const { stdout } = await sh("ls /proc | grep -E '^[0-9]+$' | wc -l");
          expect(Number(stdout)).toBeLessThan(10);
          expect((await sh(`kill -0 ${process.pid}`)).exitCode).not.toBe(0);
          await sh("kill -9 -1");
          expect((await sandbox.exec(["echo", "alive"])).stdout).toBe("alive\n");
        });

        test("commands end with all descendants", async () => {
          const mark = 1_000_000 + randomInt(1_000_000);
          await sh(`setsid sleep ${mark} >/dev/null 2>&1 & disown; (setsid nohup sleep ${mark} &) ; exit 0`);
          expect(processesWith(`sleep\0${mark}`)).toEqual([]);
        });
      });

      describe("to privileges", () => {
        test("it has none and gets none", async () => {
          const { stdout } = await sh(
            "grep -E '^(Cap|NoNewPrivs|Seccomp):?' /proc/self/status; grep -E 'Cap(Prm|Eff|Bnd|Amb)' /proc/self/status",
          );
          expect(stdout).toMatch(/NoNewPrivs:\t1/);
          expect(stdout).toMatch(/Seccomp:\t2/);
          for (const set of ["CapPrm", "CapEff", "CapAmb"]) expect(stdout).toMatch(new RegExp(`${set}:\\t0+$`, "m"));
        });

        test.each([
          ["su", "su -c id"],
          ["mount", "mount -t tmpfs none /tmp"],
          ["bind mount", "mount --bind /app /usr"],
          ["remount", "mount -o remount,rw /usr"],
          ["unshare a user namespace", "unshare -Ur id"],
          ["unshare a mount namespace", "unshare -m id"],
          ["enter init's namespaces", "nsenter -t 1 -m id"],
          ["device nodes", "mknod /tmp/dev b 254 0"],
          ["chroot", "chroot /app /bin/true"],
          ["the kernel log", "dmesg"],
          ["the host name", "hostname evil"],
          ["network set-up", "ip link add dummy0 type dummy"],
          ["setuid files", "cp /bin/id /tmp/id && chmod u+s /tmp/id && /tmp/id -u | grep -x 0"],
          ["time", "date -s 2001-01-01"],
        ])("%s is denied", async (_, script) => {
          const { exitCode } = await sh(script);
          expect(exitCode).not.toBe(0);
        });

        const calls: [string, number, number, string][] = [
          // name, x86-64, arm64, arguments
          ["bpf", 321, 280, "0, 0, 0"],
          ["io_uring_setup", 425, 425, "4, buf"],
          ["add_key", 248, 217, 'b"user", b"k", b"v", 1, -3'],
          ["keyctl", 250, 219, "0, -3"],
          ["userfaultfd", 323, 282, "1"],
          ["perf_event_open", 298, 241, "buf, 0, -1, -1, 0"],
          ["ptrace", 101, 117, "0, 0, 0, 0"],
          ["process_vm_readv", 310, 270, "1, buf, 1, buf, 1, 0"],
          ["setns", 308, 268, "0, 0"],
          ["unshare", 272, 97, "0x10000000"],
          ["open_by_handle_at", 304, 265, "0, buf, 0"],
          ["kexec_load", 246, 104, "0, 0, 0, 0"],
          ["syslog", 103, 116, "3, buf, 64"],
          ["fsopen", 430, 430, 'b"tmpfs", 0'],
          ["mount_setattr", 442, 442, "0, 0, 0, 0, 0"],
          ["pivot_root", 155, 41, 'b".", b"."'],
          ["clone with a user namespace", 56, 220, "0x10000011, 0, 0, 0, 0"],
          ["fanotify_init", 300, 262, "0, 0"],
        ];
        test.skipIf(!hasPython).each(calls)("the call %s is denied", async (_, x64, arm64, args) => {
          const number = process.arch === "x64" ? x64 : arm64;
          const { stdout } = await python(`libc.syscall(${number}, ${args}); print(ctypes.get_errno())`);
          expect(stdout.trim()).toBe("1"); // EPERM
        });
        test.skipIf(!hasPython).each([
          ["AF_PACKET", 17],
          ["AF_VSOCK", 40],
          ["AF_ALG", 38],
        ])("sockets of family %s do not exist", async (_, family) => {
          const { stdout } = await python(`print(libc.socket(${family}, 3, 0), ctypes.get_errno())`);
          expect(stdout.trim()).toBe("-1 97"); // EAFNOSUPPORT
        });
        test.skipIf(!hasPython)("clone3 is unknown, so that its flags can be inspected", async () => {
          expect((await python("libc.syscall(435, buf, 88); print(ctypes.get_errno())")).stdout.trim()).toBe("38"); // ENOSYS
          expect((await python("import threading; t = threading.Thread(target=lambda: print('thread')); t.start(); t.join()")).stdout).toBe(
            "thread\n",
          );
          expect(
            (await sandbox.exec(["node", "-e", 'new (require("worker_threads").Worker)("console.log(1)", { eval: true })'])).stdout,
          ).toBe("1\n");
        });
        test.skipIf(!hasPython)("a program cannot write a terminal's input", async () => {
          const pty = await sandbox.pty([
            "/usr/bin/python3",
            "-c",
            "import fcntl, termios\ntry:\n fcntl.ioctl(0, termios.TIOCSTI, b'x')\n print('pushed')\nexcept OSError as e: print('errno', e.errno)",
          ]);
          let screen = "";
          pty.onData((data) => (screen += new TextDecoder().decode(data)));
          await new Promise<void>((resolve) => pty.onExit(() => resolve()));
          expect(screen).toContain("errno 1");
        });
        const python = (script: string) =>
          sandbox.exec([
            "/usr/bin/python3",
            "-c",
            `import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nbuf = ctypes.create_string_buffer(512)\n${script}`,
          ]);
      });

      describe("by exhausting resources", () => {
        const limited = () => driver.can.limits;

        test("a fork bomb stops at the limit and ends at once", async ({ skip }) => {
          if (!limited()) return skip("no limits at this level");
          const started = performance.now();
          const result = await sandbox.exec(["bash", "-c", ":() { : | : & }; :; sleep 30"], { timeoutMs: 2_000 });
          expect(result.timedOut).toBe(true);
          expect(performance.now() - started).toBeLessThan(10_000);
          await until(async () => (await sandbox.stats()).pids === 0);
          expect((await sandbox.exec(["echo", "fine"])).stdout).toBe("fine\n");
        });

        test("a memory hog is killed inside its limit", async ({ skip }) => {
          if (!limited()) return skip("no limits at this level");
          const result = await sandbox.exec(["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(16 << 20, 1))"], {
            timeoutMs: 30_000,
          });
          expect(result.timedOut).toBe(false);
          expect(result.exitCode).toBe(137);
          // The engine does not tell of commands.
          expect(result.outOfMemory).toBe(name === "docker" ? undefined : true);
          await sandbox.start({
            name: "hog",
            command: ["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(16 << 20, 1))"],
            cwd: ".",
            env: {},
            port: 1,
          });
          await expect(sandbox.ready("hog", { timeoutMs: 30_000 })).rejects.toMatchObject({ code: "service_failed" });
          expect((await sandbox.services()).find((s) => s.name === "hog")).toMatchObject({ status: "failed", oomKilled: true });
        });

        test("memory files count as memory", async ({ skip }) => {
          if (!limited()) return skip("no limits at this level");
          const { exitCode } = await sh(
            "dd if=/dev/zero of=/tmp/fill bs=1M count=500 status=none; dd if=/dev/zero of=/dev/shm/fill bs=1M count=250 status=none",
          );
          expect(exitCode).not.toBe(0);
        });

        test("four busy loops get one core", async ({ skip }) => {
          if (!limited()) return skip("no limits at this level");
          const before = (await sandbox.stats()).cpuSeconds;
          await sh("for i in 1 2 3 4; do while :; do :; done & done; sleep 2; kill %1 %2 %3 %4");
          expect((await sandbox.stats()).cpuSeconds - before).toBeLessThan(2.8);
        });

        test("a file grows to the limit and no further", async () => {
          await sh("dd if=/dev/zero of=/app/big bs=1M count=200 status=none; true");
          expect((await sandbox.files.stat("big"))?.size).toBe(48 * 2 ** 20);
          await sandbox.files.remove("big");
        });

        test("many files are noticed: writing is rejected, the growing program ended", async () => {
          const filling = sandbox.exec(
            ["bash", "-c", "i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/app/fill-$i bs=1M count=5 status=none; sleep 0.5; done"],
            { timeoutMs: 60_000 },
          );
          const result = await filling;
          expect(result.timedOut).toBe(false);
          await expect(sandbox.files.write("more", "x")).rejects.toMatchObject({ code: "storage_full" });
          expect((await sh("rm -f /app/fill-*; echo cleaned")).stdout).toBe("cleaned\n");
          await sandbox.stats();
          await sandbox.files.write("more", "x");
        }, 90_000);
      });

      describe("through the network", () => {
        let loopback: ReturnType<typeof createHttpServer>;
        let everywhere: ReturnType<typeof createHttpServer>;
        const portOf = (server: ReturnType<typeof createHttpServer>) => (server.address() as AddressInfo).port;
        const hostAddresses = () =>
          Object.values(networkInterfaces())
            .flat()
            .flatMap((entry) => (entry?.family === "IPv4" && !entry.internal ? [entry.address] : []));

        beforeAll(async () => {
          const serve = (host: string) =>
            new Promise<ReturnType<typeof createHttpServer>>((resolve) => {
              const server = createHttpServer((_, response) => response.end("canary-of-the-host")).listen(0, host, () => resolve(server));
            });
          [loopback, everywhere] = await Promise.all([serve("127.0.0.1"), serve("0.0.0.0")]);
        });
        afterAll(() => {
          loopback?.close();
          everywhere?.close();
        });

        /** Tries to connect from inside and reports the result. */
        const tryConnect = async (host: string, port: number, from = sandbox) => {
          const script = `const s = require("net").connect({ host: process.argv[1], port: +process.argv[2] });
        s.setTimeout(2500, () => { console.log("timeout"); process.exit(); });
        s.on("connect", () => { console.log("connected"); process.exit(); }).on("error", (e) => console.log(e.code ?? e.errors?.[0]?.code));`;
          return (await from.exec(["node", "-e", script, host, String(port)], { timeoutMs: 20_000 })).stdout.trim();
        };
        const privately = (skip: (note: string) => void) =>
          driver.can.privateNetwork || void skip("sandboxes share the host's network at this level");

        test("the host's loopback is not reachable", async ({ skip }) => {
          if (!privately(skip)) return;
          for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "127.1.2.3", "::1"])
            expect([host, await tryConnect(host, portOf(loopback))]).toEqual([
              host,
              expect.stringMatching(/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|timeout)$/),
            ]);
          expect(await tryConnect("127.0.0.1", portOf(everywhere))).toBe("ECONNREFUSED");
        });

        test("neither an address of the host nor the gateway responds", async ({ skip }) => {
          if (!privately(skip)) return;
          const { stdout } = await sh("ip route | awk '/default/ {print $3}'");
          // Our ends of the links into sandboxes: one for all, or a bridge each.
          const ends = Object.entries(networkInterfaces()).filter(([device]) =>
            device.replace("-", "").startsWith(`ts${keyOf(realpathSync(join(dataDir, "runtime")))}`),
          );
          const inner = ends.flatMap(([, addresses]) => addresses?.map(({ address }) => address) ?? []).filter((ip) => !ip.includes(":"));
          // An ordinary user's hub has no link on the host.
          if (statSync(join(dataDir, "runtime")).uid === 0) expect(inner).not.toEqual([]);
          for (const host of [stdout.trim(), ...inner, ...hostAddresses().slice(0, 4)])
            for (const port of [portOf(everywhere), 22])
              expect([host, await tryConnect(host, port)]).toEqual([
                host,
                expect.stringMatching(/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES)$/),
              ]);
        }, 60_000);

        test.each([
          "169.254.169.254",
          "10.0.0.1",
          "10.255.255.1",
          "100.64.0.1",
          "172.17.0.1",
          "192.168.1.1",
          "224.0.0.1",
          "255.255.255.255",
        ])("%s is denied", async (host) => {
          if (!driver.can.privateNetwork) return;
          expect(await tryConnect(host, 80)).toMatch(/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES|EPERM|EINVAL)$/);
        });

        test("mail and IPv6 are blocked", async ({ skip }) => {
          if (!privately(skip)) return;
          expect(await tryConnect("203.0.113.1", 25)).toMatch(/^(ECONNREFUSED|EHOSTUNREACH|EACCES)$/);
          expect(await tryConnect("2001:db8::1", 80)).toMatch(/^(ENETUNREACH|EADDRNOTAVAIL|EHOSTUNREACH)$/);
          expect((await sh("ip -6 addr show dev eth0")).stdout).toBe("");
        });

        test("another project does not respond, though the server reaches both", async ({ skip }) => {
          if (!privately(skip)) return;
          const web = {
            name: "web",
            command: ["node", "-e", 'require("http").createServer((q, r) => r.end("victim")).listen(4000, "0.0.0.0")'],
            cwd: ".",
            env: {},
            port: 4000,
          };
          await other.start(web);
          await other.ready("web", { timeoutMs: 20_000 });
          const { host, port } = await other.peerAddress(4000);
          expect(await getPage(other, 4000)).toBe("victim");
          expect(await tryConnect(host, port)).toMatch(/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES)$/);
          expect(await tryConnect("127.0.0.1", 4000)).toBe("ECONNREFUSED");
          await other.stop();
        });

        test("names resolve, and the operator's exceptions are reachable, by port", async ({ skip }) => {
          if (!privately(skip)) return;
          const address = hostAddresses().find((ip) => !ip.startsWith("100."));
          if (address === undefined) return skip("this host has no address besides loopback");
          const folder = await mkdtemp(join(tmpdir(), "escape-"));
          const open = await create(folder, { outbound: { allow: [`${address}:${portOf(everywhere)}`] } });
          const inside = await open.open({ id: "allowed" });
          expect(await tryConnect(address, portOf(everywhere), inside)).toBe("connected");
          expect(await tryConnect(address, 22, inside)).not.toBe("connected");
          expect(await tryConnect("127.0.0.1", portOf(everywhere), inside)).toBe("ECONNREFUSED");
          await open.close();
          await rm(folder, { recursive: true, force: true });
        }, 60_000);

        test("an offline sandbox reaches nothing, but is reachable", async ({ skip }) => {
          if (!privately(skip)) return;
          const offline = await driver.open({ id: "offline", offline: true });
          expect(await tryConnect("203.0.113.80", 443, offline)).toBe("ENETUNREACH");
          await offline.start({
            name: "web",
            command: ["node", "-e", 'require("http").createServer((q, r) => r.end("in")).listen(4000)'],
            cwd: ".",
            env: {},
            port: 4000,
          });
          await offline.ready("web", { timeoutMs: 20_000 });
          expect(await getPage(offline, 4000)).toBe("in");
          await driver.remove("offline");
        });

        test("a read-only command has no network", async () => {
          const result = await sandbox.exec(
            ["node", "-e", 'require("net").connect(443, "203.0.113.80").on("error", (e) => console.log(e.code))'],
            { readOnly: true },
          );
          expect(result.stdout.trim()).toBe("ENETUNREACH");
        });
      });

      describeTreeEscapes({
        get dataDir() {
          return dataDir;
        },
        get driver() {
          return driver;
        },
        get sandbox() {
          return sandbox;
        },
        sh,
      });
    },
  );
}
