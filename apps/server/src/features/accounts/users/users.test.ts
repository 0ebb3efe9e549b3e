import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { defaultPreferences, type User } from "@tesslate/contract";
import { beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { lockWaiters } from "../../../testing/lock-waiters.ts";
import { limitedApp } from "../../../testing/limited.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  app = await testApp();
  ada = await app.signUp({ name: "Ada" });
});

const patch = (user: TestUser | undefined, json: unknown) => app.request("/api/users/me", { method: "PATCH", json, ...(user && { user }) });
const outcome = async (response: Response) => {
  const body = (await response.json()) as { code?: string; detail?: { loc: unknown[] }[] };
  return [response.status, body.code ?? body.detail?.[0]?.loc.at(-1)];
};

describe("users.me", () => {
  test("returns the caller without internal fields", async () => {
    const me = await app.as(ada).users.me();
    expect(me).toMatchObject({ id: ada.id, email: ada.email, username: ada.username });
    for (const key of ["hashed_password", "stripe_customer_id", "daily_credits", "is_suspended", "password"])
      expect(me).not.toHaveProperty(key);
  });
  test("is 401 when unauthenticated", async () => {
    expect((await app.request("/api/users/me")).status).toBe(401);
    expect((await patch(undefined, {})).status).toBe(401);
  });
});

