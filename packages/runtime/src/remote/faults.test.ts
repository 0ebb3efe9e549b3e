import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { decode, is, until } from "../conformance/observe.ts";
import { createMemoryDriver } from "../memory/driver.ts";
import type { MemoryCommand } from "../memory/commands.ts";
import { quick, startRemote } from "./remote.fixture.ts";

/** Programs of the sandboxes, with a record of what ran. */
function programs() {
  const runs: string[] = [];
  const ended: string[] = [];
  const count: MemoryCommand = async ({ argv, stdout, signal }) => {
    runs.push("count");
    for (let n = 0; n < Number(argv[1]); n++) {
      stdout(`${n}\n`);
      await sleep(2, undefined, { signal });
    }
    return 0;
  };
  const stay: MemoryCommand = async ({ signal, stdout }) => {
    runs.push("stay");
    stdout("here\n");
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    ended.push("stay");
    return 0;
  };
  const once: MemoryCommand = async ({ files }) => {
    runs.push("once");
    await files.write("ran", String(runs.length));
    return 0;
  };
  return { commands: { count, stay, once }, runs, ended };
}
const lines = (n: number) => Array.from({ length: n }, (_, i) => `${i}\n`).join("");

test("a command continues after lost connections: its output arrives once and in order", async () => {
  const { commands, runs } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }));
  const sandbox = await (await remote.connect()).open({ id: "a" });
  let output = "";
  let isCut = 0;
  const result = await sandbox.exec(["count", "150"], {
    onOutput: (chunk) => {
      output += chunk;
      if (output.split("\n").length > 30 * (isCut + 1)) {
        isCut += 1;
        remote.proxy.cut();
      }
    },
  });
  expect(isCut).toBeGreaterThan(2);
  expect(result).toMatchObject({ exitCode: 0, stdout: lines(150) });
  expect(output).toBe(lines(150));
  expect(runs).toEqual(["count"]);
});

test("a command whose result was lost is not executed again", async () => {
  const { commands, runs } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }));
  const sandbox = await (await remote.connect()).open({ id: "a" });
  remote.proxy.muteAnswers();
  const running = sandbox.exec(["once"]);
  await until(() => runs.length === 1);
  remote.proxy.cut();
  expect((await running).exitCode).toBe(0);
  expect(runs).toEqual(["once"]);
  remote.proxy.muteAnswers();
  const writing = sandbox.files.write("f", "text", { ifNoneMatch: "*" });
  await sleep(50);
  remote.proxy.cut();
  // Repeated it would be refused, because the file exists.
  expect((await writing).created).toBe(true);
});

test("a command that never arrived is sent on the next connection, a query in any case", async () => {
  const { commands, runs } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }));
  const sandbox = await (await remote.connect()).open({ id: "a" });
  await sandbox.files.write("f", "text");
  remote.proxy.freeze();
  const [result, { data }] = await Promise.all([sandbox.exec(["once"]), sandbox.files.read("f")]);
  expect(result.exitCode).toBe(0);
  expect(decode(data)).toBe("text");
  expect(runs).toEqual(["once"]);
});

test("a connection that is cut without a word is noticed by its pings", async () => {
  await using remote = await startRemote(createMemoryDriver());
  const driver = await remote.connect();
  await driver.open({ id: "a" });
  const before = remote.proxy.count;
  remote.proxy.freeze();
  await until(() => remote.proxy.count > before, 2_000);
  expect((await driver.list()).map(({ id }) => id)).toEqual(["a"]);
});

test("a runner that restarts fails the commands it ran, and answers everything else", async () => {
  const { commands } = programs();
  const local = createMemoryDriver({ commands });
  await using remote = await startRemote(local);
  const driver = await remote.connect();
  const sandbox = await driver.open({ id: "a" });
  const seen = Promise.withResolvers<void>();
  const running = sandbox.exec(["stay"], { onOutput: () => seen.resolve() });
  running.catch(() => {});
  await seen.promise;
  await remote.restart();
  await expect(running).rejects.toSatisfy(is("unavailable"));
  await expect(running).rejects.toThrow("The runner restarted while sandbox.exec ran.");
  expect((await sandbox.exec(["echo", "again"])).stdout).toBe("again\n");
});

test("without a runner calls fail once their patience ends, and work when it is back", async () => {
  await using remote = await startRemote(createMemoryDriver(), { timing: { ...quick, patienceMs: 300 } });
  const driver = await remote.connect();
  const sandbox = await driver.open({ id: "a" });
  remote.proxy.refuse();
  remote.proxy.cut();
  const startedAt = performance.now();
  await expect(sandbox.files.stat("f")).rejects.toSatisfy(is("unavailable"));
  await expect(sandbox.exec(["echo"])).rejects.toThrow(/The runner at http:\/\/127\.0\.0\.1:\d+ (cannot be reached|was lost)/);
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  remote.proxy.accept();
  await until(async () => (await sandbox.exec(["echo", "back"]).catch(() => undefined))?.stdout === "back\n");
});

