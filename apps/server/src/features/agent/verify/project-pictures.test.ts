import { afterAll, beforeAll, describe, expect, test } from "vitest";
import sharp from "sharp";
import { call, say, script } from "@tesslate/testkit";
import { chatWorld, eventually, type ChatWorld } from "../../../testing/chat.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { findChromium } from "./chromium.ts";

const chromium = await findChromium(undefined);
if ("missing" in chromium && process.env["CI"]) throw new Error(chromium.missing);

/** Green while its data is loading, which takes longer than the network is busy. */
const app = `
require("node:http").createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end('<!doctype html><title>Bakery</title><style>html{background:#ff0000}@media(prefers-color-scheme:dark){html{background:#0000ff}}html:has(p){background:#00ff00}</style><body><p>Loading orders…</p><script>setTimeout(() => document.querySelector("p").remove(), 4000)</script>');
}).listen(process.env.PORT);
`;

describe.skipIf("missing" in chromium)("pictures of a project's app", () => {
  let world: ChatWorld;
  let project: { id: string };
  beforeAll(async () => {
    world = await chatWorld();
    project = await emptyProject(world.app, world.owner, { command: ["node", "server.cjs"] });
    const sandbox = await world.runtime.open({ id: project.id });
    await sandbox.files.write("server.cjs", app);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const client = () => world.app.as(world.owner);
  const ended = async (task_id: string | null) => {
    if (task_id !== null) for await (const { data } of client().tasks.events({ params: { task_id } })) if (data.completed_at) return data;
    return undefined;
  };
  const params = () => ({ id: project.id });
  const run = async (file_path: string) => {
    world.model.setScript(script([call("write_file", { file_path, content: "x" }), say("Done.")]));
    const { id: chat_id } = await client().chat.createSession({ body: { project_id: project.id } });
    for await (const _ of client().chat.stream({ body: { project_id: project.id, chat_id, message: "Write", edit_mode: "allow" } }));
  };
  const jobs = async () =>
    Number(
      (
        await world.app.studio.database.pool.query(
          "select count(*) as n from graphile_worker.jobs where task_identifier = 'take_project_picture'",
        )
      ).rows[0].n,
    );

  test(
    "are taken in light and dark after a run that changed files, once the app runs; only the owner can load them",
    { timeout: 120_000 },
    async () => {
      await run("while-it-is-stopped.txt");
      await eventually(async () => (await jobs()) === 0, 20_000);
      expect((await client().projects.get({ params: params() })).thumbnail).toBeNull();

      const { task_id } = await client().projects.start({ params: params() });
      await ended(task_id);
      await run("while-it-runs.txt");
      const thumbnail = await eventually(async () => (await client().projects.get({ params: params() })).thumbnail ?? undefined, 60_000);
      expect((await client().projects.list({ query: {} })).items.find(({ id }) => id === project.id)?.thumbnail).toEqual(thumbnail);

      const pixels: number[][] = [];
      for (const url of [thumbnail.light, thumbnail.dark]) {
        const answer = await world.app.request(url, { user: world.owner });
        expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
          200,
          "image/webp",
          "private, max-age=31536000, immutable",
        ]);
        const bytes = Buffer.from(await answer.arrayBuffer());
        expect(bytes.byteLength).toBeLessThanOrEqual(40_000);
        expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width: 640, height: 400 });
        pixels.push([...(await sharp(bytes).resize(1, 1).removeAlpha().raw().toBuffer())].map((value) => Math.round(value / 255)));
      }
      expect(pixels).toEqual([
        [1, 0, 0],
        [0, 0, 1],
      ]);

      const [path = ""] = thumbnail.light.split("?");
      const first = await world.app.request(path, { user: world.owner });
      const etag = first.headers.get("etag") ?? "";
      expect([first.headers.get("cache-control"), etag.length > 2]).toEqual(["private, no-cache", true]);
      expect((await world.app.request(path, { user: world.owner, headers: { "if-none-match": etag } })).status).toBe(304);
      const stranger = await world.app.signUp();
      expect((await world.app.request(path, { user: stranger })).status).toBe(404);
      expect((await world.app.request(path)).status).toBe(401);
      expect((await world.app.request(path.replace("light", "sepia"), { user: world.owner })).status).toBe(422);
      const { rows } = await world.app.studio.database.pool.query(
        "select data from events where project_id = $1 and type = 'picture_changed'",
        [project.id],
      );
      expect(rows).toEqual([{ data: { thumbnail } }]);
    },
  );

  test("are taken after a deployment went live; a preview deployment takes none", { timeout: 180_000 }, async () => {
    const site = await emptyProject(world.app, world.owner, { command: ["node", "server.cjs"] });
    const { files } = await world.runtime.open({ id: site.id });
    await files.write("server.cjs", app.replace("#ff0000", "#00ff00"));
    await files.write("package.json", JSON.stringify({ scripts: { build: "node build.mjs" } }));
    await files.write(
      "build.mjs",
      'import fs from "node:fs"; fs.mkdirSync("dist"); fs.writeFileSync("dist/index.html", "<!doctype html><title>Bakery</title>Bread");',
    );
    await ended((await client().projects.start({ params: { id: site.id } })).task_id);
    const deploy = async (environment: "production" | "preview") => {
      const { task_id } = await client().deployments.create({ body: { project_id: site.id, provider: "local", environment } });
      expect(await ended(task_id)).toMatchObject({ status: "completed", error: null });
    };
    const thumbnail = async () => (await client().projects.get({ params: { id: site.id } })).thumbnail;
    await deploy("preview");
    // A picture would be enqueued before the deployment ends.
    expect([await jobs(), await thumbnail()]).toEqual([0, null]);
    await deploy("production");
    const pictures = await eventually(async () => (await thumbnail()) ?? undefined, 60_000);
    const answer = await world.app.request(pictures.light, { user: world.owner });
    const [red, green, blue] = await sharp(Buffer.from(await answer.arrayBuffer()))
      .resize(1, 1)
      .removeAlpha()
      .raw()
      .toBuffer();
    expect([red, green, blue].map((value) => Math.round((value ?? 0) / 255))).toEqual([0, 1, 0]);
  });
});
