import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { is, sql, Table } from "drizzle-orm";
import { expect, test } from "vitest";
import { SecretValue } from "./platform/secret.ts";
import { createCryptoBox } from "./platform/crypto.ts";
import { bytesOf, reencrypt } from "./platform/encrypted-column.ts";
import { beginRotation, endRotation, loadEncryptionKeys, readEncryptionKeyFile } from "./platform/encryption-keys.ts";
import { encryptedColumns } from "./encrypted-columns.ts";
import { testApp } from "./testing/app.ts";
import { emptyProject } from "./testing/sandbox.ts";
import { temporaryFolder } from "./testing/temporary.ts";

const secretKey = "a secret key of the tests, 32+ characters";

test("every binary column is in the list of encrypted columns", async () => {
  const root = join(import.meta.dirname, "db/schema");
  const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(8);
  const tables = (await Promise.all(files.map(async (name) => Object.values((await import(join(root, name))) as object)))).flat();
  const found = tables.filter((value): value is Table => is(value, Table)).flatMap(bytesOf);
  expect(found.length).toBeGreaterThan(1);
  const listed = new Set(encryptedColumns.map((s) => s.column));
  expect(found.filter((column) => !listed.has(column)).map((c) => c.name)).toEqual([]);
});

test("after a rotation the new key alone opens everything", async () => {
  await using app = await testApp({ ownServer: true });
  const owner = await app.signUp();
  const project = await emptyProject(app, owner);
  await app.as(owner).secrets.import({ params: { project_id: project.id }, body: { text: "KEY_1=value number 1\nKEY_2=value number 2" } });
  const old = createCryptoBox(secretKey);
  const sealed = old.seal("sk-stored", "server_settings:test.key").toString("base64");
  await app.db.execute(
    sql`insert into server_settings (key, value) values ('test.key', ${JSON.stringify({ sealed })}::jsonb), ('test.plain', '{"a": 1}')`,
  );
  const keys = { current: "a fresh key of thirty-two characters" };
  const box = createCryptoBox(secretKey, keys);
  // The two secrets, the setting, and the setup token of the server.
  expect(await reencrypt({ db: app.db, box, columns: encryptedColumns })).toEqual({ done: 4, unreadable: [] });
  expect((await reencrypt({ db: app.db, box, columns: encryptedColumns })).done).toBe(0);

  // Only the new key, and another secret key: the former one is not needed and would not fit.
  const only = createCryptoBox("quite another secret key of the server", keys);
  const { rows } = await app.db.execute<{ key: string; sealed_value: Buffer }>(sql`select key, sealed_value from project_secrets`);
  expect(rows).toHaveLength(2);
  for (const row of rows)
    expect(only.open(row.sealed_value, `project_secrets:${project.id}:${row.key}`)).toBe(`value number ${row.key.slice(4)}`);
  const setting = await app.db.execute<{ value: { sealed: string } }>(sql`select value from server_settings where key = 'test.key'`);
  expect(only.open(Buffer.from(setting.rows[0]?.value.sealed ?? "", "base64"), "server_settings:test.key")).toBe("sk-stored");
});

test("values that no known key opens are reported and left unchanged, and do not stop the rotation", async () => {
  await using app = await testApp({ ownServer: true });
  const owner = await app.signUp();
  const project = await emptyProject(app, owner);
  const foreignBox = createCryptoBox("a key that this server has never had");
  await app.as(owner).secrets.import({ params: { project_id: project.id }, body: { text: "A=aaaaaa\nB=bbbbbb\nC=cccccc" } });
  const sealed = foreignBox.seal("x", "nowhere");
  await app.db.execute(sql`update project_secrets set sealed_value = ${sealed} where key = 'B'`);
  const box = createCryptoBox(secretKey, { current: "a fresh key of thirty-two characters" });
  const result = await reencrypt({ db: app.db, box, columns: encryptedColumns });
  expect(result.done).toBe(3);
  expect(result.unreadable).toEqual([expect.stringMatching(/^project_secrets\.sealed_value [0-9a-f-]{36}$/)]);
});

test("the key file is created by the first rotation, resumed by the next, reduced to one key at the end; the operator's key takes precedence", async () => {
  const dataDir = temporaryFolder("keys");
  const unset = { auth: { encryptionKey: undefined, formerEncryptionKeys: [] } };
  expect(await loadEncryptionKeys(unset, dataDir)).toEqual({ former: [] });
  await beginRotation(dataDir);
  const first = await readEncryptionKeyFile(dataDir);
  expect(first).toMatchObject({ isUnfinished: true, keys: [expect.stringMatching(/^[\w-]{64}$/)] });
  expect((await stat(join(dataDir, "sealing.keys"))).mode & 0o777).toBe(0o600);
  await beginRotation(dataDir);
  expect(await readEncryptionKeyFile(dataDir)).toEqual(first);
  await endRotation(dataDir);
  await beginRotation(dataDir);
  const second = await readEncryptionKeyFile(dataDir);
  expect(second.keys).toEqual([expect.any(String), first.keys[0]]);
  expect(await loadEncryptionKeys(unset, dataDir)).toEqual({ current: second.keys[0], former: [first.keys[0]] });
  await endRotation(dataDir);
  expect(await readEncryptionKeyFile(dataDir)).toEqual({ keys: [second.keys[0]], isUnfinished: false });
  expect(await readFile(join(dataDir, "sealing.keys"), "utf8")).toBe(`${second.keys[0]}\n`);
  const configured = { auth: { encryptionKey: new SecretValue("operator"), formerEncryptionKeys: [new SecretValue("before")] } };
  expect(await loadEncryptionKeys(configured, dataDir)).toEqual({ current: "operator", former: ["before", second.keys[0]] });
});