test("an aborted command ends at the runner and returns what it printed", async () => {
  const { commands, ended } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }));
  const sandbox = await (await remote.connect()).open({ id: "a" });
  const abort = new AbortController();
  const result = await sandbox.exec(["stay"], { signal: abort.signal, onOutput: () => abort.abort() });
  expect(result).toMatchObject({ aborted: true, stdout: "here\n" });
  expect(ended).toEqual(["stay"]);
});

test("commands of a server that is gone end after the grace; services go on", async () => {
  const { commands, runs, ended } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }), { timing: { ...quick, patienceMs: 100, graceMs: 300 } });
  const first = await (await remote.connect()).open({ id: "a" });
  await first.start({ name: "web", command: ["stay"], cwd: ".", env: {}, port: 0 });
  first.exec(["stay"]).catch(() => {});
  await until(() => runs.length === 2);
  remote.proxy.refuse();
  remote.proxy.cut();
  await until(() => ended.length === 1);
  remote.proxy.accept();
  const second = await (await remote.connect()).find("a");
  expect(await second?.services()).toMatchObject([{ name: "web", status: "running" }]);
  expect(ended).toHaveLength(1);
});

test("listeners are told what changed while the connection was lost", async () => {
  const { commands } = programs();
  const local = createMemoryDriver({ commands });
  await using remote = await startRemote(local);
  const sandbox = await (await remote.connect()).open({ id: "a" });
  const seen: string[] = [];
  sandbox.onState(({ status }) => seen.push(status));
  await sandbox.start({ name: "web", command: ["stay"], cwd: ".", env: {}, port: 0 });
  expect(seen).toEqual(["starting", "running"]);
  remote.proxy.refuse();
  remote.proxy.cut();
  await (await local.find("a"))?.stop("web");
  expect(seen).toEqual(["starting", "running"]);
  remote.proxy.accept();
  await until(() => seen.length === 3, 5_000);
  expect(seen).toEqual(["starting", "running", "stopped"]);
});

test("logs and changes of files are followed across lost connections without a gap", async () => {
  await using remote = await startRemote(createMemoryDriver());
  const sandbox = await (await remote.connect()).open({ id: "a" });
  await sandbox.start({ name: "web", command: ["chatter"], cwd: ".", env: {}, port: 0 });
  const abort = new AbortController();
  const numbers: number[] = [];
  const paths: string[] = [];
  const watching = (async () => {
    for await (const changes of sandbox.files.watch({ signal: abort.signal })) paths.push(...changes.map(({ path }) => path));
  })();
  for await (const { seq } of sandbox.logs("web", { follow: true, signal: abort.signal })) {
    numbers.push(seq);
    if (seq % 7 === 0) remote.proxy.cut();
    if (seq % 5 === 0) await sandbox.files.write(`f${seq}`, "x");
    if (seq > 30) break;
  }
  expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  await until(() => paths.includes("f30"));
  expect(paths).toEqual(["f5", "f10", "f15", "f20", "f25", "f30"]);
  abort.abort();
  await watching;
  await sandbox.stop();
});

test("after a restart of the runner, watches and logs continue, with what changed in between", async () => {
  const local = createMemoryDriver();
  await using remote = await startRemote(local);
  const sandbox = await (await remote.connect()).open({ id: "a" });
  for (const path of ["kept", "changed", "deleted"]) await sandbox.files.write(path, "1");
  await sandbox.start({ name: "web", command: ["chatter"], cwd: ".", env: {}, port: 0 });
  const abort = new AbortController();
  const seen: string[] = [];
  const lines: number[] = [];
  const following = [
    (async () => {
      for await (const changes of sandbox.files.watch({ signal: abort.signal }))
        seen.push(...changes.map(({ op, path }) => `${op} ${path}`));
    })(),
    (async () => {
      for await (const { seq } of sandbox.logs("web", { follow: true, signal: abort.signal })) lines.push(seq);
    })(),
  ];
  await until(async () => {
    await sandbox.files.write("first", String(Math.random()));
    return seen.length > 0 && lines.length > 5;
  });
  remote.proxy.refuse();
  remote.proxy.cut();
  await remote.runner.close();
  const files = (await local.find("a"))?.files;
  await files?.write("changed", "22");
  await files?.write("added", "1");
  await files?.remove("deleted");
  seen.length = 0;
  await remote.restart();
  await until(() => seen.length >= 3);
  expect(seen).toEqual(expect.arrayContaining(["update changed", "add added", "delete deleted"]));
  expect(seen).not.toContain("update kept");
  await sandbox.files.write("after", "1");
  await until(() => seen.includes("add after"));
  const count = lines.length;
  await until(() => lines.length > count + 5);
  expect(lines).toEqual(lines.map((_, n) => n + 1));
  abort.abort();
  await Promise.all(following);
  await sandbox.stop();
});