describe("users.updateMe", () => {
  test("changes the profile and leaves the rest", async () => {
    const user = await app.signUp();
    const profile = {
      name: "Grace",
      username: `Grace-${user.id.slice(0, 6)}`,
      diagram_model: "openai/gpt-5.1",
      avatar_url: "https://example.com/grace.png",
      preferences: defaultPreferences,
      bio: "Compilers",
      twitter_handle: "grace",
      github_username: "grace",
      website_url: "https://example.com/grace",
      theme_preset: "default-light",
      chat_position: "left" as const,
      disabled_models: ["a/b"],
    };
    const changed = await app.as(user).users.updateMe({ body: profile });
    const { password: _, token: __, ...before } = user;
    expect(changed).toEqual({
      ...before,
      ...profile,
      username: profile.username.toLowerCase(),
      updated_at: expect.any(String),
      last_active_at: expect.any(String),
    });
    expect(changed.slug).toBe(user.slug);
    expect(Date.parse(changed.updated_at)).toBeGreaterThan(Date.parse(user.updated_at));
    const cleared = {
      diagram_model: null,
      avatar_url: null,
      bio: null,
      twitter_handle: null,
      github_username: null,
      website_url: null,
      disabled_models: null,
    };
    expect(await app.as(user).users.updateMe({ body: cleared })).toMatchObject(cleared);
  });

  test("refuses fields that users cannot change, by name, and changes nothing", async () => {
    const user = await app.signUp();
    const response = await patch(user, {
      subscription_tier: "ultra",
      is_superuser: true,
      is_verified: true,
      is_active: false,
      purchased_credits: 1e6,
      total_spend_cents: 5,
      referral_code: "MINE0000",
      slug: "mine",
      id: ada.id,
      hashed_password: "x",
      bio: "changed",
    });
    expect(response.status).toBe(422);
    const { detail } = (await response.json()) as { detail: { loc: string[]; type: string }[] };
    expect(detail.map(({ loc, type }) => `${loc.join(".")} ${type}`)).toContain("body.is_superuser unknown_field");
    const { password: _, token: __, ...before } = user;
    expect(await app.as(user).users.me()).toEqual({ ...before, last_active_at: expect.any(String) });
  });

  test.each([
    ["an empty name", { name: "" }, "name"],
    ["a null name", { name: null }, "name"],
    ["a malformed email", { email: "x" }, "email"],
    ["a malformed username", { username: "a b c" }, "username"],
    ["a javascript: URL", { website_url: "javascript:alert(1)" }, "website_url"],
    ["an incomplete URL", { website_url: "https://" }, "website_url"],
    ["a word as a website", { website_url: "alder" }, "website_url"],
    ["an unknown position", { chat_position: "top" }, "chat_position"],
    ["a long handle", { twitter_handle: "x".repeat(101) }, "twitter_handle"],
    ["an avatar that is a script", { avatar_url: "data:image/svg+xml;base64,PHN2Zy8+" }, "avatar_url"],
    ["a huge avatar", { avatar_url: `https://example.com/${"x".repeat(512_000)}` }, "avatar_url"],
    ["models that are not a list", { disabled_models: "all" }, "disabled_models"],
  ])("answers 422 to %s", async (_, body, field) => {
    expect(await outcome(await patch(ada, body))).toEqual([422, field]);
  });

  test("a new password, email or second factor needs the current password", async () => {
    const user = await app.signUp();
    for (const body of [{ password: "a new password" }, { email: "new-address@example.com" }, { two_fa_enabled: true }]) {
      expect(await outcome(await patch(user, body))).toEqual([400, "current_password_required"]);
      expect(await outcome(await patch(user, { ...body, current_password: "wrong" }))).toEqual([400, "current_password_wrong"]);
    }
    // The same values are not a change.
    expect((await patch(user, { email: user.email.toUpperCase(), two_fa_enabled: false })).status).toBe(200);
    expect(await app.as(user).users.me()).toMatchObject({ email: user.email, two_fa_enabled: false });
  });

  test("an account without a password needs none", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set hashed_password = null where id = $1", [user.id]);
    expect((await patch(user, { password: "my first password" })).status).toBe(200);
  });

  test("a new password ends the other sessions and keeps this one", async () => {
    const user = await app.signUp();
    const other = await app.as().auth.login({ body: { email: user.email, password: user.password } });
    const otherUser = { token: other.access_token ?? "" };
    expect((await app.request("/api/users/me", { user: otherUser })).status).toBe(200);
    expect((await patch(user, { password: "a new password", current_password: user.password })).status).toBe(200);
    expect((await app.request("/api/users/me", { user: otherUser })).status).toBe(401);
    expect((await app.request("/api/users/me", { user })).status).toBe(200);
    const login = (password: string) => app.request("/api/auth/login", { method: "POST", json: { email: user.email, password } });
    expect((await login(user.password)).status).toBe(401);
    expect((await login("a new password")).status).toBe(200);
  });

  test("refuses a weak new password with a reason", async () => {
    for (const password of ["short", "x".repeat(129), ada.email, ada.username])
      expect(await outcome(await patch(ada, { password, current_password: ada.password }))).toEqual([400, "update_user_invalid_password"]);
  });

  test("a new email is not verified, and can be used to sign in", async () => {
    const user = await app.signUp();
    await app.studio.database.pool.query("update users set is_verified = true where id = $1", [user.id]);
    const email = `New-${user.email}`;
    expect(await app.as(user).users.updateMe({ body: { email, current_password: user.password } })).toMatchObject({
      email: email.toLowerCase(),
      is_verified: false,
    });
    expect((await app.request("/api/auth/login", { method: "POST", json: { email, password: user.password } })).status).toBe(200);
  });

  test("email and username of another user are rejected, the user's own in another letter case are accepted", async () => {
    const user = await app.signUp();
    expect(await outcome(await patch(user, { email: ada.email.toUpperCase(), current_password: user.password }))).toEqual([
      400,
      "update_user_email_already_exists",
    ]);
    expect(await outcome(await patch(user, { username: ada.username.toUpperCase() }))).toEqual([409, "username_taken"]);
    expect(await outcome(await patch(user, { username: "support" }))).toEqual([409, "username_taken"]);
    expect((await patch(user, { username: user.username.toUpperCase() })).status).toBe(200);
  });

  test("the second factor cannot be enabled without a confirmed code, so users cannot lock themselves out", async () => {
    const user = await app.signUp();
    expect(await outcome(await patch(user, { two_fa_enabled: true, current_password: user.password }))).toEqual([503, "not_configured"]);
    expect((await app.request("/api/auth/login", { method: "POST", json: { email: user.email, password: user.password } })).status).toBe(
      200,
    );
  });
});

