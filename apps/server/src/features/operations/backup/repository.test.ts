import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { startS3Server } from "@tesslate/testkit";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { openFileCache } from "./file-cache.store.ts";
import { restoreFolder, saveFolder } from "./folders.ts";
import type { BackupManifest } from "./manifest.ts";
import { openRepository, selectKept, type BackupRepository } from "./repository.ts";
import { chunksOfBackup, prepareDataDir, verifyBackups } from "./restore.ts";
import { openS3Target } from "./s3-target.ts";
import { sealKeys, unsealKeys } from "./sealed-keys.ts";
import { openFolderTarget } from "./target.ts";

const { signal } = new AbortController();
const collect = async (source: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
};
const open = (folder: string) => openRepository(openFolderTarget(folder), { isCreated: true });
/** Saves a folder as the backup of a day. */
async function backUp(repository: BackupRepository, folder: string, day: string): Promise<BackupManifest> {
  const cache = openFileCache(join(temporaryFolder("cache"), "files.sqlite"), repository.id);
  const { tree } = await saveFolder(folder, { store: repository, cache, isLeftOut: () => false, signal });
  cache.close({ isComplete: true });
  const { chunks, bytes } = await repository.putStream([Buffer.from("a dump")]);
  const manifest = {
    id: day,
    started_at: `${day}T02:30:00.000Z`,
    files: tree,
    database: { chunks: await repository.put(Buffer.from(JSON.stringify(chunks))), bytes },
  } as BackupManifest;
  await repository.save(manifest);
  return manifest;
}
const prune = (repository: BackupRepository, keepDaily: number) =>
  repository.prune({ keepDaily, keepWeekly: 0 }, (manifest) => chunksOfBackup(repository, manifest));

