import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@tesslate/testkit";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "./testing/temporary.ts";

const root = join(import.meta.dirname, "../../..");
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Prints each message that a service sends to systemd. */
const listener = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)`;

const missing = ["/usr/bin/systemd-notify", "/usr/bin/python3"].find((path) => !existsSync(path));
test.skipIf(missing !== undefined)(
  `systemd is told when the server is ready and when it stops${missing === undefined ? "" : ` (skipped: needs ${missing})`}`,
  async () => {
    const socket = join(temporaryFolder("notify"), "socket");
    const manager = spawn("/usr/bin/python3", ["-c", listener, socket], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(manager);
    let messages = "";
    manager.stdout.setEncoding("utf8").on("data", (text: string) => (messages += text));
    await expect.poll(() => messages).toContain("listening");
    const port = await freePort();
    const server = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env["PATH"] ?? "",
        PORT: String(port),
        DATA_DIR: temporaryFolder("data"),
        LOG_LEVEL: "silent",
        TEMPLATE_PREPARATION: "0",
        BROWSER_DOWNLOAD: "0",
        NOTIFY_SOCKET: socket,
      },
    });
    children.push(server);
    const exited = once(server, "exit");
    await expect.poll(() => messages, { timeout: 60_000 }).toContain("READY=1");
    expect((await fetch(`http://localhost:${port}/ready`)).status).toBe(200);
    server.kill("SIGTERM");
    expect((await exited)[0]).toBe(0);
    await expect.poll(() => messages).toContain("STOPPING=1");
  },
  120_000,
);

test.skipIf(process.getuid?.() !== 0)(
  "with the capabilities of the unit, projects are isolated as well as without it",
  async () => {
    const unit = readFileSync(join(root, "deploy/systemd/studio.service"), "utf8");
    const allowed = (/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? "")
      .split(" ")
      .map((name) => `+${name.replace("CAP_", "").toLowerCase()}`);
    const code = `const { createRuntime } = await import(${JSON.stringify(join(root, "packages/runtime/src/index.ts"))});
    const driver = await createRuntime({ driver: "sandbox", dataDir: process.argv[1] });
    const sandbox = await driver.open({ id: "a" });
    const { stdout } = await sandbox.exec(["cat", "/proc/self/status"]);
    await driver.remove("a");
    await driver.close();
    console.log(JSON.stringify({ isolation: driver.isolation, warnings: driver.warnings, uid: /^Uid:\\t(\\d+)/m.exec(stdout)?.[1] }));`;
    const inspect = async (wrapper: string[]) => {
      const [file = "", ...args] = [...wrapper, process.execPath, "--input-type=module-typescript", "-e", code, temporaryFolder("data")];
      const { stdout } = await promisify(execFile)(file, args);
      return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { isolation: string };
    };
    const free = await inspect([]);
    expect(await inspect(["setpriv", "--no-new-privs", "--bounding-set", ["-all", ...allowed].join(","), "--"])).toEqual(free);
  },
  120_000,
);