test("a change is not made if the password changes or the session ends after the proof was checked", async () => {
  const user = await app.signUp();
  const { pool } = app.studio.database;
  const client = await pool.connect();
  try {
    const changes = [
      () => patch(user, { email: `moved-${user.email}`, current_password: user.password }),
      () => app.request("/api/users/me", { method: "DELETE", user, json: { password: user.password } }),
    ];
    const turns = [
      {
        from: "update users set hashed_password = 'x' || hashed_password where id = $1",
        back: "update users set hashed_password = substr(hashed_password, 2) where id = $1",
        refused: [400, "current_password_wrong"],
      },
      {
        from: "update sessions set revoked_at = now() where user_id = $1",
        back: "update sessions set revoked_at = null where user_id = $1",
        refused: [401, "unauthorized"],
      },
    ];
    for (const { change, from, back, refused } of changes.flatMap((change) => turns.map((turn) => ({ change, ...turn })))) {
      await client.query("begin");
      await client.query("select 1 from users where id = $1 for no key update", [user.id]);
      const answer = change();
      await lockWaiters(app);
      await client.query(from, [user.id]);
      await client.query("commit");
      expect(await outcome(await answer)).toEqual(refused);
      await pool.query(back, [user.id]);
    }
  } finally {
    client.release();
  }
  expect(await app.as(user).users.me()).toMatchObject({ email: user.email });
});

test("the current password cannot be guessed with a stolen session", async () => {
  await using limited = await limitedApp();
  const user = await limited.signUp();
  const change = (current_password: string) =>
    limited.request("/api/users/me", { method: "PATCH", user, json: { password: "a new password", current_password } });
  for (let i = 0; i < 10; i++) expect((await change("wrong")).status).toBe(400);
  expect((await change(user.password)).status).toBe(429);
});