test("a file is complete or an error, never shorter", async () => {
  await using remote = await startRemote(createMemoryDriver());
  const sandbox = await (await remote.connect()).open({ id: "a" });
  const content = Buffer.alloc(8 * 2 ** 20, "x");
  await sandbox.files.write("big", content);
  const { data } = await sandbox.files.stream("big");
  let size = 0;
  const reading = (async () => {
    for await (const chunk of data as AsyncIterable<Buffer>) {
      size += chunk.length;
      remote.proxy.cut();
    }
  })();
  await expect(reading).rejects.toSatisfy(is("unavailable"));
  expect(size).toBeLessThan(content.length);
  expect(Buffer.compare((await sandbox.files.read("big")).data, content)).toBe(0);
});

test("an upload that is cut leaves nothing, and a staged file of a server that is gone is discarded", async () => {
  await using remote = await startRemote(createMemoryDriver(), { timing: { ...quick, patienceMs: 100, graceMs: 100 } });
  const sandbox = await (await remote.connect()).open({ id: "a" });
  await expect(
    sandbox.files.stage(
      (async function* () {
        yield Buffer.alloc(1000);
        remote.proxy.cut();
        await sleep(50);
        yield Buffer.alloc(1000);
      })(),
    ),
  ).rejects.toSatisfy(is("unavailable"));
  const staged = await until(() =>
    sandbox.files
      .stage(
        (async function* () {
          yield Buffer.from("staged");
        })(),
      )
      .catch(() => undefined),
  );
  expect(staged.size).toBe(6);
  remote.proxy.refuse();
  remote.proxy.cut();
  await until(() => remote.runner.clientCount() === 0);
  remote.proxy.accept();
  await expect(
    until(() =>
      staged.place("f").catch((error: Error) => (error.message.includes("cannot be reached") ? undefined : Promise.reject(error))),
    ),
  ).rejects.toSatisfy(is("not_found"));
  await staged.discard();
  expect(await sandbox.files.walk()).toEqual([]);
});

test("two servers use one runner; one that takes a project over fences the other off", async () => {
  await using remote = await startRemote(createMemoryDriver());
  const [first, second] = [await remote.connect(), await remote.connect()];
  const a = await first.open({ id: "a" });
  const b = await second.open({ id: "a" });
  await a.files.write("f", "by the first");
  expect(decode((await b.files.read("f")).data)).toBe("by the first");
  const owner = await remote.connect({ takesOver: true });
  const c = await owner.open({ id: "a" });
  await c.files.write("f", "by the owner");
  await expect(a.files.write("f", "too late")).rejects.toThrow("Another server took over this project.");
  const next = await remote.connect({ takesOver: true });
  const d = await next.open({ id: "a" });
  await d.files.write("f", "by the next owner");
  await expect(c.files.write("f", "too late")).rejects.toThrow("Another server took over this project.");
  expect(decode((await d.files.read("f")).data)).toBe("by the next owner");
});

test("a runner that shuts down waits for commands", async () => {
  const { commands } = programs();
  await using remote = await startRemote(createMemoryDriver({ commands }));
  const sandbox = await (await remote.connect()).open({ id: "a" });
  const started = Promise.withResolvers<void>();
  const running = sandbox.exec(["count", "50"], { onOutput: () => started.resolve() });
  await started.promise;
  const closing = remote.runner.close();
  expect((await running).stdout).toBe(lines(50));
  await closing;
});

test("services that no server uses are stopped after a time", async () => {
  const { commands, ended } = programs();
  const local = createMemoryDriver({ commands });
  await using remote = await startRemote(local, { orphanGraceMs: 400, timing: { ...quick, graceMs: 50 } });
  const driver = await remote.connect();
  const sandbox = await driver.open({ id: "a" });
  await sandbox.start({ name: "web", command: ["stay"], cwd: ".", env: {}, port: 0 });
  await sleep(600);
  expect(await sandbox.services()).toMatchObject([{ status: "running" }]);
  await driver.close({ leaveRunning: true });
  await until(() => ended.length === 1);
  expect(await (await local.find("a"))?.services()).toMatchObject([{ status: "stopped" }]);
});
