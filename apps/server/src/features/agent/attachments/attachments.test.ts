import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Attachment } from "@tesslate/contract";
import { call, nextMessage, pdf, png, say, svg } from "@tesslate/testkit";
import { chatWorld, eventually, find, type ChatWorld } from "../../../testing/chat.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { createLogger } from "../../../platform/logger.ts";
import { createAttachments } from "./attachments.service.ts";
import { createAttachmentsStore } from "./attachments.store.ts";

const form = (name: string, data: Uint8Array | string, type = "application/octet-stream"): FormData => {
  const body = new FormData();
  body.append("file", new File([typeof data === "string" ? data : new Uint8Array(data)], name, { type }));
  return body;
};
type At = { app: TestApp; owner: TestUser; project: { id: string } };
const send = ({ app, owner, project }: At, body: FormData, user = owner, projectId = project.id) =>
  app.request(`/api/chat/attachments?project_id=${projectId}`, { method: "POST", user, body });
const attach = async (at: At, name: string, data: Uint8Array | string, type?: string): Promise<Attachment> => {
  const response = await send(at, form(name, data, type));
  expect(response.status).toBe(201);
  return (await response.json()) as Attachment;
};
const get = ({ app, owner }: At, id: string, user: TestUser | undefined = owner) =>
  app.request(`/api/chat/attachments/${id}`, { ...(user && { user }) });
const sql = async <T>({ app }: { app: TestApp }, query: string): Promise<T[]> => (await app.studio.database.pool.query(query)).rows as T[];
const rowsOf = (at: { app: TestApp; project: { id: string } }) =>
  sql<{ id: string; name: string }>(at, `select id, name from chat_attachments where project_id = '${at.project.id}' order by created_at`);

