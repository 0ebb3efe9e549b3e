import { randomBytes } from "node:crypto";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { call, nextMessage, png, say, svg } from "@tesslate/testkit";
import type { RunEvent, ToolImage } from "@tesslate/contract";
import { testApp, type TestUser } from "../../../testing/app.ts";
import { chatWorld, eventually, find, findAll, type ChatWorld } from "../../../testing/chat.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { createLogger } from "../../../platform/logger.ts";
import { createAttachments } from "./attachments.service.ts";
import { createAttachmentsStore } from "./attachments.store.ts";
import { createImageReduction } from "./tool-images.ts";

describe("an image of a tool is reduced", () => {
  const reduce = createImageReduction();
  const noise = (width: number, height: number) => sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });

  test("to a longest side of 1,568 pixels, as PNG or JPEG, upright, without its metadata", async () => {
    const wide = await reduce(png(3_000, 1_000));
    expect(wide).toMatchObject({ media_type: "image/png", width: 1_568, height: 523 });
    const photo = await noise(200, 100)
      .withMetadata({ orientation: 6 })
      .withExif({ IFD0: { Copyright: "Ada" } })
      .jpeg()
      .toBuffer();
    const turned = await reduce(photo);
    expect(turned).toMatchObject({ media_type: "image/jpeg", width: 100, height: 200 });
    expect(await sharp(turned.data).metadata()).not.toHaveProperty("exif");
    expect(await reduce(await noise(20, 10).webp().toBuffer())).toMatchObject({ media_type: "image/png", width: 20, height: 10 });
  });

  test("of an animation, to its first frame", async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 255), Buffer.alloc(12, 0)]);
    const animation = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif()
      .toBuffer();
    const first = await reduce(animation);
    expect(first).toMatchObject({ media_type: "image/png", width: 2, height: 2 });
    expect([...(await sharp(first.data).removeAlpha().raw().toBuffer())]).toEqual(Array.from({ length: 12 }, () => 255));
  });

  test("to at most a megabyte, as JPEG where PNG would be larger", async () => {
    const { data, media_type } = await reduce(await noise(1_600, 1_600).png({ compressionLevel: 0 }).toBuffer());
    expect(media_type).toBe("image/jpeg");
    expect(data.length).toBeLessThanOrEqual(1_000_000);
  });

  test("or refused with the reason", async () => {
    const header = png(1, 1);
    header.writeUInt32BE(30_000, 16);
    header.writeUInt32BE(30_000, 20);
    const cases: [Uint8Array, RegExp][] = [
      [Buffer.from(svg), /^Only PNG, JPEG, WebP and GIF/],
      [png(40, 40).subarray(0, 60), /^It is damaged/],
      [
        await sharp({ create: { width: 7_000, height: 6_000, channels: 3, background: "red" } })
          .png()
          .toBuffer(),
        /^It has more than 40 megapixels/,
      ],
      [header, /^It (is damaged|has more than)/],
    ];
    for (const [bytes, reason] of cases) await expect(reduce(bytes)).rejects.toThrow(reason);
  });
});

const get = ({ app, owner }: Pick<ChatWorld, "app" | "owner">, id: string, user: TestUser | undefined = owner) =>
  app.request(`/api/chat/attachments/${id}`, { ...(user && { user }) });
const imagesOf = (events: readonly RunEvent[]): ToolImage[] =>
  findAll([...events], "agent_step").flatMap(({ data }) => data.tool_results.flatMap(({ images = [] }) => images));
const upload = async (world: ChatWorld, name: string, data: Buffer): Promise<void> => {
  const body = new FormData();
  body.append("file", new Blob([new Uint8Array(data)], { type: "image/png" }), name);
  const response = await world.app.request(`/api/projects/${world.project.id}/assets`, { method: "POST", user: world.owner, body });
  expect(response.status).toBe(201);
};
const models = { DEFAULT_MODELS: "openai/gpt-4o,openai/gpt-3.5-turbo" };
const lastRequest = (world: ChatWorld) => world.model.requests.at(-1)!.request!.messages;

