import { expect, onTestFinished, test } from "vitest";
import { is, until } from "../conformance/observe.ts";
import { createMemoryDriver } from "../memory/driver.ts";
import { createRemoteDriver, type RunnerDriver } from "./client/driver.ts";
import { quick, startRemote, token } from "./remote.fixture.ts";

/** A runner, and servers that are connected to it. */
async function start() {
  const remote = await startRemote(await createMemoryDriver());
  onTestFinished(() => remote[Symbol.asyncDispose]());
  const connect = async (): Promise<RunnerDriver> => {
    const driver = await createRemoteDriver({ url: remote.runner.url, token, timing: quick });
    onTestFinished(() => driver.close({ leaveRunning: true }));
    return driver;
  };
  return { remote, connect };
}
const isRefused = (error: unknown) => is("unavailable")(error) && (error as { details?: object }).details !== undefined;

test("a runner is suspended when no server uses it, and refuses others until that is decided", async () => {
  const { connect } = await start();
  const [a, b] = [await connect(), await connect()];
  const ofA = await a.open({ id: "p" });
  const ofB = await b.open({ id: "p" });
  // It was used just now.
  expect(await a.suspend(60_000)).toMatchObject({ waitMs: expect.any(Number), servers: 2 });
  const held = await a.suspend(0);
  if (!("release" in held)) throw new Error("it is in use");
  await expect(ofB.files.write("note.txt", "b")).rejects.toSatisfy(isRefused);
  await expect(ofB.exec(["echo"])).rejects.toSatisfy(isRefused);
  expect(await b.suspend(0)).toMatchObject({ waitMs: expect.any(Number) });
  // The one that suspends it still reads what it stores.
  expect(await ofA.services()).toEqual([]);
  held.release();
  await until(() => ofB.files.write("note.txt", "b").then(Boolean, () => false));
});

test("streams, commands, staged files and services of any server keep a runner", async () => {
  const { connect } = await start();
  const [a, b] = [await connect(), await connect()];
  const sandbox = await b.open({ id: "p" });
  const isKept = async () => "waitMs" in (await a.suspend(0));
  const staged = await sandbox.files.stage(
    (async function* () {
      yield new Uint8Array(10);
    })(),
  );
  expect(await isKept()).toBe(true);
  await staged.discard();
  const command = new AbortController();
  const running = sandbox.exec(["wait", "60000"], { signal: command.signal });
  await until(isKept);
  command.abort();
  await running;
  const paused = await b.pause("p");
  expect(await isKept()).toBe(true);
  await paused.resume();
  await sandbox.start({ name: "web", command: ["serve", "3000", "up"], cwd: ".", env: {}, port: 3000 });
  expect(await isKept()).toBe(true);
  await sandbox.stop();
  // Following what happens keeps nothing.
  const end = new AbortController();
  onTestFinished(() => end.abort());
  sandbox.onState(() => undefined);
  void (async () => {
    for await (const _ of sandbox.files.watch({ signal: end.signal }));
  })();
  await until(async () => !(await isKept()));
});

test("a server that is lost while it suspends a runner keeps others out for some seconds, then they go on", async () => {
  const { connect } = await start();
  const [a, b] = [await connect(), await connect()];
  const sandbox = await b.open({ id: "p" });
  expect(await a.suspend(0)).toHaveProperty("release");
  await a.close({ leaveRunning: true });
  await expect(sandbox.files.write("note.txt", "b")).rejects.toSatisfy(isRefused);
  await until(() => sandbox.files.write("note.txt", "b").then(Boolean, () => false));
});

test("a server that lost a sandbox to another one stays refused, also if it finds the sandbox again", async () => {
  const { connect } = await start();
  const [a, b] = [await connect(), await connect()];
  const ofA = await a.open({ id: "p", takesOver: true });
  await ofA.files.write("note.txt", "a");
  const ofB = await b.open({ id: "p", takesOver: true });
  await expect(ofA.files.write("note.txt", "a")).rejects.toSatisfy(is("unavailable"));
  const visiting = await a.find("p");
  await visiting?.files.read("note.txt");
  await expect(ofA.files.write("note.txt", "a")).rejects.toSatisfy(is("unavailable"));
  await ofB.files.write("note.txt", "b");
});
