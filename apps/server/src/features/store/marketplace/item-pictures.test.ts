import { beforeAll, describe, expect, test } from "vitest";
import sharp from "sharp";
import { png, svg } from "@tesslate/testkit";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
let bob: TestUser;
let agent: { id: string; slug: string };
beforeAll(async () => {
  app = await testApp();
  [ada, bob] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" })]);
  agent = await app.as(ada).marketplaceAgents.create({ body: { name: "Pictured", description: "Has pictures", system_prompt: "p" } });
});

const send = (path: string, bytes: Uint8Array | string, user?: TestUser) => {
  const form = new FormData();
  form.append("file", new Blob([bytes as BlobPart]), "picture.png");
  return app.request(path, { method: "POST", body: form, ...(user && { user }) });
};
const outcome = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
const icon = () => `/api/marketplace/agents/${agent.slug}/icon`;

describe("the icon of an agent", () => {
  test("is a small square without metadata, served to everyone and kept by browsers", async () => {
    const photo = await sharp({ create: { width: 900, height: 300, channels: 3, background: "#123456" } })
      .withExif({ IFD0: { Copyright: "somebody at home" } })
      .jpeg()
      .toBuffer();
    const response = await send(icon(), photo, ada);
    expect(response.status).toBe(200);
    const { avatar_url } = (await response.json()) as { avatar_url: string };
    expect((await app.as(bob).marketplaceAgents.get({ params: { slug: agent.slug } })).avatar_url).toBe(avatar_url);
    const served = await app.request(avatar_url);
    expect(served.headers.get("cache-control")).toContain("immutable");
    expect(served.headers.get("content-security-policy")).toContain("sandbox");
    const bytes = Buffer.from(await served.arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width: 256, height: 256 });
    expect(bytes.includes("somebody")).toBe(false);
  });
  test("is replaced and removed; old addresses are 404", async () => {
    const { avatar_url } = await app.as(ada).marketplaceAgents.get({ params: { slug: agent.slug } });
    const next = (await (await send(icon(), png(20, 20, [1, 2, 3]), ada)).json()) as { avatar_url: string };
    expect(next.avatar_url).not.toBe(avatar_url);
    expect((await app.request(avatar_url ?? "")).status).toBe(404);
    expect((await app.as(ada).marketplacePictures.removeIcon({ params: { id: agent.slug } })).avatar_url).toBeNull();
    expect((await app.request(next.avatar_url)).status).toBe(404);
  });
  test("only its creator changes it, and it is an image", async () => {
    expect((await send(icon(), png(2, 2))).status).toBe(401);
    expect(await outcome(await send(icon(), png(2, 2), bob))).toEqual([403, "forbidden"]);
    expect(await outcome(await send("/api/marketplace/agents/no-such/icon", png(2, 2), bob))).toEqual([404, "not_found"]);
    expect(await outcome(await send(icon(), svg, ada))).toEqual([400, "bad_image"]);
    expect(await outcome(await send(icon(), png(40, 40).subarray(0, 90), ada))).toEqual([400, "bad_image"]);
    expect((await app.request(icon(), { method: "POST", json: {}, user: ada })).status).toBe(422);
  });
  test("is not served while an administrator hides the agent", async () => {
    const { avatar_url } = (await (await send(icon(), png(9, 9), ada)).json()) as { avatar_url: string };
    const root = await app.signUp({ admin: true });
    const hide = (is_active: boolean) =>
      app.as(root).adminAgents.update({ params: { id: agent.id }, body: { is_active, reason: "Looks wrong" } });
    await hide(false);
    expect((await app.request(avatar_url)).status).toBe(404);
    await hide(true);
    expect((await app.request(avatar_url)).status).toBe(200);
  });
});

test("an agent has at most six screenshots, which keep their shape", async () => {
  const path = `/api/marketplace/agents/${agent.slug}/screenshots`;
  for (let n = 0; n < 6; n++) expect((await send(path, png(2000, 500 + n), ada)).status).toBe(201);
  expect(await outcome(await send(path, png(10, 10), ada))).toEqual([409, "screenshot_limit_reached"]);
  expect(await outcome(await send(path, png(10, 10), bob))).toEqual([403, "forbidden"]);
  const { screenshots } = await app.as(bob).marketplaceAgents.get({ params: { slug: agent.slug } });
  expect(screenshots).toHaveLength(6);
  const [first] = screenshots;
  const bytes = Buffer.from(await (await app.request(first?.url ?? "")).arrayBuffer());
  expect(await sharp(bytes).metadata()).toMatchObject({ width: 1280, height: 320 });
  const params = { id: agent.slug, picture_id: first?.id ?? "" };
  expect((await app.as(ada).marketplacePictures.removeScreenshot({ params })).screenshots).toEqual(screenshots.slice(1));
  await expect(app.as(ada).marketplacePictures.removeScreenshot({ params })).rejects.toMatchObject({ code: "not_found" });
});

test("a bundled template has the pictures of its app; a creator replaces that of an own one", async () => {
  const own = await app.as(ada).marketplaceBases.create({
    body: { name: "Shop", description: "A shop", git_repo_url: "https://git.example.com/shop", category: "saas", visibility: "public" },
  });
  expect(own.pictures).toBeNull();
  const response = await send(`/api/marketplace/bases/${own.slug}/picture`, png(900, 900), ada);
  expect(response.status).toBe(200);
  const { pictures } = await app.as(bob).marketplaceBases.get({ params: { slug: own.slug } });
  const bytes = Buffer.from(await (await app.request(pictures?.dark ?? "")).arrayBuffer());
  expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width: 640, height: 400 });
  expect(await outcome(await send(`/api/marketplace/bases/${own.slug}/picture`, png(9, 9), bob))).toEqual([403, "forbidden"]);
  expect((await app.as(ada).marketplacePictures.removeBasePicture({ params: { id: own.slug } })).pictures).toBeNull();
});
