import { type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopRuntimesBelow } from "@tesslate/runtime";
import { freePort } from "@tesslate/testkit";
import { buildS3Gateway, startS3Gateway, type S3Gateway } from "@tesslate/testkit/s3-gateway";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { clientsAt } from "../../../testing/address.ts";
import { ended, startShop } from "../../../testing/projects.ts";
import { realRuntime } from "../../../testing/sandbox.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";
import { startRunnerProcess } from "../../../testing/runner-process.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();
const built = buildS3Gateway();
const missing = !probe ? "it needs a sandbox" : "missing" in built ? built.missing : undefined;
const keys = { accessKeyId: "AKIATEST", secretAccessKey: "the-secret-key" };

describe.skipIf(missing !== undefined)(`copies on a real S3 server${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  const base = temporaryFolder("copies");
  let gateway: S3Gateway;
  const children: ChildProcess[] = [];
  const servers: SpawnedStudio[] = [];
  beforeAll(async () => {
    gateway = await startS3Gateway("program" in built ? built.program : "", { bucket: "studio", ...keys });
  });
  afterAll(async () => {
    for (const server of servers) await server.kill();
    for (const child of children) await end(child);
    await stopRuntimesBelow(base);
    await gateway?.[Symbol.asyncDispose]();
    await rm(base, { recursive: true, force: true });
  });
  const end = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };

  test(
    "a runner's disk is lost: files, older snapshots and the next copies come from the bucket, also with kill -9",
    { timeout: 400_000 },
    async () => {
      const templatesDir = await tinyTemplates();
      const tokenFile = join(base, "runner-token");
      await writeFile(tokenFile, `${"0123456789abcdef".repeat(2)}\n`, { mode: 0o600 });
      const runnerPort = await freePort();
      const startRunner = async (disk: string) => {
        const dir = join(base, disk);
        await mkdir(dir, { recursive: true });
        const { child } = await startRunnerProcess({ dataDir: dir, port: runnerPort, tokenFile });
        children.push(child);
        return child;
      };
      const studio = { port: await freePort(), dataDir: join(base, "server") };
      const as = clientsAt(studio.port);
      const at = { ...studio, as };
      const startServer = async () => {
        const server = await spawnStudio({
          ...studio,
          templatesDir,
          env: {
            RUNTIME_DRIVER: "remote",
            RUNNER_URL: `http://127.0.0.1:${runnerPort}`,
            RUNNER_TOKEN_FILE: tokenFile,
            OBJECTS_S3_ENDPOINT: gateway.endpoint,
            OBJECTS_S3_BUCKET: "studio",
            OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
            OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
            SNAPSHOT_READY_TIMEOUT_SECONDS: "300",
          },
        });
        servers.push(server);
        return server;
      };
      let runner = await startRunner("first disk");
      let server = await startServer();
      const { signIn, params } = await startShop(at);
      let ada = await signIn();
      const api = () => as(ada);
      const put = (path: string, content: string) => api().files.put({ params: { ...params, path }, body: { content } });
      const hashOf = async (path: string) =>
        createHash("sha256")
          .update((await api().files.get({ params: { ...params, path } })).content ?? "")
          .digest("hex");
      const save = async (label: string) => {
        const made = await api().snapshots.create({ params, body: { label } });
        expect(await ended(at, ada, made.task_id)).toMatchObject({ status: "completed" });
        return made.id;
      };
      const copied = (snapshot_id: string) =>
        vi.waitFor(async () => expect((await api().snapshots.get({ params: { ...params, snapshot_id } })).copied_at).not.toBeNull(), {
          timeout: 60_000,
          interval: 200,
        });

      const paths = Array.from({ length: 12 }, (_, n) => `data/part-${n}.txt`);
      for (const path of paths) await put(path, randomBytes(700_000).toString("base64"));
      const first = await save("first");
      // While the first copy is on its way: 8 MB as base64 of noise.
      await sleep(100);
      await server.kill();
      server = await startServer();
      ada = await signIn();
      await copied(first);
      await put("note.txt", "changed later");
      const second = await save("second");
      await copied(second);
      const before = await Promise.all([...paths, "note.txt", "server.mjs"].map(hashOf));
      await put("note.txt", "lost");

      await end(runner);
      runner = await startRunner("second disk");
      await vi.waitFor(
        async () =>
          expect(
            (await api()
              .files.list({ params, query: {} })
              .catch((error: { code: string }) => error)) as unknown,
          ).toMatchObject({ code: "files_missing" }),
        {
          timeout: 60_000,
          interval: 500,
        },
      );
      expect(await api().snapshots.filesCopy({ params })).toMatchObject({ state: "missing", snapshot: { id: second } });
      const { task_id } = await api().snapshots.restoreFiles({ params });
      await vi.waitFor(async () => expect((await api().tasks.get({ params: { task_id } })).progress.percentage).toBeGreaterThan(1), {
        timeout: 30_000,
        interval: 10,
      });
      await server.kill();
      server = await startServer();
      ada = await signIn();
      const restores = async () =>
        (await api().tasks.list({ query: { project_id: params.id, limit: 100 } })).items.filter((task) => task.type === "files_restore");
      await vi.waitFor(
        async () => {
          const all = await restores();
          expect(all.every((task) => task.status !== "queued" && task.status !== "running")).toBe(true);
          expect(all[0]).toMatchObject({ status: "completed", error: null });
        },
        { timeout: 90_000, interval: 300 },
      );
      expect(await Promise.all([...paths, "note.txt", "server.mjs"].map(hashOf))).toEqual(before);
      expect(
        (await api().snapshots.list({ params, query: {} })).items.filter((one) => one.status === "ready").map((one) => one.id),
      ).toEqual([second, first]);
      const back = await api().snapshots.restore({ params: { ...params, snapshot_id: first }, body: { safety_snapshot: false } });
      expect(await ended(at, ada, back.task_id)).toMatchObject({ status: "completed" });
      expect((await api().files.get({ params: { ...params, path: "note.txt" } })).content).toBe("from the server");
      await copied(await save("third"));
    },
  );
});
