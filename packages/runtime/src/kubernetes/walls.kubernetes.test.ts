import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { until } from "../conformance/observe.ts";
import type { RuntimeDriver, Sandbox } from "../types.ts";
import { kubectl, namespaceFor, openKubernetes, removeNamespaces, testCluster, unavailableHere } from "./testing/kubernetes.fixture.ts";

const problem = unavailableHere();
const connect = `const [host, port] = process.argv.slice(1);
const socket = require("net").connect({ host, port: Number(port), timeout: 3000 });
const say = (text) => { console.log(text); process.exit(); };
socket.on("connect", () => say("open")).on("timeout", () => say("closed")).on("error", () => say("closed"));`;

describe.skipIf(problem !== undefined)(`the walls of a pod, from inside${problem === undefined ? "" : ` (skipped: ${problem})`}`, () => {
  const key = "walls";
  let driver: RuntimeDriver;
  let sandbox: Sandbox;
  let other: Sandbox;
  let allowed: number;
  const servers: (() => void)[] = [];
  const listen = async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "0.0.0.0");
    await once(server, "listening");
    servers.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };
  const inside = async (argv: string[], from = sandbox) => {
    const { stdout, stderr, exitCode } = await from.exec(argv);
    return { text: `${stdout}${stderr}`.trim(), exitCode };
  };
  const reach = async (host: string, port: number, from = sandbox) =>
    (await inside(["node", "-e", connect, host, String(port)], from)).text;
  const addressOf = async (id: string) => {
    const { items } = JSON.parse(await kubectl("get", "pods", "-n", await namespaceFor(key), "-o", "json")) as {
      items: { metadata: { name: string }; status: { podIP: string } }[];
    };
    return items.find(({ metadata }) => metadata.name.includes(id))?.status.podIP ?? "";
  };

  beforeAll(async () => {
    allowed = await listen();
    driver = await openKubernetes(key, {
      workloads: "pods",
      suspendAfterMs: 300_000,
      outbound: { allow: [`${testCluster().address}:${allowed}`] },
    });
    sandbox = await driver.open({ id: "inside", limits: { memoryBytes: 384 * 2 ** 20, cpus: 1 } });
    other = await driver.open({ id: "other" });
    // A new pod's policies are in place after about a second.
    await until(async () => (await reach(testCluster().address, allowed)) === "open", 30_000);
  }, 120_000);
  afterAll(async () => {
    for (const close of servers) close();
    await driver?.close();
    await removeNamespaces();
  });

  test("programs are an ordinary user without capabilities, under the seccomp filter, in a read-only system", async () => {
    const status = (await inside(["cat", "/proc/self/status"])).text;
    expect(status).toMatch(/^Uid:\s+1000\s+1000/m);
    expect(status).toMatch(/^CapEff:\s+0{16}$/m);
    expect(status).toMatch(/^CapBnd:\s+0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    for (const path of ["/etc/x", "/usr/bin/x", "/opt/tesslate-studio/x", "/etc/tesslate-studio/x"])
      expect((await inside(["touch", path])).text).toMatch(/Read-only file system|Permission denied/);
    expect((await inside(["unshare", "--user", "true"])).exitCode).not.toBe(0);
    expect((await inside(["mount", "-t", "tmpfs", "none", "/tmp"])).exitCode).not.toBe(0);
  });

  test("no credentials of the cluster and no token of the runner are in it", async () => {
    expect((await inside(["ls", "/var/run/secrets"])).exitCode).not.toBe(0);
    const runner = (await inside(["sh", "-c", "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | sort -u"])).text;
    expect(runner).toContain("RUNNER_TOKEN_HASH_FILE=");
    expect(runner).not.toMatch(/^RUNNER_TOKEN=/m);
    // The hash that it can read opens nothing.
    const call = `const hash = require("fs").readFileSync("/etc/tesslate-studio/token-hash", "utf8").trim();
      const session = require("http2").connect("http://127.0.0.1:7070");
      session.request({ ":path": "/v1/hello", authorization: "Bearer " + hash }).on("response", (h) => { console.log(h[":status"]); process.exit(); }).end();`;
    expect((await inside(["node", "-e", call])).text).toBe("401");
  });

  test("reaches what is public or allowed, and nothing of the cluster", async () => {
    const closed = await listen();
    const { address } = testCluster();
    const node = address.replace(/\.1$/, ".2");
    expect(await reach(address, allowed)).toBe("open");
    expect(await reach(address, closed)).toBe("closed");
    for (const [host, port] of [
      [node, 6443],
      [node, 10_250],
      ["kubernetes.default.svc", 443],
      ["169.254.169.254", 80],
      [await addressOf("other"), 7070],
    ] as const)
      expect([host, port, await reach(host, port)]).toEqual([host, port, "closed"]);
    expect((await inside(["getent", "hosts", "kubernetes.default.svc.cluster.local"])).exitCode).toBe(0);
  }, 60_000);

  test("offline reaches nothing, also when it becomes offline while it runs", async () => {
    await driver.open({ id: "other", offline: true });
    await until(async () => (await reach(testCluster().address, allowed, other)) === "closed", 30_000);
    expect((await inside(["getent", "hosts", "kubernetes.default.svc.cluster.local"], other)).exitCode).not.toBe(0);
    // The server still reaches it.
    expect((await other.exec(["echo", "here"])).stdout).toBe("here\n");
  }, 60_000);

  test("is reached by servers alone", async () => {
    const namespace = await namespaceFor(`${key}-stranger`);
    const target = await addressOf("inside");
    onTestFinished(async () => void (await kubectl("delete", "pod", "-n", namespace, "stranger", "--now", "--wait=false")));
    const overrides = {
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "stranger",
            image: testCluster().image,
            command: ["node", "-e", connect, target, "7070"],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    };
    await kubectl(
      "run",
      "stranger",
      "-n",
      namespace,
      `--image=${testCluster().image}`,
      "--restart=Never",
      `--overrides=${JSON.stringify(overrides)}`,
    );
    const log = async () => (await kubectl("logs", "-n", namespace, "stranger").catch(() => "")).trim();
    await until(async () => (await log()) !== "", 30_000);
    expect(await log()).toBe("closed");
  }, 60_000);

  test("a program that takes more memory than the pod may is killed, and the project goes on", async () => {
    const take = "const all = []; for (;;) all.push(Buffer.alloc(16 << 20, 1))";
    const result = await sandbox.exec(["node", "-e", take], { timeoutMs: 60_000 }).catch((error: unknown) => error);
    expect(result).not.toMatchObject({ exitCode: 0 });
    expect(result).not.toMatchObject({ timedOut: true });
    await until(async () => (await sandbox.exec(["echo", "here"]).catch(() => undefined))?.stdout === "here\n", 60_000);
  }, 150_000);
});