describe("pictures", () => {
  const upload = (
    bytes: Uint8Array,
    { user = ada, name = "me.png", type = "image/png" }: { user?: TestUser | null; name?: string; type?: string } = {},
  ) => {
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(bytes)], { type }), name);
    return app.request("/api/users/me/avatar", { method: "POST", body: form, ...(user && { user }) });
  };
  const flat = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: "#c0563f" } });
  const shown = async (url: string | null) => {
    const response = await app.request(url ?? "");
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  test("a picture is re-encoded as a square without metadata of the file", async () => {
    const file = Buffer.concat([
      await flat(640, 400)
        .withExif({ IFD0: { Artist: "GRACE-WAS-HERE" }, IFD3: { GPSLatitude: "52/1 31/1 0/1" } })
        .jpeg()
        .toBuffer(),
      Buffer.from("<script>alert('PASSENGER')</script>"),
    ]);
    expect(file.includes("GRACE-WAS-HERE")).toBe(true);
    const answer = await upload(file, { name: "../../me.html", type: "text/html" });
    expect(answer.status).toBe(200);
    const { avatar_url } = (await answer.json()) as User;
    expect(avatar_url).toMatch(new RegExp(`^/api/users/${ada.id}/avatar/[0-9a-f]{16}$`));
    const { response, bytes } = await shown(avatar_url);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/webp",
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
    for (const trace of ["GRACE-WAS-HERE", "PASSENGER", "Exif"]) expect(bytes.includes(trace)).toBe(false);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width: 256, height: 256 });
    expect((await app.as().users.get({ params: { id: ada.id } })).avatar_url).toBe(avatar_url);
  });

  test("a rotated picture is turned upright; of an animated one the first frame is used", async () => {
    const half = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><path fill="#00f" d="M0 0h100v50H0z"/></svg>',
    );
    const turned = await flat(100, 100)
      .composite([{ input: half }])
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { avatar_url } = (await (await upload(turned)).json()) as User;
    const { bytes } = await shown(avatar_url);
    const right = await sharp(bytes).extract({ left: 200, top: 100, width: 1, height: 1 }).raw().toBuffer();
    expect((right[2] ?? 0) > (right[0] ?? 0)).toBe(true);
    const moving = await sharp(Buffer.concat([Buffer.alloc(64 * 64 * 3, 10), Buffer.alloc(64 * 64 * 3, 200)]), {
      raw: { width: 64, height: 128, channels: 3, pageHeight: 64 },
    })
      .gif({ loop: 0 })
      .toBuffer();
    const still = (await (await upload(moving, { type: "image/gif" })).json()) as User;
    expect((await sharp((await shown(still.avatar_url)).bytes).metadata()).pages ?? 1).toBe(1);
  });

  test.each<[string, () => Promise<Buffer> | Buffer, number, string]>([
    ["an SVG with a script", () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 400, "bad_image"],
    ["an HTML page", () => Buffer.from("<!doctype html><p>hello"), 400, "bad_image"],
    ["a PNG without a picture", () => Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(5000)]), 400, "bad_image"],
    ["half of a picture", async () => (await flat(300, 300).jpeg().toBuffer()).subarray(0, 600), 400, "bad_image"],
    ["a decompression bomb: few bytes, 400 million pixels", async () => bomb(), 400, "bad_image"],
    ["a file over the limit", () => Buffer.alloc(6 * 1024 * 1024, 1), 413, "file_too_large"],
    ["nothing", () => Buffer.alloc(0), 422, "file"],
  ])("%s is refused", async (_, make, status, code) => {
    expect(await outcome(await upload(await make()))).toEqual([status, code]);
  });
  test("requires authentication and a form", async () => {
    expect((await upload(await flat(9, 9).png().toBuffer(), { user: null })).status).toBe(401);
    expect(await outcome(await app.request("/api/users/me/avatar", { method: "POST", user: ada }))).toEqual([422, "file"]);
  });

  test("a URL shows one picture, until it is replaced or removed or the account is suspended", async () => {
    const user = await app.signUp();
    const png = await flat(40, 40).png().toBuffer();
    const first = ((await (await upload(png, { user })).json()) as User).avatar_url;
    const uri = `data:image/png;base64,${(
      await sharp({ create: { width: 30, height: 60, channels: 4, background: "#0008" } })
        .png()
        .toBuffer()
    ).toString("base64")}`;
    const second = (await app.as(user).users.updateMe({ body: { avatar_url: uri } })).avatar_url;
    expect(second).toMatch(/^\/api\/users\//);
    expect([(await shown(first)).response.status, (await shown(second)).response.status]).toEqual([404, 200]);
    expect((await app.request((second ?? "").replace(user.id, ada.id))).status).toBe(404);
    await app.studio.database.pool.query("update users set is_suspended = true where id = $1", [user.id]);
    expect((await shown(second)).response.status).toBe(404);
    await app.studio.database.pool.query("update users set is_suspended = false where id = $1", [user.id]);
    expect((await app.request("/api/users/me/avatar", { method: "DELETE", user })).status).toBe(204);
    expect((await app.as(user).users.me()).avatar_url).toBeNull();
    expect((await shown(second)).response.status).toBe(404);
    expect((await app.request("/api/users/me/avatar", { method: "DELETE" })).status).toBe(401);
  });
});
/** A PNG that claims 20 000 × 20 000 pixels of one colour: a few kilobytes that decode to 1.2 GB. */
const bomb = () => {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  const size = Buffer.alloc(13);
  size.writeUInt32BE(20_000, 0);
  size.writeUInt32BE(20_000, 4);
  size.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(2_000_000));
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", size), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
};

