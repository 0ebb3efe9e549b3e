import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { reachable, releaseReachable, stopRuntimesBelow } from "@tesslate/runtime";
import { call, freePort, say, script, startModelServer } from "@tesslate/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientsAt } from "./testing/address.ts";
import { asPage, ended, enterPreview } from "./testing/projects.ts";
import { realRuntime } from "./testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "./testing/spawned-studio.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { tinyTemplates } from "./testing/tiny-template.ts";
import { createLogger } from "./platform/logger.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded.ts";

const probe = await realRuntime().catch(() => undefined);
const canRun = probe?.can.privateNetwork === true;
const canFreeze = probe?.can.freeze === true;
await probe?.[Symbol.asyncDispose]();

const root = join(import.meta.dirname, "../../..");
/** Writes one number to two files, one after the other, all the time. */
const program = `
const fs = require("fs");
const [a, b] = ["a.txt", "b.txt"].map((name) => fs.openSync(name, "w"));
let n = 0;
setInterval(() => { const text = String(++n).padStart(12, "0"); fs.writeSync(a, text, 0); fs.writeSync(b, text, 0); }, 2);
require("http").createServer((q, r) => r.end(q.url === "/greeting" ? process.env.GREETING : fs.readFileSync("who.txt"))).listen(process.env.PORT);`;

