/**
 * A server that will be killed: opens a sandbox, starts what is requested and waits. Arguments: runtime options, what to start, a number
 * that identifies its programs.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { folderSource } from "./file-source.ts";
import { createRuntime, type RuntimeOptions } from "./create.ts";
import { overConnection } from "./remote/conformance.fixture.ts";

const [options = "", what = "", mark = ""] = process.argv.slice(2);
const { dataDir, isOnRunner = false, ...runtime } = JSON.parse(options) as RuntimeOptions & { isOnRunner?: boolean };
const local = await createRuntime({ ...runtime, dataDir });
const driver = isOnRunner ? await overConnection(local) : local;
const sandbox = await driver.open({ id: "kept" });
const print = (line: string) => process.stdout.write(`${line}\n`);

const counter = `let n = 0; // ${mark}
  setInterval(() => console.log("tick " + n++), 20);
  require("http").createServer((q, r) => r.end("alive")).listen(4100, "127.0.0.1");`;
const start = () => sandbox.start({ name: "web", command: ["node", "-e", counter], cwd: ".", env: { SECRET: "s3cret" }, port: 4100 });

if (what === "everything") {
  await start();
  await sandbox.ready("web");
  const command = sandbox.exec(["sh", "-c", `echo started; setsid sleep ${mark} & sleep ${mark}`], { onOutput: () => print("command") });
  const pty = await sandbox.pty(["sh", "-c", `echo up; setsid sleep ${mark} & trap '' HUP; sleep ${mark}`]);
  pty.onData(() => print("terminal"));
  await command;
} else if (what === "building") {
  // The warm-up server never listens.
  mkdirSync(join(dataDir, "sources"));
  const warm = { command: ["node", "-e", `setInterval(() => {}, 1000) // ${mark}`], port: 4100, path: "/" };
  await driver.prepare({ name: "half", source: folderSource(join(dataDir, "sources")), build: [], warm }, { onLog: print });
} else if (what === "frozen") {
  await start();
  await sandbox.ready("web");
  await sandbox.freeze();
  print("frozen");
} else if (what === "two") {
  await start();
  await sandbox.ready("web");
  const second = await driver.open({ id: "second" });
  const command = ["node", "-e", `setInterval(() => {}, 1000) // ${mark} second`];
  await second.start({ name: "web", command, cwd: ".", env: {}, port: 0 });
  await second.ready("web");
  print("up");
} else if (what === "halfway") {
  // The sandbox's group is frozen as soon as the service's supervisor exists: its program stops before the isolation is complete.
  await sandbox.exec(["true"]);
  const freezes: Promise<unknown>[] = [];
  const unsubscribe = sandbox.onState(({ status }) => {
    if (status === "starting") freezes.push(sandbox.freeze());
  });
  await start();
  unsubscribe();
  await Promise.all(freezes);
  // A container is frozen once the engine has started it.
  while (driver.can.freeze && (await sandbox.services())[0]?.status !== "frozen") await sleep(20);
  print("halfway");
} else if (what === "stopping") {
  const slow = `process.on("SIGTERM", () => setTimeout(() => process.exit(9), 4000)); require("http").createServer(() => {}).listen(4100); // ${mark}`;
  await sandbox.start({ name: "web", command: ["node", "-e", slow], cwd: ".", env: {}, port: 4100, stopGraceMs: 20_000 });
  await sandbox.ready("web");
  print("up");
  await sandbox.stop();
} else {
  print("starting");
  await start();
  print("started");
  await sandbox.ready("web");
  print("up");
}
setInterval(() => {}, 1000);