describe("an image that the agent reads", () => {
  test("is in the next requests of a model with vision; a model without gets a sentence; the person sees it, nobody else", async () => {
    await using world = await chatWorld({
      env: models,
      script: [
        call("read_file", { file_path: "public/logo.png" }),
        say("It is blue."),
        nextMessage(),
        say("I can't see it."),
        nextMessage(),
        say("Still blue."),
      ],
    });
    await upload(world, "logo.png", png(2_000, 1_000));
    const events = await world.run("Look at the logo");
    expect(find(events, "complete")?.data.success).toBe(true);
    const [image] = imagesOf(events);
    expect(image).toEqual({ id: expect.any(String), name: "public/logo.png", mime_type: "image/png", width: 1_568, height: 784 });
    const shown = {
      role: "user",
      text: expect.stringMatching(/^\[The image public\/logo\.png is from the result of read_file /),
      images: [{}],
    };
    const before = lastRequest(world);
    expect(before.slice(-2)).toMatchObject([{ role: "tool", text: expect.stringMatching(/^public\/logo\.png is an image \(PNG/) }, shown]);

    const file = await get(world, image!.id);
    expect([file.status, file.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(await sharp(Buffer.from(await file.arrayBuffer())).metadata()).toMatchObject({ width: 1_568, height: 784 });
    const stranger = await world.app.signUp();
    expect([
      (await get(world, image!.id, stranger)).status,
      (await world.app.request(`/api/chat/attachments/${image!.id}`)).status,
    ]).toEqual([404, 401]);

    await world.run("And now?", { model: "openai/gpt-3.5-turbo" });
    const blind = lastRequest(world);
    expect(blind.flatMap((message) => ("images" in message ? (message.images ?? []) : []))).toEqual([]);
    expect(blind.find(({ role }) => role === "tool")?.text).toContain(
      "[The image public/logo.png is shown to the person. This model cannot see images.]",
    );
    await world.run("Look again", { model: "openai/gpt-4o" });
    expect(lastRequest(world).slice(0, before.length)).toEqual(before);

    // After a reload, and in the record without its data.
    const client = world.app.as(world.owner);
    const { items } = await client.chat.history({ params: { project_id: world.project.id } });
    const chat_id = items[0]!.chat_id;
    const { entries } = await client.chat.transcript({ params: { chat_id }, query: {} });
    const replayed = entries.flatMap((entry) => (entry.type === "run" ? entry.events : []));
    expect(JSON.stringify(replayed)).toContain(JSON.stringify([image]));
    const { rows } = await world.app.studio.database.pool.query<{ image_ids: string[]; data: string }>(
      `select image_ids, data::text from conversation_messages where image_ids is not null and chat_id = '${chat_id}'`,
    );
    expect(rows.map(({ image_ids }) => image_ids)).toEqual([[image!.id]]);
    expect(rows[0]!.data).not.toContain('"data"');
  });

  test("is kept as long as the record of a chat or of its fork refers to it, also while a restore can be redone", async () => {
    await using world = await chatWorld({
      env: models,
      script: [say("Hello."), nextMessage(), call("read_file", { file_path: "public/logo.png" }), say("It is blue.")],
    });
    await upload(world, "logo.png", png(20, 10));
    await world.run("Hello");
    const [image] = imagesOf(await world.run("Look at the logo"));
    const client = world.app.as(world.owner);
    const { items } = await client.chat.history({ params: { project_id: world.project.id } });
    const { chat_id, id: message_id } = items.find(({ content }) => content === "Look at the logo")!;
    const isThere = async () => (await get(world, image!.id)).status;
    const sweep = async () => {
      await world.app.studio.database.pool.query("update chat_attachments set created_at = now() - interval '3 days'");
      await createAttachmentsStore(world.app.db).prune();
    };
    await sweep();
    expect(await isThere()).toBe(200);
    const done = async (task_id: string) =>
      eventually(async () => ["completed", "failed"].includes((await client.tasks.get({ params: { task_id } })).status));
    await done((await client.chat.restore({ params: { chat_id }, body: { message_id } })).task_id);
    await sweep();
    expect(await isThere()).toBe(200);
    await done((await client.chat.redo({ params: { chat_id } })).task_id);
    const copy = await client.chat.fork({ params: { chat_id }, body: { message_id: items.at(-1)!.id } });
    await client.chat.clear({ params: { chat_id } });
    await sweep();
    expect(await isThere()).toBe(200);
    // Deleted with its last reference, without waiting for the job.
    await client.chat.remove({ params: { chat_id: copy.id } });
    expect(await isThere()).toBe(404);
  });
});

test("images of tools do not count as the person's attachments; the oldest make room for new ones", async () => {
  await using app = await testApp();
  const owner = await app.signUp();
  const project = await emptyProject(app, owner);
  const attachments = createAttachments({
    db: app.db,
    store: createAttachmentsStore(app.db),
    box: createCryptoBox("a secret key of the tests, 32+ characters"),
    projects: { require: async () => project },
    limits: { fileBytes: 1_000, totalBytes: 1_000, toolImageBytes: 1_000_000 },
    log: createLogger("silent"),
  });
  const add = () =>
    attachments.addToolImage(
      { user_id: owner.id, project_id: project.id },
      { data: Buffer.alloc(300_000, 1), name: "a.png", media_type: "image/png", width: 1, height: 1 },
    );
  const ids = [await add(), await add(), await add(), await add()];
  const sizes = await Promise.all(ids.map(async (id) => (await attachments.read(id))?.length));
  expect(sizes).toEqual([undefined, undefined, undefined, 300_000]);
  expect(await createAttachmentsStore(app.db).sumOf(owner.id, project.id)).toBe(0);
});