describe.skipIf(!canRun)("backup and restore of an installation (needs root and a sandbox with a network of its own)", () => {
  const base = temporaryFolder("backups");
  const children: SpawnedStudio[] = [];
  const installations: Record<"original" | "copy", { port: number; dataDir: string; as: ReturnType<typeof clientsAt> }> = {} as never;
  let templatesDir: string;
  let model: Awaited<ReturnType<typeof startModelServer>>;
  const target = join(base, "target");
  const passphraseFile = join(base, "passphrase");
  const person = { email: "ada@example.com", password: "correct horse battery" };

  beforeAll(async () => {
    templatesDir = await tinyTemplates({ command: ["node", "-e", program] });
    await writeFile(passphraseFile, "a passphrase of the tests\n");
    model = await startModelServer({
      script: script([
        call("run_command", { command: "for i in $(seq 1 200); do echo $i > run-$i.txt; sleep 0.02; done" }),
        say("Two hundred files."),
      ]),
    });
    for (const name of ["original", "copy"] as const) {
      const port = await freePort();
      installations[name] = { port, dataDir: join(base, name), as: clientsAt(port) };
    }
  });
  afterAll(async () => {
    for (const child of children) await child.kill();
    await model.close();
    await stopRuntimesBelow(base);
    await rm(base, { recursive: true, force: true });
  });

  const start = async (installation: { port: number; dataDir: string }) => {
    const child = await spawnStudio({
      ...installation,
      templatesDir,
      env: {
        ORPHANED_STOP_MINUTES: "5",
        SECRET_KEY: "",
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: model.openai_base_url,
        DEFAULT_MODELS: "openai/scripted",
      },
    });
    children.push(child);
    return child;
  };
  const command = (name: "backup" | "restore", dataDir: string, args: string[], settings: Record<string, string> = {}) =>
    [
      process.execPath,
      [join(root, `scripts/${name}.ts`), ...args],
      { env: { PATH: process.env["PATH"] ?? "", DATA_DIR: dataDir, LOG_LEVEL: "error", ...settings }, cwd: base },
    ] as const;
  /** Runs a command like `./studio` does. */
  const studio = (name: "backup" | "restore", dataDir: string, ...args: string[]) => outputOf(command(name, dataDir, args));
  const outputOf = (run: ReturnType<typeof command>) =>
    promisify(execFile)(...run).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, output: error.stdout + error.stderr }),
    );
  const signIn = async ({ as }: { as: ReturnType<typeof clientsAt> }) => ({
    token: (await as().auth.login({ body: person })).access_token ?? "",
  });
  const bytesOf = (folder: string): number =>
    readdirSync(join(folder, "packs"), { withFileTypes: true }).reduce(
      (sum, { name }) => sum + readFileSync(join(folder, "packs", name)).length,
      0,
    );

  test(
    "a hot backup while a run writes, a small second one, a killed one, and a restore beside the running original",
    { timeout: 600_000 },
    async () => {
      const { original, copy } = installations;
      await start(original);
      await original.as().auth.register({ body: { ...person, name: "Ada" } });
      const ada = await signIn(original);
      const api = original.as(ada);
      const ids: string[] = [];
      for (const name of ["Shop", "Blog"]) {
        const created = await api.projects.create({ body: { name } });
        expect(await ended(original, ada, created.task_id)).toMatchObject({ status: "completed", error: null });
        const params = { id: created.id };
        await api.files.put({ params: { ...params, path: "who.txt" }, body: { content: `the ${name}` } });
        await api.secrets.set({ params: { project_id: created.id }, body: { key: "GREETING", value: `secret of the ${name}` } });
        ids.push(created.id);
      }
      const [shop = "", blog = ""] = ids;
      const params = { id: shop };
      const filesOf = (dataDir: string, id: string) => join(dataDir, "runtime/sandboxes", id, "files");
      await writeFile(join(filesOf(original.dataDir, blog), "large.bin"), randomBytes(24 * 2 ** 20));
      await api.snapshots.create({ params, body: { label: "before" } });
      await expect.poll(async () => (await api.snapshots.list({ params })).items, { timeout: 60_000 }).toMatchObject([{ status: "ready" }]);
      await api.files.put({ params: { ...params, path: "after.txt" }, body: { content: "after the snapshot" } });
      const form = new FormData();
      form.append("file", new File(["an attachment"], "notes.txt", { type: "text/plain" }));
      const attached = (await (
        await fetch(`http://localhost:${original.port}/api/chat/attachments?project_id=${shop}`, {
          method: "POST",
          headers: { authorization: `Bearer ${ada.token}` },
          body: form,
        })
      ).json()) as { id: string };
      const { task_id } = await api.projects.start({ params });
      expect(await ended(original, ada, task_id)).toMatchObject({ status: "completed", error: null });
      const shown = async (at: typeof original, user: typeof ada, path: string) =>
        (await (await enterPreview(at, user, shop)).fetch(path, { headers: asPage })).text;
      expect(await shown(original, ada, "/")).toBe("the Shop");

      // The first backup, while a run writes and the app does.
      const running = fetch(`http://localhost:${original.port}/api/chat/stream`, {
        method: "POST",
        headers: { authorization: `Bearer ${ada.token}`, "content-type": "application/json" },
        body: JSON.stringify({ project_id: shop, message: "Write files", edit_mode: "allow" }),
      }).then((response) => response.text());
      await expect.poll(() => existsSync(join(filesOf(original.dataDir, shop), "run-5.txt")), { timeout: 30_000 }).toBe(true);
      const first = await studio("backup", original.dataDir, target, "--passphrase-file", passphraseFile);
      expect(first).toMatchObject({ code: 0, output: expect.stringContaining("2 projects") });
      if (canFreeze) expect(first.output).not.toContain("could not be paused");
      expect(await running).toContain('"success":true');
      expect(await shown(original, ada, "/")).toBe("the Shop");
      const firstBytes = bytesOf(target);

      const second = await studio("backup", original.dataDir, target, "--passphrase-file", passphraseFile);
      expect(second.code, second.output).toBe(0);
      expect(bytesOf(target) - firstBytes).toBeLessThan(firstBytes / 8);

      // Killed while it writes packs: nothing is lost, and the next one works.
      await writeFile(join(filesOf(original.dataDir, blog), "larger.bin"), randomBytes(96 * 2 ** 20));
      const before = readdirSync(join(target, "packs")).length;
      const killed = spawn(...command("backup", original.dataDir, [target]));
      const exited = once(killed, "exit");
      await expect.poll(() => readdirSync(join(target, "packs")).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + 1);
      killed.kill("SIGKILL");
      await exited;
      expect(await studio("backup", original.dataDir, "--verify", target)).toEqual({
        code: 0,
        output: "Checked 2 backups: everything is there and unchanged.\n",
      });
      const third = await studio("backup", original.dataDir, target, "--passphrase-file", passphraseFile);
      expect(third.code, third.output).toBe(0);
      const list = (await studio("backup", original.dataDir, "--list", target)).output.trim().split("\n");
      expect(list).toHaveLength(3);
      expect(list.every((line) => line.includes("2 projects") && line.includes("with keys"))).toBe(true);

      // The paused app was copied in one state.
      const { slug } = await api.projects.get({ params });
      const newest = list.at(-1)?.split(" ")[0] ?? "";
      for (const line of list) {
        const id = line.split(" ")[0] ?? "";
        const folder = join(base, `shop-${id}`);
        expect(await studio("restore", original.dataDir, target, "--at", id, "--project", slug, "--to", folder)).toMatchObject({ code: 0 });
        const [a, b] = ["a.txt", "b.txt"].map((name) => Number(readFileSync(join(folder, name), "utf8")));
        if (canFreeze) expect([0, 1]).toContain(Number(a) - Number(b));
        expect(Number(a)).toBeGreaterThan(0);
      }

      // A restore into a second installation, while the first runs.
      expect(await studio("restore", original.dataDir, target)).toMatchObject({ code: 1 });
      const wrong = join(base, "wrong");
      await writeFile(wrong, "another passphrase");
      expect(await studio("restore", copy.dataDir, target, "--passphrase-file", wrong)).toMatchObject({
        code: 1,
        output: expect.stringContaining("The passphrase does not open the keys of this backup"),
      });
      const restored = await studio("restore", copy.dataDir, target, "--passphrase-file", passphraseFile);
      expect(restored.code, restored.output).toBe(0);
      expect(restored.output).toContain(`Restored ${newest}`);
      expect(restored.output).not.toContain("Set SECRET_KEY");
      await start(copy);
      const again = await signIn(copy);
      const copied = copy.as(again);
      expect((await copied.projects.list()).items.map(({ name }) => name).sort()).toEqual(["Blog", "Shop"]);
      const begun = await copied.projects.start({ params });
      if (begun.task_id) expect(await ended(copy, again, begun.task_id)).toMatchObject({ status: "completed", error: null });
      await copied.files.put({ params: { ...params, path: "who.txt" }, body: { content: "the copy" } });
      expect(await shown(copy, again, "/")).toBe("the copy");
      expect(await shown(copy, again, "/greeting")).toBe("secret of the Shop");
      expect(await shown(original, ada, "/")).toBe("the Shop");
      expect(await copied.files.get({ params: { ...params, path: "run-200.txt" } })).toMatchObject({ content: "200\n" });
      const file = await fetch(`http://localhost:${copy.port}/api/chat/attachments/${attached.id}`, {
        headers: { authorization: `Bearer ${again.token}` },
      });
      expect(await file.text()).toBe("an attachment");
      const { items } = await copied.snapshots.list({ params });
      const kept = items.find(({ label }) => label === "before");
      const back = await copied.snapshots.restore({ params: { ...params, snapshot_id: kept?.id ?? "" } });
      expect(await ended(copy, again, back.task_id)).toMatchObject({ status: "completed", error: null });
      await expect(copied.files.get({ params: { ...params, path: "after.txt" } })).rejects.toMatchObject({ status: 404 });
      // Other user ids and addresses than the original's.
      const slots = async (dataDir: string) =>
        (JSON.parse(await readFile(join(dataDir, "runtime/slots.json"), "utf8")) as { slots: Record<string, number> }).slots[shop];
      expect(await slots(copy.dataDir)).not.toBe(await slots(original.dataDir));

      // Stopped, then restored: every row and every file is the same.
      for (const child of children.splice(0)) {
        const closed = once(child.child, "exit");
        child.child.kill("SIGTERM");
        await closed;
      }
      await stopRuntimesBelow(base);
      // Of a killed server; no backup contains it.
      await writeFile(join(original.dataDir, "server.json"), "{}");
      expect(await studio("backup", original.dataDir, target)).toMatchObject({
        code: 0,
        output: expect.stringContaining("does not contain the keys"),
      });
      const same = join(base, "same");
      const last = await studio("restore", same, target);
      expect(last.code, last.output).toBe(0);
      expect(readdirSync(same)).not.toContain("server.json");
      expect(last.output).toContain("Set SECRET_KEY");
      expect(await rowsOf(same)).toEqual(await rowsOf(original.dataDir));
      expect(await filesBelow(filesOf(same, shop))).toEqual(await filesBelow(filesOf(original.dataDir, shop)));
      expect(await filesBelow(filesOf(same, blog))).toEqual(await filesBelow(filesOf(original.dataDir, blog)));
      expect(await filesBelow(join(same, "runtime/history"))).toEqual(
        (await filesBelow(join(original.dataDir, "runtime/history"))).filter((line) => !/\/(?:known\.json|scratch)/.test(line)),
      );

      // From the embedded PostgreSQL into one of its own.
      const external = await startEmbeddedPostgres({
        dataDir: join(base, "postgresql"),
        reach: reachable,
        release: releaseReachable,
        log: createLogger("silent"),
      });
      try {
        const url = `postgres://tesslate@localhost/tesslate?host=${encodeURIComponent(external.socketDir)}`;
        const moved = await outputOf(command("restore", join(base, "moved"), [target], { DATABASE_URL: url }));
        expect(moved.code, moved.output).toBe(0);
        expect(await rowsAt(external.socketDir)).toEqual(await rowsOf(original.dataDir));
      } finally {
        await external.stop();
      }

      // Pruning keeps the newest of the day, and it can still be restored.
      const pruned = await studio("backup", original.dataDir, "--prune", "--keep-daily", "1", "--keep-weekly", "0", target);
      expect(pruned).toMatchObject({ code: 0, output: expect.stringContaining("Kept 1 backup, deleted 3") });
      expect(await studio("backup", original.dataDir, "--verify", target)).toMatchObject({
        code: 0,
        output: expect.stringContaining("Checked 1 backup:"),
      });
      expect(await studio("restore", same, target, "--force")).toMatchObject({ code: 0, output: expect.stringContaining("is in ") });
      expect(await rowsOf(same)).toEqual(await rowsOf(original.dataDir));

      // Every command of the document works as it is written there.
      const document = await readFile(join(root, "docs/operations/backup.md"), "utf8");
      const places: Record<string, string> = {
        "/mnt/backup/studio": join(base, "documented/target"),
        "/etc/tesslate/backup-passphrase": passphraseFile,
        "/var/lib/tesslate": join(base, "documented/data"),
        "/tmp/my-shop": join(base, "documented/my-shop"),
        "my-shop": slug,
      };
      const commands = [...document.matchAll(/^\.\/studio (backup|restore) (.+)$/gm)];
      expect(commands.length).toBeGreaterThan(5);
      for (const [line, name, args = ""] of commands) {
        const result = await studio(name as "backup" | "restore", original.dataDir, ...args.split(" ").map((arg) => places[arg] ?? arg));
        expect(result, `${line}\n${result.output}`).toMatchObject({ code: 0 });
      }
    },
  );
});

