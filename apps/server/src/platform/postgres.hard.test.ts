import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectDatabase } from "./database.ts";
import { createLogger } from "./logger.ts";
import { holdDataDir } from "./data-folder-lock.ts";
import { startEmbeddedPostgres } from "./postgres/embedded.ts";
import { createBus } from "./bus.ts";

const log = createLogger("silent");
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "studio-pg-"));
  // As root the database server runs as another user, who needs access to the folder.
  await chmod(dataDir, 0o755);
});
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await ended(child);
  }
});
afterEach(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));

const start = (dir = dataDir) => startEmbeddedPostgres({ dataDir: dir, reach: async (folder) => folder, log, settings: { fsync: "off" } });
const pidFile = () => join(dataDir, "postgres/data/postmaster.pid");
const postmaster = async () => Number((await readFile(pidFile(), "utf8")).split("\n")[0]);
/** Zombies do not count. */
const isRunning = (pid: number) => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
/** Runs TypeScript in a separate process; resolves with the process and its first line of output. */
async function inProcess(code: string, wrapper: string[] = []): Promise<{ child: ChildProcess; line: string }> {
  const [file = "", ...args] = [...wrapper, process.execPath, "--input-type=module-typescript", "-e", code];
  const child = spawn(file, args, {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const line = await new Promise<string>((resolve) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.split("\n")[0] ?? "");
    });
    child.once("exit", () => resolve(text));
  });
  return { child, line };
}
const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.once("exit", () => resolve()));

describe("the embedded server", () => {
  test("initializes once, keeps its data over a restart, listens on no network, and leaves no process running", async () => {
    const first = await start();
    const one = connectDatabase({ socketDir: first.socketDir }, log);
    await one.pool.query("create table t as select 42 as answer");
    expect((await one.pool.query("show listen_addresses")).rows[0].listen_addresses).toBe("");
    expect((await one.pool.query("show server_encoding")).rows[0].server_encoding).toBe("UTF8");
    const pid = await postmaster();
    await one.close();
    await first.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(first.socketDir)).toBe(false);

    const second = await start();
    const two = connectDatabase({ socketDir: second.socketDir }, log);
    expect((await two.pool.query("select answer from t")).rows).toEqual([{ answer: 42 }]);
    await two.close();
    await second.stop();
  });

  test("restarts after a kill; pool and bus reconnect, and nothing committed is lost", async () => {
    const server = await start();
    const { pool, connection, close } = connectDatabase({ socketDir: server.socketDir }, log);
    const bus = await createBus(pool, connection, log);
    const payloads: unknown[] = [];
    const reconnected = vi.fn();
    bus.listen("channel", (payload) => payloads.push(payload));
    bus.onReconnect(reconnected);
    await pool.query("create table t (n int)");
    await pool.query("insert into t values (1)");
    for (let round = 1; round <= 2; round++) {
      const pid = await postmaster();
      const underWay = pool.query("select pg_sleep(30)").then(
        () => "answered",
        () => "refused",
      );
      await sleep(50);
      process.kill(pid, "SIGKILL");
      expect(await underWay).toBe("refused");
      await vi.waitFor(async () => expect((await pool.query("select n from t")).rows).toEqual([{ n: 1 }]));
      expect(await postmaster()).not.toBe(pid);
      await vi.waitFor(() => expect(reconnected).toHaveBeenCalledTimes(round));
      expect(bus.isConnected()).toBe(true);
      await bus.notify("channel", { round });
      await vi.waitFor(() => expect(payloads.at(-1)).toEqual({ round }));
    }
    await bus.close();
    await close();
    const pid = await postmaster();
    await server.stop();
    expect(isRunning(pid)).toBe(false);
  });

  test("ignores a stale pid file of a dead or unrelated process", async () => {
    const first = await start();
    await first.stop();
    const socket = { dead: 4_000_000, other: process.pid };
    for (const pid of Object.values(socket)) {
      await writeFile(pidFile(), `${pid}\n${join(dataDir, "postgres/data")}\n1\n5432\n\n\n`);
      const server = await start();
      expect(await postmaster()).not.toBe(pid);
      await server.stop();
    }
    expect(isRunning(process.pid)).toBe(true);
  });

  test("repeats an incomplete initialization", async () => {
    await mkdir(join(dataDir, "postgres/data.new/base"), { recursive: true });
    await writeFile(join(dataDir, "postgres/data.new/junk"), "x");
    const server = await start();
    expect(await readdir(join(dataDir, "postgres/data"))).not.toContain("junk");
    await server.stop();
  });

  test("uses another folder for the socket if the path is too long", async () => {
    const deep = join(dataDir, ...Array.from({ length: 6 }, (_, i) => `a-long-folder-name-${i}`));
    await mkdir(deep, { recursive: true });
    const server = await start(deep);
    const database = connectDatabase({ socketDir: server.socketDir }, log);
    expect((await database.pool.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    await database.close();
    await server.stop();
    expect(existsSync(server.socketDir)).toBe(false);
  });

  test("stops with a killed process, and the next one continues with its data", async () => {
    const { child, line } = await inProcess(`
      import { startEmbeddedPostgres } from "./postgres/embedded.ts";
      import { createLogger } from "./logger.ts";
      import { connectDatabase } from "./database.ts";
      const log = createLogger("silent");
      const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, reach: async (f) => f, log });
      const { pool } = connectDatabase({ socketDir: server.socketDir }, log);
      await pool.query("create table t as select 7 as n");
      process.stdout.write("up\\n");
      setInterval(() => {}, 1000);
    `);
    expect(line).toBe("up");
    const pid = await postmaster();
    child.kill("SIGKILL");
    await ended(child);
    const server = await start();
    expect(isRunning(pid)).toBe(false);
    const database = connectDatabase({ socketDir: server.socketDir }, log);
    expect((await database.pool.query("select n from t")).rows).toEqual([{ n: 7 }]);
    await database.close();
    await server.stop();
  });

  test("reports why it cannot start", async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(dataDir, "postgres/data/postgresql.conf"), "max_connections = many\n");
    await expect(start()).rejects.toThrow(/PostgreSQL exited.*max_connections/s);
  });
});