describe("preferences", () => {
  test("start with the defaults; fields that are sent change, the rest stays", async () => {
    const user = await app.signUp();
    expect((await app.as(user).users.me()).preferences).toEqual(defaultPreferences);
    await Promise.all([
      app.as(user).users.updateMe({ body: { preferences: { theme_mode: "dark" } } }),
      app.as(user).users.updateMe({ body: { preferences: { editor_font_size: 16 } } }),
    ]);
    expect((await app.as(user).users.me()).preferences).toEqual({ ...defaultPreferences, theme_mode: "dark", editor_font_size: 16 });
  });
  test.each([
    ["an unknown theme", { theme_mode: "pink" }, "theme_mode"],
    ["a font size below the minimum", { editor_font_size: 2 }, "editor_font_size"],
    ["a string for a boolean", { mail_when_ended: "yes" }, "mail_when_ended"],
    ["an unknown density", { density: "tiny" }, "density"],
    ["three shortcuts for one action", { shortcuts: { "go.home": ["a", "b", "c"] } }, "go.home"],
    ["a shortcut without an action", { shortcuts: { home: ["a"] } }, "home"],
  ])("%s is 422", async (_, preferences, field) => expect(await outcome(await patch(ada, { preferences }))).toEqual([422, field]));
  test("shortcuts are replaced as a whole", async () => {
    const user = await app.signUp();
    const save = async (shortcuts: Record<string, string[]>) =>
      (await app.as(user).users.updateMe({ body: { preferences: { shortcuts, motion: "reduced" } } })).preferences;
    expect(await save({ "go.home": ["g x"], "chat.fold": [] })).toMatchObject({
      shortcuts: { "go.home": ["g x"], "chat.fold": [] },
      motion: "reduced",
    });
    expect((await save({ "chat.fold": ["$mod+KeyU"] })).shortcuts).toEqual({ "chat.fold": ["$mod+KeyU"] });
    expect((await save({})).shortcuts).toEqual({});
  });
  test("unknown preferences are refused", async () => {
    const response = await patch(ada, { preferences: { hides_checklist: true, is_superuser: true } });
    expect(response.status).toBe(422);
    await app.as(ada).users.updateMe({ body: { preferences: { hides_checklist: true } } });
    const { rows } = await app.studio.database.pool.query("select preferences from users where id = $1", [ada.id]);
    expect(rows[0].preferences).toEqual({ hides_checklist: true });
  });
});

describe("by username", () => {
  test("the public profile is found in any letter case; an unknown user is 404", async () => {
    const found = await app.as().creators.get({ params: { username: ada.username.toUpperCase() } });
    const stats = { items_count: 0, total_downloads: 0, average_rating: null, total_reviews: 0 };
    expect(found).toEqual({ ...(await app.as().users.get({ params: { id: ada.id } })), stats });
    expect(found).not.toHaveProperty("email");
    for (const name of ["nobody_at_all", "admin", "a%20b"]) expect((await app.request(`/api/creators/${name}`)).status).toBe(404);
  });
  test("says whether a name is free, with one answer for taken and reserved", async () => {
    const check = (username: string) => app.as(ada).creators.checkUsername({ query: { username } });
    const other = await app.signUp();
    expect(await check("surely-free-1")).toEqual({ available: true, reason: null });
    expect(await check(ada.username)).toEqual({ available: true, reason: null });
    expect((await check(other.username)).available).toBe(false);
    expect(await check("admin")).toEqual(await check(other.username));
    expect((await check("a b")).reason).toMatch(/3 to 50/);
    expect((await app.request("/api/creators/check-username?username=abc")).status).toBe(401);
    expect((await app.request("/api/creators/check-username", { user: ada })).status).toBe(422);
  });
});

describe("users.get", () => {
  test("is the public part, for everyone", async () => {
    expect(await app.as().users.get({ params: { id: ada.id } })).toEqual({
      id: ada.id,
      name: "Ada",
      username: ada.username,
      slug: ada.slug,
      avatar_url: expect.anything(),
      bio: null,
      twitter_handle: null,
      github_username: null,
      website_url: null,
      joined_at: ada.created_at,
    });
  });
  test("is 404 for unknown, disabled, suspended and deleted users, 422 for an invalid id", async () => {
    const answers = new Set<string>();
    for (const change of ["is_active = false", "is_suspended = true", "is_deleted = true", undefined]) {
      const user = await app.signUp();
      if (change) await app.studio.database.pool.query(`update users set ${change} where id = $1`, [user.id]);
      const response = await app.request(`/api/users/${change ? user.id : "00000000-0000-4000-8000-000000000000"}`);
      expect(response.status).toBe(404);
      answers.add(await response.text());
    }
    expect(answers.size).toBe(1);
    expect((await app.request("/api/users/no-such-user")).status).toBe(422);
  });
});