/** A digest of the rows of each table. */
async function rowsOf(dataDir: string): Promise<Record<string, string>> {
  const server = await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log: createLogger("silent") });
  try {
    return await rowsAt(server.socketDir);
  } finally {
    await server.stop();
  }
}

async function rowsAt(socketDir: string): Promise<Record<string, string>> {
  const client = new pg.Client({ host: socketDir, user: "tesslate", database: "tesslate" });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1",
    );
    const found: Record<string, string> = {};
    for (const { name } of rows) {
      // A restored installation is another one than the original.
      const condition = name === "server_settings" ? "where key <> 'installation'" : "";
      const { rows: digests } = await client.query<{ digest: string }>(
        `select count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest from ${name} t ${condition}`,
      );
      found[name] = digests[0]?.digest ?? "";
    }
    return found;
  } finally {
    await client.end();
  }
}

/** Type, mode, size and digest of everything below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    "sh",
    [
      "-c",
      `cd "$1" && find . \\( -type f -printf '%p f %m %s %T@ ' -exec md5sum {} \\; \\) -o -type d -printf '%p d %m\\n' -o -type l -printf '%p l %l\\n' | sort`,
      "sh",
      folder,
    ],
    { maxBuffer: 1 << 26 },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/(\.\d{3})\d+ /, "$1 "));
}
