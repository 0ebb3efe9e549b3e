import { spawn } from "node:child_process";
import { sql } from "drizzle-orm";
import { expect, inject, test } from "vitest";
import { createCryptoBox } from "./platform/crypto.ts";
import { reencrypt } from "./platform/encrypted-column.ts";
import { encryptedColumns } from "./encrypted-columns.ts";
import { testApp } from "./testing/app.ts";
import { emptyProject } from "./testing/sandbox.ts";

const secretKey = "a secret key of the tests, 32+ characters";

test("after a rotation the new key alone opens everything; a killed rotation continues", async () => {
  await using app = await testApp({ ownServer: true });
  const owner = await app.signUp();
  const project = await emptyProject(app, owner, { command: ["true"] });
  const text = Array.from({ length: 190 }, (_, i) => `KEY_${i}=value number ${i}`).join("\n");
  const projects = [project, await emptyProject(app, owner), await emptyProject(app, owner), await emptyProject(app, owner)];
  for (const { id } of projects) await app.as(owner).secrets.import({ params: { project_id: id }, body: { text } });
  const [container] = (await app.as(owner).containers.list({ params: { id: project.id } })).items;
  await app.as(owner).containers.update({
    params: { id: project.id, container_id: container?.id ?? "" },
    body: { env_vars_to_set: { OWN: "container value" } },
  });
  const old = createCryptoBox(secretKey);
  await app.db.execute(
    sql`insert into server_settings (key, value) values ('test.key', ${JSON.stringify({ sealed: old.seal("sk-stored", "server_settings:test.key").toString("base64") })}::jsonb), ('test.plain', '{"a": 1}')`,
  );
  const keys = { current: "a fresh key of thirty-two characters" };
  const box = createCryptoBox(secretKey, keys);
  const left = async () =>
    (
      await app.db.execute<{ n: number }>(
        sql`select count(*)::int as n from project_secrets where substring(sealed_value from 1 for 6) <> ${box.header}`,
      )
    ).rows[0]?.n ?? -1;
  expect(await left()).toBe(760);

  const child = spawn(
    process.execPath,
    [
      "--input-type=module-typescript",
      "-e",
      `
      import { connectDatabase } from "./platform/database.ts";
      import { createCryptoBox } from "./platform/crypto.ts";
      import { createLogger } from "./platform/logger.ts";
      import { reencrypt } from "./platform/encrypted-column.ts";
      import { encryptedColumns } from "./encrypted-columns.ts";
      const { server, name } = ${JSON.stringify({ server: inject("postgres").server, name: app.database })};
      const { db } = connectDatabase("url" in server ? { url: Object.assign(new URL(server.url), { pathname: "/" + name }).href } : { socketDir: server.socketDir, database: name }, createLogger("silent"));
      await reencrypt({ db, box: createCryptoBox(${JSON.stringify(secretKey)}, ${JSON.stringify(keys)}), columns: encryptedColumns, onProgress: () => process.stdout.write("batch\\n") });
    `,
    ],
    { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exit = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await exit;
  const rest = await left();
  expect(rest).toBeLessThan(760);

  const result = await reencrypt({ db: app.db, box, columns: encryptedColumns });
  expect(result.unreadable).toEqual([]);
  expect(result.done).toBe(rest + 3);
  expect(await left()).toBe(0);
  expect((await reencrypt({ db: app.db, box, columns: encryptedColumns })).done).toBe(0);

  // Only the new key, and another secret key: the former one is not needed and would not fit.
  const only = createCryptoBox("quite another secret key of the server", keys);
  const { rows } = await app.db.execute<{ project_id: string; key: string; sealed_value: Buffer }>(
    sql`select project_id, key, sealed_value from project_secrets`,
  );
  expect(rows).toHaveLength(760);
  for (const row of rows)
    expect(only.open(row.sealed_value, `project_secrets:${row.project_id}:${row.key}`)).toBe(`value number ${row.key.slice(4)}`);
  const setting = await app.db.execute<{ value: { sealed: string } }>(sql`select value from server_settings where key = 'test.key'`);
  expect(only.open(Buffer.from(setting.rows[0]?.value.sealed ?? "", "base64"), "server_settings:test.key")).toBe("sk-stored");
});