/** As in another container: process ids differ, and it ends with its first process. */
const elsewhere = ["unshare", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"];

test.skipIf(process.getuid?.() !== 0)(
  "a server in another pid namespace keeps its database, and the error names it",
  { timeout: 60_000 },
  async () => {
    const there = await inProcess(
      `
      import { startEmbeddedPostgres } from "./postgres/embedded.ts";
      import { createLogger } from "./logger.ts";
      await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, reach: async (folder) => folder, log: createLogger("silent"), settings: { fsync: "off" } });
      process.stdout.write("started\\n");
      setInterval(() => {}, 1000);
    `,
      elsewhere,
    );
    expect(there.line).toBe("started");
    const note = await readFile(pidFile(), "utf8");
    await expect(start()).rejects.toThrow(/Another PostgreSQL uses .*another container/);
    expect(await readFile(pidFile(), "utf8")).toBe(note);
    there.child.kill("SIGKILL");
    await ended(there.child);
    const here = await start();
    await here.stop();
  },
);

describe("one process per data folder", () => {
  const holder = (then = "setInterval(() => {}, 1000)", wrapper: string[] = []) =>
    inProcess(
      `
      import { holdDataDir } from "./data-folder-lock.ts";
      try {
        const release = await holdDataDir(${JSON.stringify(dataDir)});
        process.stdout.write("held\\n");
        ${then};
      } catch (error) {
        process.stdout.write(\`refused \${error.message}\\n\`);
      }
    `,
      wrapper,
    );
  test.skipIf(process.getuid?.() !== 0)("in any pid namespace", async () => {
    const there = await holder(undefined, elsewhere);
    expect(there.line).toBe("held");
    await expect(holdDataDir(dataDir)).rejects.toThrow(/Another Tesslate Studio \(process \d+ on .+, boot \w+\) uses/);
    expect((await holder(undefined, elsewhere)).line).toMatch(/^refused/);
    there.child.kill("SIGKILL");
    // Its namespace ends shortly after it.
    const release = await vi.waitFor(() => holdDataDir(dataDir));
    await release();
  });
  test("the second process is rejected with the holder's pid; after a kill -9 the folder is free", async () => {
    const first = await holder();
    expect(first.line).toBe("held");
    const second = await holder();
    expect(second.line).toMatch(
      new RegExp(`^refused Another Tesslate Studio \\(process ${first.child.pid} on .+, boot \\w+\\) uses .*DATA_DIR`),
    );
    await expect(holdDataDir(dataDir)).rejects.toThrow(/Another Tesslate Studio/);
    first.child.kill("SIGKILL");
    await ended(first.child);
    const release = await holdDataDir(dataDir);
    await expect(holdDataDir(dataDir)).rejects.toThrow(/Another Tesslate Studio/);
    await release();
    expect(await readdir(dataDir)).toEqual(["studio.pid.kernel"]);
    await (
      await holdDataDir(dataDir)
    )();
  });
  test("a reused process id does not hold the folder, nor does an empty file", async () => {
    for (const stale of [`${process.ppid} 1`, "4000000 123", ""]) {
      await writeFile(join(dataDir, "studio.pid"), stale);
      await (
        await holdDataDir(dataDir)
      )();
    }
  });
  test("of several processes that find a stale file exactly one gets the folder", async () => {
    await writeFile(join(dataDir, "studio.pid"), "4000000 123");
    const all = await Promise.all(Array.from({ length: 4 }, () => holder()));
    expect(all.map((p) => p.line.split(" ")[0]).sort()).toEqual(["held", "refused", "refused", "refused"]);
    for (const { child } of all) child.kill("SIGKILL");
    await Promise.all(all.map(({ child }) => ended(child)));
  });
});