describe("uploading", () => {
  test("the type is detected from the bytes; the same bytes are returned, only to the owner; only pictures are displayed inline", async () => {
    await using app = await testApp();
    const owner = await app.signUp();
    const otherUser = await app.signUp();
    const at = { app, owner, project: await emptyProject(app, owner) };
    const cases = [
      ["shot.png", png(40, 30), "text/html", { kind: "image", mime_type: "image/png", width: 40, height: 30 }],
      [
        "../..\\etc/pass\u202Ewd.html",
        "<script>alert(1)</script>",
        "text/html",
        { kind: "text", mime_type: "text/plain", name: "passwd.html" },
      ],
      ["logo.svg", svg, "image/svg+xml", { kind: "text", mime_type: "text/plain" }],
      ["a.pdf", pdf, "image/png", { kind: "file", mime_type: "application/pdf" }],
      ["..", Buffer.from([0, 1, 2, 255]), "image/png", { kind: "file", mime_type: "application/octet-stream", name: "file" }],
      ["grüße.txt", "Grüße aus 東京", "text/plain", { kind: "text", name: "grüße.txt", width: null }],
    ] as const;
    for (const [name, data, type, expected] of cases) {
      const made = await attach(at, name, data, type);
      expect(made).toMatchObject(expected);
      const file = await get(at, made.id);
      expect(file.status).toBe(200);
      expect(Buffer.from(await file.arrayBuffer())).toEqual(Buffer.from(data));
      const isShown = expected.kind === "image";
      expect(file.headers.get("content-type")).toBe(isShown ? "image/png" : "application/octet-stream");
      expect(file.headers.get("content-disposition")).toMatch(isShown ? /^inline; / : /^attachment; /);
      expect(file.headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/);
      expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    }
    const [first] = await rowsOf(at);
    const id = first?.id ?? "";
    const foreign = await get(at, id, otherUser);
    expect([foreign.status, await foreign.text()]).toEqual([404, await (await get(at, randomUUID(), otherUser)).text()]);
    expect((await app.request(`/api/chat/attachments/${id}`)).status).toBe(401);
    expect((await get(at, "nonsense")).status).toBe(422);
    expect((await send(at, form("a.txt", "a"), otherUser)).status).toBe(404);
    expect((await app.request(`/api/chat/attachments/${id}`, { method: "DELETE", user: otherUser })).status).toBe(404);
    expect((await app.request(`/api/chat/attachments/${id}`, { method: "DELETE", user: owner })).status).toBe(204);
    expect((await get(at, id)).status).toBe(404);
    // Files are encrypted at rest.
    expect(JSON.stringify(await sql(at, "select encode(sealed_data, 'escape') as data from chat_attachment_pieces"))).not.toMatch(
      /alert\(1\)|PDF/,
    );
    for (const body of [form("empty.txt", ""), new FormData()]) expect((await send(at, body)).status).toBe(422);
    const other = new FormData();
    other.append("picture", new File(["a"], "a.txt"));
    expect((await send(at, other)).status).toBe(422);
    // Without a project, for the first message of a project that does not exist yet; also visible to its owner only.
    const loose = await app.request("/api/chat/attachments", { method: "POST", user: owner, body: form("a", "a") });
    const { id: looseId, project_id } = (await loose.json()) as Attachment;
    expect([loose.status, project_id]).toEqual([201, null]);
    expect((await get(at, looseId, otherUser)).status).toBe(404);
    expect((await app.request(`/api/chat/attachments/${looseId}`, { method: "DELETE", user: owner })).status).toBe(204);
  });

  test("an upload over the limit is refused while it streams, and nothing of it is stored", async () => {
    await using app = await testApp();
    const owner = await app.signUp();
    const at = { app, owner, project: await emptyProject(app, owner) };
    const large = await send(at, form("large.bin", Buffer.alloc(25 * 1024 * 1024 + 1)));
    expect([large.status, ((await large.json()) as { code: string }).code]).toEqual([413, "file_too_large"]);
    expect(await rowsOf(at)).toEqual([]);

    const attachments = createAttachments({
      db: app.db,
      store: createAttachmentsStore(app.db),
      box: createCryptoBox("a secret key of the tests, 32+ characters"),
      projects: { require: async () => at.project },
      limits: { fileBytes: 600_000, totalBytes: 1_000_000 },
      log: createLogger("silent"),
    });
    const upload = (bytes: number, isCut = false) =>
      attachments.upload(
        owner.id,
        at.project.id,
        (async function* () {
          const data = (async function* () {
            for (let left = bytes; left > 0; left -= 65_536) yield new Uint8Array(Math.min(65_536, left)).fill(97);
          })();
          yield { field: "file", path: "a.txt", mimeType: "text/plain", data, isCut: () => isCut };
        })(),
      );
    await expect(upload(600_001)).rejects.toMatchObject({ code: "file_too_large" });
    const kept = await upload(600_000);
    expect((await attachments.read(kept.id))?.length).toBe(600_000);
    await expect(upload(500_000)).rejects.toMatchObject({ code: "attachments_full" });
    await expect(upload(300_000, true)).rejects.toMatchObject({ code: "bad_request" });
    expect(await rowsOf(at)).toHaveLength(1);

    // An attachment of a queued message is kept.
    const chat = await app.as(owner).chat.createSession({ body: { project_id: at.project.id } });
    const queue = (options: string) =>
      sql(
        at,
        `insert into queued_messages (chat_id, user_id, user_name, message, options, position) values ('${chat.id}', '${owner.id}', 'Ada', '', '${options}', 0)`,
      );
    await queue('{"attachments": null}');
    await queue(JSON.stringify({ attachments: [kept.id] }));
    await sql(at, "update chat_attachments set created_at = now() - interval '25 hours'");
    await attachments.jobHandlers.prune_attachments();
    expect(await rowsOf(at)).toHaveLength(1);
    await sql(at, "delete from queued_messages");
    await sql(at, "update chat_attachments set created_at = now()");

    // After a day, attachments that no message references and incomplete uploads are deleted.
    await attachments.jobHandlers.prune_attachments();
    expect(await rowsOf(at)).toHaveLength(1);
    await sql(at, "update chat_attachments set created_at = now() - interval '25 hours'");
    await attachments.jobHandlers.prune_attachments();
    expect(await rowsOf(at)).toEqual([]);
  });
});

