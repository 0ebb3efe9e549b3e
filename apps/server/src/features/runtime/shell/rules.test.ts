import { expect, test } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { shellWorld, upCommand } from "../../../testing/shell.ts";
import { shellSessions } from "../../../db/schema/runtime.ts";

test("drops the oldest output beyond the limit and replays from a whole line", async () => {
  await using p = await shellWorld({ scrollbackBytes: 4000 });
  const { id } = await p.open({ command: "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line-$i-äöü; done; echo the-end; cat" });
  const first = await p.attach(id);
  await first.waitFor(/the-end/);
  const again = await p.attach(id);
  await again.waitFor(/the-end/);
  const text = again.text();
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4000);
  expect(Buffer.byteLength(text)).toBeGreaterThan(3500);
  expect(text).toMatch(/^line-\d+-äöü\r\n/);
  expect(text).not.toContain("\ufffd");
});

test("sends whole characters; invalid bytes become U+FFFD; control bytes pass", async () => {
  await using p = await shellWorld();
  const { id } = await p.open({
    command: String.raw`printf 'a\303'; sleep 0.3; printf '\244b \360\237'; sleep 0.3; printf '\230\200c \377d \033[1m\000\007e\n'; cat`,
  });
  const t = await p.attach(id);
  await t.waitFor(/e\r\n/);
  expect(t.text()).toBe("aäb 😀c \ufffdd \u001b[1m\u0000\u0007e\r\n");
  const again = await p.attach(id);
  await again.waitFor(/e\r\n/);
  expect(again.text()).toBe(t.text());
});

test("limits open sessions to one hundred per user and per project", async () => {
  await using p = await shellWorld({ maxOpen: 4 });
  const other = await emptyProject(p.app, p.owner, { command: upCommand });
  const row = { user_id: p.owner.id, project_id: other.id, container_name: "x", command: "sh", status: "active" as const };
  await p.app.db.insert(shellSessions).values([row, row]);
  const made = await Promise.allSettled(Array.from({ length: 5 }, () => p.open({ command: "cat" })));
  expect(made.filter((m) => m.status === "fulfilled")).toHaveLength(2);
  const response = await p.app.request("/api/shell/sessions", { method: "POST", user: p.owner, json: { project_id: p.project.id } });
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toMatchObject([429, "60", { code: "shell_limit" }]);
  // Closed ones do not count.
  const open = await p.app.as(p.owner).shell.list({ query: { project_id: p.project.id } });
  await p.app.as(p.owner).shell.remove({ params: { id: open.items[0]?.id ?? "" } });
  expect((await p.open({ command: "cat" })).status).toBe("active");
});

test("closes sessions of a crashed process at the next start", async () => {
  const app = await testApp({ ownServer: true });
  const owner = await app.signUp();
  const project = await emptyProject(app, owner);
  const row = {
    user_id: owner.id,
    project_id: project.id,
    container_name: "x",
    command: "sh",
    status: "active" as const,
    process_id: 999_999,
  };
  const [left] = await app.db.insert(shellSessions).values(row).returning();
  await using next = await testApp({ database: app.database, dataDir: `${app.dataDir}/next` });
  const found = await next.as(owner).shell.get({ params: { id: left?.id ?? "" } });
  expect(found).toMatchObject({ status: "closed", closed_at: expect.any(String) });
  expect((await next.as(owner).shell.list({})).total).toBe(0);
  await app.close();
});

test("redacts secrets as they are printed, keeping columns, and again in the replay", async () => {
  await using p = await shellWorld();
  const secrets = p.app.as(p.owner).secrets;
  await secrets.set({ params: { project_id: p.project.id }, body: { key: "API_TOKEN", value: "planted-value-one" } });
  const { id } = await p.open({ command: "sh" });
  const t = await p.attach(id);
  t.type('echo "<$API_TOKEN>"; printf planted-; sleep 0.01; printf value-one; echo "|"; echo later-$((1+1))-word\r');
  await t.waitFor(/later-2-word/);
  expect(t.text()).toContain("<[secret:API_TOKE]>");
  expect(t.text()).not.toContain("<planted");
  // A value printed before it became a secret is redacted in the replay.
  await secrets.set({ params: { project_id: p.project.id }, body: { key: "LATER", value: "later-2-word" } });
  const again = await p.attach(id);
  await again.waitFor(/\[secret:LAT\]/);
  expect(again.text()).not.toMatch(/planted-value-one|later-2-word/);
  expect(p.app.logs()).not.toContain("planted-value");
  again.close();
  await again.closed;
  expect(p.app.logs()).toMatch(/"viewers":2.*terminal attached/);
  expect(p.app.logs()).toMatch(/terminal detached/);
});

test("falls back to /bin/sh and applies the requested size and environment", async () => {
  await using p = await shellWorld();
  const session = await p.open({ command: "/bin/bash", cols: 500, rows: 200 });
  const t = await p.attach(session.id);
  t.type("stty size; echo $TERM $COLORTERM $CONTAINER_NAME\r");
  await t.waitFor(new RegExp(`200 500[^]*xterm-256color truecolor ${p.project.slug}-app`));
  t.send({ type: "resize", cols: 1, rows: "x" });
  t.type("stty size; echo resized\r");
  await t.waitFor(/24 2\s/);
  for (const body of [{ cols: 501 }, { cols: 1 }, { rows: 201 }, { rows: 0 }, { command: "x".repeat(4097) }, { command: "" }])
    await expect(p.open(body)).rejects.toMatchObject({ status: 422 });
});