describe("what is stored", () => {
  test("a stream that changed in one place shares the rest, and is read back as it was", async () => {
    const repository = await open(temporaryFolder("target"));
    const data = randomBytes(12 * 2 ** 20);
    const first = await repository.putStream([data]);
    const changed = Buffer.concat([data.subarray(0, 5_000_000), Buffer.from("inserted"), data.subarray(5_000_000)]);
    const second = await repository.putStream([changed.subarray(0, 7_000_001), changed.subarray(7_000_001)]);
    expect(second.bytes).toBe(changed.length);
    expect(second.chunks.filter((chunk) => !first.chunks.includes(chunk)).length).toBeLessThanOrEqual(2);
    expect((await collect(repository.read(second.chunks))).equals(changed)).toBe(true);
  });

  test("folders keep names, modes, times and links; a link is not followed; unchanged files are not read again", async () => {
    const [from, to, target] = [temporaryFolder("from"), join(temporaryFolder("to"), "restored"), temporaryFolder("target")];
    mkdirSync(join(from, "a/empty"), { recursive: true });
    writeFileSync(join(from, "a/run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff, 0xfe])]), "no UTF-8");
    symlinkSync("/etc/passwd", join(from, "link"));
    chmodSync(join(from, "a"), 0o711);
    const repository = await open(target);
    const cache = openFileCache(join(temporaryFolder("cache"), "files.sqlite"), repository.id);
    let read = 0;
    const save = () =>
      saveFolder(from, { store: repository, cache, isLeftOut: (path) => path === "left", signal, onFile: () => void read++ });
    writeFileSync(join(from, "left"), "out");
    // The clock has to be past the files' last change before the cache trusts it.
    await expect.poll(() => Date.now() % 200 < 20).toBe(true);
    await save();
    expect(read).toBe(2);
    const saved = await save();
    expect(read).toBeLessThanOrEqual(4);
    await restoreFolder(saved.tree, to, { store: repository, hasOwners: false, signal });
    const again = await saveFolder(to, { store: repository, cache, isLeftOut: () => false, signal });
    expect(again.tree).toBe(saved.tree);
    expect(readdirSync(to)).toHaveLength(3);
  });

  test("entries that disappeared since an earlier pass are kept where rows may name them", async () => {
    const repository = await open(temporaryFolder("target"));
    const from = temporaryFolder("from");
    const cache = openFileCache(join(temporaryFolder("cache"), "files.sqlite"), repository.id);
    mkdirSync(join(from, "sites"));
    writeFileSync(join(from, "sites/one"), "1");
    writeFileSync(join(from, "other"), "2");
    const options = { store: repository, cache, isLeftOut: () => false, signal };
    const first = await saveFolder(from, options);
    rmSync(join(from, "sites/one"));
    rmSync(join(from, "other"));
    const second = await saveFolder(from, { ...options, former: { tree: first.tree, folders: new Set(["sites"]) } });
    const to = join(temporaryFolder("to"), "restored");
    await restoreFolder(second.tree, to, { store: repository, hasOwners: false, signal });
    expect(readFileSync(join(to, "sites/one"), "utf8")).toBe("1");
    expect(readdirSync(to)).toEqual(["sites"]);
  });

  test.each(["../out", "..", "a/b", "", "x\0y"])("a tree with the name %j is refused", async (name) => {
    const repository = await open(temporaryFolder("target"));
    const chunk = await repository.put(Buffer.from("planted"));
    const tree = await repository.put(Buffer.from(JSON.stringify({ entries: [["f", name, 0o644, 0, 0, 7, [chunk]]] })));
    const to = join(temporaryFolder("to"), "restored");
    await expect(restoreFolder(tree, to, { store: repository, hasOwners: false, signal })).rejects.toThrow("The backup is damaged");
  });
});

describe("a target", () => {
  test("has no backup that was not completed, and the next one uses its packs", async () => {
    const [target, from] = [temporaryFolder("target"), temporaryFolder("from")];
    writeFileSync(join(from, "large"), randomBytes(20 * 2 ** 20));
    const killed = await open(target);
    const cache = openFileCache(join(temporaryFolder("cache"), "files.sqlite"), killed.id);
    await saveFolder(from, { store: killed, cache, isLeftOut: () => false, signal });
    expect(readdirSync(join(target, "packs")).length).toBeGreaterThan(0);
    const repository = await open(target);
    expect(await verifyBackups(repository)).toEqual({ backups: 0, problems: [] });
    await backUp(repository, from, "2026-12-01");
    expect(await verifyBackups(await open(target))).toEqual({ backups: 1, problems: [] });
  });

  test("that is damaged is reported, and not restored from", async () => {
    const [target, from] = [temporaryFolder("target"), temporaryFolder("from")];
    writeFileSync(join(from, "file"), "content");
    const { files } = await backUp(await open(target), from, "2026-12-01");
    const [pack = ""] = readdirSync(join(target, "packs"));
    const data = readFileSync(join(target, "packs", pack));
    data[10] = (data[10] ?? 0) ^ 1;
    writeFileSync(join(target, "packs", pack), data);
    const repository = await open(target);
    expect((await verifyBackups(repository)).problems[0]).toContain(pack);
    const to = join(temporaryFolder("to"), "restored");
    await expect(restoreFolder(files, to, { store: repository, hasOwners: false, signal })).rejects.toThrow("is damaged");
  });

  test("after pruning has what the kept backups need, and no more", async () => {
    const [target, from] = [temporaryFolder("target"), temporaryFolder("from")];
    writeFileSync(join(from, "kept"), randomBytes(300_000));
    writeFileSync(join(from, "old"), randomBytes(3_000_000));
    await backUp(await open(target), from, "2026-11-30");
    rmSync(join(from, "old"));
    const kept = await backUp(await open(target), from, "2026-12-01");
    expect(await prune(await open(target), 1)).toMatchObject({ kept: 1, removed: ["2026-11-30"], freedBytes: expect.any(Number) });
    const repository = await open(target);
    expect(await verifyBackups(repository)).toEqual({ backups: 1, problems: [] });
    expect((await openFolderTarget(target).list("packs/")).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(400_000);
    const to = join(temporaryFolder("to"), "restored");
    await restoreFolder(kept.files, to, { store: repository, hasOwners: false, signal });
    expect(readFileSync(join(to, "kept")).equals(readFileSync(join(from, "kept")))).toBe(true);
  });

  test("is used by one writer at a time; the lock of a dead process does not count", async () => {
    const target = temporaryFolder("target");
    const repository = await open(target);
    mkdirSync(join(target, "locks"));
    const lock = (pid: number, at = new Date()) => JSON.stringify({ kind: "backup", host: hostname(), pid, at: at.toISOString() });
    writeFileSync(join(target, "locks/dead.json"), lock(2 ** 22 + 1));
    writeFileSync(join(target, "locks/stale.json"), lock(1, new Date(Date.now() - 3_600_000)));
    const release = await repository.lock("backup");
    await release();
    writeFileSync(join(target, "locks/alive.json"), lock(1));
    await expect(repository.lock("prune")).rejects.toThrow("Another backup of");
    expect(readdirSync(join(target, "locks"))).toEqual(["alive.json"]);
  });
});

test("an S3 bucket is a target, with pages, ranges, retries and refusals", async () => {
  await using server = await startS3Server({ bucket: "studio", accessKeyId: "AKIATEST", secretAccessKey: "secret", pageSize: 3 });
  const s3 = (more: { secretAccessKey?: string; address?: string } = {}) =>
    openS3Target(more.address ?? "s3://studio/backups/one", {
      endpoint: server.endpoint,
      region: "us-east-1",
      accessKeyId: "AKIATEST",
      secretAccessKey: more.secretAccessKey ?? "secret",
      isPathStyle: true,
    });
  const target = s3();
  expect(await target.get("config.json")).toBeUndefined();
  for (let i = 0; i < 8; i++) await target.put(`packs/${i}`, Buffer.from(`pack ${i}`));
  server.failNext(2);
  expect((await target.list("packs/")).map(({ name, bytes }) => [name, bytes])).toEqual(
    Array.from({ length: 8 }, (_, i) => [`packs/${i}`, 6]),
  );
  expect((await target.get("packs/3", { start: 5, length: 1 }))?.toString()).toBe("3");
  await target.remove("packs/3");
  await target.remove("packs/3");
  expect(await target.get("packs/3")).toBeUndefined();
  expect([...server.objects.keys()][0]).toBe("studio/backups/one/packs/0");
  await expect(s3({ secretAccessKey: "wrong" }).list("packs/")).rejects.toThrow("403 SignatureDoesNotMatch");
  await expect(s3({ address: "s3://other" }).get("config.json")).rejects.toThrow("The bucket other of s3://other does not exist");
  for (let i = 0; i < 8; i++) await target.remove(`packs/${i}`);

  const from = temporaryFolder("from");
  writeFileSync(join(from, "file"), "content");
  const { files } = await backUp(await openRepository(target, { isCreated: true }), from, "2026-12-01");
  const to = join(temporaryFolder("to"), "restored");
  await restoreFolder(files, to, { store: await openRepository(s3()), hasOwners: false, signal });
  expect(readFileSync(join(to, "file"), "utf8")).toBe("content");
});

test("pruning keeps the newest of each of the last days and weeks", () => {
  const all = Array.from({ length: 40 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 9, 20) + i * 12 * 3_600_000).toISOString();
    return { id: at, started_at: at };
  });
  const kept = [...selectKept(all, { keepDaily: 3, keepWeekly: 2 })].sort();
  expect(kept.map((id) => id.slice(0, 13))).toEqual(["2026-11-01T12", "2026-11-06T12", "2026-11-07T12", "2026-11-08T12"]);
  expect(selectKept(all, { keepDaily: 0, keepWeekly: 0 }).size).toBe(1);

  // The one before an upgrade stays, whatever the schedule made afterwards on that day.
  const [manual, ...later] = [
    { id: "manual", started_at: "2026-11-08T09:00:00.000Z", is_scheduled: false },
    { id: "former", started_at: "2026-11-08T10:00:00.000Z" },
    { id: "scheduled", started_at: "2026-11-08T11:00:00.000Z", is_scheduled: true },
  ];
  const rules = { keepDaily: 1, keepWeekly: 0 };
  expect([...selectKept([manual, ...later], { ...rules, keepsManual: true })].sort()).toEqual(["manual", "scheduled"]);
  expect([...selectKept([manual, ...later], rules)]).toEqual(["scheduled"]);
});

test("sealed keys open with their passphrase and backup only", async () => {
  const keys = { secret_key: "the secret key", encryption_keys: ["one", "two"], settings: { SMTP_PASSWORD: "pa ss" } };
  const sealed = await sealKeys(keys, "a long passphrase", "b1");
  expect(JSON.stringify(sealed)).not.toContain("the secret key");
  expect(await unsealKeys(sealed, "a long passphrase", "b1")).toEqual(keys);
  await expect(unsealKeys(sealed, "another passphrase", "b1")).rejects.toThrow("The passphrase does not open the keys");
  await expect(unsealKeys(sealed, "a long passphrase", "b2")).rejects.toThrow("The passphrase does not open the keys");
  await expect(unsealKeys({ ...sealed, cost: 2 ** 30 }, "a long passphrase", "b1")).rejects.toThrow("does not know");
  await expect(sealKeys(keys, "short", "b1")).rejects.toThrow("at least 12 characters (it has 5)");
});

test("a restore needs an empty data folder, or moves its content aside", () => {
  const dataDir = temporaryFolder("data");
  const now = new Date("2026-12-01T02:30:00Z");
  writeFileSync(join(dataDir, "studio.pid"), "1");
  // A new volume has it.
  mkdirSync(join(dataDir, "lost+found"));
  expect(prepareDataDir(dataDir, { isForced: false, now })).toBeUndefined();
  writeFileSync(join(dataDir, "secret.key"), "key");
  expect(() => prepareDataDir(dataDir, { isForced: false, now })).toThrow("is not empty");
  const aside = prepareDataDir(dataDir, { isForced: true, now });
  expect(readFileSync(join(aside ?? "", "secret.key"), "utf8")).toBe("key");
  expect(readdirSync(dataDir).sort()).toEqual([".before-restore-20261201T023000", "lost+found", "studio.pid"]);
});