describe("in a message", () => {
  const secret = "planted-attached-secret-42";
  test("pictures are shown, texts quoted with secrets redacted, mentioned files included; tools read and save the rest; history, fork, clear and delete agree", async () => {
    await using world = await chatWorld({
      script: [
        say("I see."),
        nextMessage(),
        call("read_attachment", (request) => ({
          attachment_id: /notes\.txt \([^)]*attachment_id ([0-9a-f-]{36})/.exec(JSON.stringify(request.messages))?.[1] ?? "",
          offset: 12_000,
        })),
        call("save_attachment", (request) => ({
          attachment_id: /data\.bin \([^)]*attachment_id ([0-9a-f-]{36})/.exec(JSON.stringify(request.messages))?.[1] ?? "",
          file_path: "public/data.bin",
        })),
        say("Saved."),
      ],
    });
    const client = world.app.as(world.owner);
    await client.secrets.set({ params: { project_id: world.project.id }, body: { key: "STRIPE_KEY", value: secret } });
    await world.sandbox.files.write("src/App.tsx", `export const key = "${secret}";\n`);
    const picture = await attach(world, "shot.png", png(40, 30));
    const notes = await attach(world, "notes.txt", `The key is ${secret}.\n${"n".repeat(13_000)}THE END`);
    const data = await attach(world, "data.bin", Buffer.from([0, 1, 2, 3]));

    const otherUser = await world.app.signUp();
    const foreign = await attach({ ...world, owner: otherUser, project: await emptyProject(world.app, otherUser) }, "theirs.txt", "theirs");
    const post = (json: object) =>
      world.app.request("/api/chat/stream", { method: "POST", user: world.owner, json: { project_id: world.project.id, ...json } });
    expect((await post({ message: "", attachments: [foreign.id] })).status).toBe(404);
    expect((await post({ message: "  " })).status).toBe(422);
    expect((await post({ message: "", attachments: [] })).status).toBe(422);
    expect((await post({ message: "Hi", attachments: Array.from({ length: 11 }, () => picture.id) })).status).toBe(422);
    expect((await client.chat.history({ params: { project_id: world.project.id } })).total).toBe(0);

    const ids = [picture.id, notes.id, data.id];
    const first = await world.run("", {
      attachments: ids,
      mentions: [{ path: "src/App.tsx" }, { path: "missing.ts" }, { path: "src/App.tsx" }],
    });
    expect(find(first, "complete")?.data).toMatchObject({ success: true });
    const seen = world.model.requests.at(-1)?.request?.messages.at(-1);
    expect(seen).toMatchObject({ role: "user", images: [{ media_type: "image/png" }] });
    expect(seen?.text).toMatch(/shot\.png .*you see it/);
    expect(seen?.text).toMatch(/--- notes\.txt .*\nThe key is \[secret:STRIPE_KEY\]/);
    expect(seen?.text).toMatch(/more characters: read_attachment/);
    expect(seen?.text).toMatch(/data\.bin .*save_attachment/);
    expect(seen?.text).toMatch(/--- src\/App\.tsx \(etag [^)]+\)\nexport const key = "\[secret:STRIPE_KEY\]"/);
    expect(seen?.text).toMatch(/missing\.ts: does not exist/);

    // The next turn has the message as it was, with the picture, and may use the tools.
    const second = await world.run("Now use them");
    expect(second.flatMap((e) => (e.type === "agent_step" ? e.data.tool_results.map((r) => r.success) : []))).toEqual([true, true]);
    expect(JSON.stringify(second)).toMatch(/THE END/);
    expect(await world.sandbox.files.read("public/data.bin").then(({ data: bytes }) => [...bytes])).toEqual([0, 1, 2, 3]);
    const before = world.model.requests.at(-1)?.request?.messages[0];
    expect(before).toMatchObject({ images: [{ media_type: "image/png" }] });
    expect(before?.text).toBe(seen?.text);
    expect(JSON.stringify(world.model.requests)).not.toContain(secret);

    const { items } = await client.chat.history({ params: { project_id: world.project.id } });
    expect(items[0]).toMatchObject({
      role: "user",
      content: "",
      message_metadata: {
        attachments: [{ id: picture.id, name: "shot.png", kind: "image", width: 40 }, { id: notes.id }, { id: data.id }],
        mentions: [{ path: "src/App.tsx" }, { path: "missing.ts" }],
      },
    });
    const chatId = items[0]!.chat_id;
    expect((await client.chat.get({ params: { chat_id: chatId } })).title).toBe("shot.png, notes.txt, data.bin");
    expect((await world.app.request(`/api/chat/attachments/${picture.id}`, { method: "DELETE", user: world.owner })).status).toBe(409);

    const unused = await attach(world, "unused.txt", "unused");
    const copy = await client.chat.fork({ params: { chat_id: chatId }, body: { message_id: items[0]!.id } });
    expect(copy.messages[0]?.message_metadata).toEqual(items[0]!.message_metadata);
    await client.chat.clear({ params: { chat_id: chatId } });
    expect((await get(world, picture.id)).status).toBe(200);
    await client.chat.remove({ params: { chat_id: copy.id } });
    expect([(await get(world, picture.id)).status, (await get(world, unused.id)).status]).toEqual([404, 200]);
    const left = `select 1 from chat_attachment_pieces p join chat_attachments a on a.id = p.attachment_id where a.user_id = '${world.owner.id}'`;
    expect(await sql(world, left)).toHaveLength(1);
  });

  test("a model without vision refuses a picture before anything is stored, and accepts the same message without it", async () => {
    await using world = await chatWorld({ script: [say("Fine.")], env: { DEFAULT_MODELS: "openai/gpt-3.5-turbo" } });
    const picture = await attach(world, "shot.png", png(4, 4));
    const refused = await world.app.request("/api/chat/stream", {
      method: "POST",
      user: world.owner,
      json: { project_id: world.project.id, message: "Look", attachments: [picture.id] },
    });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { code: "vision_not_supported", details: { model: "openai/gpt-3.5-turbo" } },
    ]);
    const client = world.app.as(world.owner);
    expect((await client.chat.history({ params: { project_id: world.project.id } })).total).toBe(0);
    const { items } = await client.models.list();
    expect(items.every((model) => model.vision === null || typeof model.vision === "boolean")).toBe(true);
    expect(find(await world.run("Look", { attachments: [(await attach(world, "a.txt", "a")).id] }), "complete")?.data.success).toBe(true);
  });

  test("a restore removes attachments from the chat, a redo brings them back", async () => {
    await using world = await chatWorld({ script: [say("First."), nextMessage(), say("Second.")] });
    const picture = await attach(world, "shot.png", png(4, 4));
    await world.run("One", { attachments: [picture.id] });
    const client = world.app.as(world.owner);
    const { items } = await client.chat.history({ params: { project_id: world.project.id } });
    const { chat_id, id: message_id } = items[0]!;
    const done = async (task_id: string) =>
      eventually(async () => ["completed", "failed"].includes((await client.tasks.get({ params: { task_id } })).status));
    await done((await client.chat.restore({ params: { chat_id }, body: { message_id } })).task_id);
    await sweep(world);
    expect((await get(world, picture.id)).status).toBe(200);
    await done((await client.chat.redo({ params: { chat_id } })).task_id);
    const again = await client.chat.history({ params: { project_id: world.project.id } });
    expect(again.items[0]?.message_metadata).toMatchObject({ attachments: [{ id: picture.id }] });
  });
});

/** Runs the hourly cleanup with a clock far in the future. */
async function sweep(world: ChatWorld): Promise<void> {
  await sql(world, "update chat_attachments set created_at = now() - interval '3 days'");
  await createAttachmentsStore(world.app.db).prune();
}
