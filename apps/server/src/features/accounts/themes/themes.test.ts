import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Theme } from "@tesslate/contract";
import { crowd } from "../../../testing/crowd.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
let otherUser: TestUser;
beforeAll(async () => {
  // Changes the themes that come with the product.
  app = await testApp({ ownServer: true });
  afterAll(() => app?.close());
  ada = await app.signUp({ name: "Ada Maker" });
  otherUser = await app.signUp();
});

const code = (error: unknown) => (error as { code?: string }).code;
const sql = (text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
const json = async <T>(response: Response) => (await response.json()) as T;
/** A complete body for a custom theme. */
async function body(name = "Mine") {
  const { mode, colors, typography, spacing, animation } = await app.as().themes.get({ params: { id: "nord" } });
  return { name, mode, colors, typography, spacing, animation };
}

describe("the catalogue", () => {
  test("is public: 55 themes, 41 dark and 14 light, the defaults first", async () => {
    const { items, total } = await app.as().themes.list({ query: { limit: 100 } });
    expect([total, items.length, items.filter((t) => t.mode === "light").length]).toEqual([55, 55, 14]);
    expect(items.slice(0, 8).map((t) => t.id)).toEqual([
      "default-dark",
      "default-light",
      "midnight",
      "ocean",
      "forest",
      "rose",
      "sunset",
      "andromeda",
    ]);
    expect(new Set(items.map((t) => JSON.stringify(Object.values(t.swatches)))).size).toBeGreaterThan(52);
    expect(items.find((t) => t.id === "dracula")).toMatchObject({
      name: "Dracula",
      author: "Zeno Rocha",
      category: "vibrant",
      icon: "ghost",
      is_default: false,
      swatches: { primary: "#bd93f9", accent: "#ff79c6", background: "#282a36", surface: "#21222c" },
    });
    expect((await app.as().themes.list({ query: { mode: "light" } })).total).toBe(14);
    expect((await app.as().themes.list({ query: { category: "general" } })).total).toBe(2);
    expect((await app.request("/api/themes?mode=purple")).status).toBe(422);
    const pages = await Promise.all([1, 2, 3].map((page) => app.as().themes.list({ query: { limit: 20, page } })));
    expect(new Set(pages.flatMap((p) => p.items.map((t) => t.id))).size).toBe(55);
  });

  test("a theme has exactly the 53 values of the schema", async () => {
    const theme = await app.as().themes.get({ params: { id: "tokyo-night" } });
    const leaves = (value: unknown): unknown[] =>
      typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [value];
    const { colors, typography, spacing, animation, ...facts } = theme;
    expect(leaves({ colors, typography, spacing, animation })).toHaveLength(53);
    expect(facts).toEqual({
      id: "tokyo-night",
      name: "Tokyo Night",
      mode: "dark",
      author: "enkia",
      version: "1.0.0",
      description: expect.any(String),
    });
    for (const id of ["nope", "full", "default"]) expect(await app.as().themes.get({ params: { id } }).catch(code)).toBe("not_found");
    expect((await app.request("/api/themes/..%2Fx")).status).toBe(422);
  });

  test("returns 304 for the current version, and is cached forever under its revision", async () => {
    for (const path of ["/api/themes", "/api/themes/nord"]) {
      const first = await app.request(path);
      const etag = first.headers.get("etag") ?? "";
      expect([first.status, first.headers.get("cache-control")]).toEqual([200, "public, max-age=300"]);
      const again = await app.request(path, { headers: { "if-none-match": `"other", W/${etag}` } });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
      expect((await app.request(path, { headers: { "if-none-match": '"old"' } })).status).toBe(200);
    }
    const { items } = await app.as().themes.list({ query: { limit: 100 } });
    const nord = items.find((t) => t.id === "nord");
    const kept = await app.request(`/api/themes/nord?revision=${nord?.revision}`);
    expect(kept.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await app.request("/api/themes/nord?revision=other")).headers.get("cache-control")).toBe("public, max-age=300");
  });

  test("seeding again changes content only, also by several processes at once", async () => {
    await sql("update themes set is_featured = true, downloads = 7, name = 'Vandalised', revision = 'old' where id = 'nord'");
    await sql("update themes set is_active = false where id = 'rose'");
    const { createThemes, createThemesStore } = await import("./index.ts");
    const themes = createThemes({
      store: createThemesStore(app.db),
      limits: { count: async () => {}, reset: async () => {}, prune: async () => {} },
    });
    await Promise.all([themes.seed(), themes.seed(), themes.seed()]);
    const { rows } = await sql("select name, downloads, is_featured from themes where id = 'nord'");
    expect(rows).toEqual([{ name: "Nord", downloads: 7, is_featured: true }]);
    expect(
      await app
        .as()
        .themes.get({ params: { id: "rose" } })
        .catch(code),
    ).toBe("not_found");
    expect((await app.as().themes.list({ query: { limit: 100 } })).total).toBe(54);
    await sql("update themes set is_active = true where id = 'rose'");
  });
});

describe("custom themes", () => {
  test("are created, copied from a preset, changed section by section, listed and deleted", async () => {
    const mine = app.as(ada).themes;
    const made = await mine.create({ body: { ...(await body("  Café del Mar ")), description: "By the sea", category: "vibrant" } });
    expect(made).toMatchObject({ name: "Café del Mar", author: "Ada Maker", mode: "dark", version: "1.0.0", parent_theme_id: null });
    expect(made.id).toMatch(/^cafe-del-mar-[0-9a-z]{8}$/);
    const copy = await mine.fork({ params: { id: "github-light" } });
    expect(copy).toMatchObject({ name: "GitHub Light copy", mode: "light", parent_theme_id: "github-light" });
    const changed = await mine.update({
      params: { id: copy.id },
      body: { name: "Paper", spacing: { radiusSmall: "0", radiusMedium: "0px", radiusLarge: "1rem", radiusXl: "2.5em" } },
    });
    expect(changed).toMatchObject({ name: "Paper", spacing: { radiusXl: "2.5em" }, colors: copy.colors });
    expect((await mine.listCustom()).items.map((t) => t.name)).toEqual(["Paper", "Café del Mar"]);
    expect((await mine.get({ params: { id: copy.id } })).spacing.radiusSmall).toBe("0");
    const copyOfCopy = await mine.fork({ params: { id: copy.id }, body: { name: "Third" } });
    await mine.remove({ params: { id: copy.id } });
    expect(await mine.get({ params: { id: copy.id } }).catch(code)).toBe("not_found");
    expect((await mine.listCustom()).items.find((t) => t.id === copyOfCopy.id)?.parent_theme_id).toBeNull();
  });

  test("are private: not in the catalogue, 404 to other users with the same body; presets cannot be changed", async () => {
    const made = await app.as(ada).themes.create({ body: await body("Private") });
    const own = await app.request(`/api/themes/${made.id}`, { user: ada });
    expect([own.status, own.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
    expect((await app.as().themes.list({ query: { limit: 500 } })).items.map((t) => t.id)).not.toContain(made.id);
    expect((await app.as(otherUser).themes.listCustom()).total).toBe(0);
    for (const [method, path, more] of [
      ["GET", ""],
      ["PATCH", "", { name: "Mine now" }],
      ["DELETE", ""],
      ["POST", "/fork", {}],
    ] as const)
      for (const id of [made.id, "nothing-here"]) {
        const answer = await app.request(`/api/themes/${id}${path}`, { method, user: otherUser, ...(more && { json: more }) });
        expect([method, answer.status, await answer.json()]).toEqual([method, 404, { detail: "Theme not found.", code: "not_found" }]);
      }
    expect((await app.request(`/api/themes/${made.id}`)).status).toBe(404);
    for (const [method, more] of [["PATCH", { name: "Owned" }], ["DELETE"]] as const)
      expect((await app.request("/api/themes/nord", { method, user: ada, ...(more && { json: more }) })).status).toBe(404);
    for (const [method, path] of [
      ["GET", "/custom"],
      ["POST", ""],
      ["POST", "/nord/fork"],
      ["PATCH", "/nord"],
      ["DELETE", "/nord"],
    ] as const)
      expect([method, path, (await app.request(`/api/themes${path}`, { method })).status]).toEqual([method, path, 401]);
  });

  test.each<[string, (theme: Theme) => void]>([
    ["a url in a colour", (t) => (t.colors.background = "url(https://evil.example/x.png)")],
    ["a declaration in a colour", (t) => (t.colors.text = "#fff;position:fixed")],
    ["a closing brace", (t) => (t.colors.text = "#fff}body{display:none")],
    ["a variable", (t) => (t.colors.text = "var(--brand)")],
    ["an expression", (t) => (t.colors.text = "expression(alert(1))")],
    ["an escape", (t) => (t.colors.text = "\\75rl(x)")],
    ["five digits", (t) => (t.colors.text = "#12345")],
    ["a colour with too many parts", (t) => (t.colors.text = `rgb(${"1,".repeat(20)}1)`)],
    ["a channel out of range", (t) => (t.colors.primaryRgb = "256, 0, 0")],
    ["a url in a font", (t) => (t.typography.fontFamily = "url(x), serif")],
    ["a quote that does not end", (t) => (t.typography.fontFamily = "'Inter, serif")],
    ["an empty font", (t) => (t.typography.fontFamilyMono = " ")],
    ["a calculation", (t) => (t.spacing.radiusSmall = "calc(1px + 100vw)")],
    ["a size without a number", (t) => (t.typography.fontSizeBase = "huge")],
    ["a duration without a unit", (t) => (t.animation.durationFast = "150")],
    ["a url in a shadow", (t) => (t.colors.shadow.small = "0 0 1px #000, url(x)")],
    ["a declaration in a shadow", (t) => (t.colors.shadow.large = "none;background:red")],
    ["a function that is no easing", (t) => (t.animation.easing = "element(#x)")],
    ["an unknown key", (t) => Object.assign(t.colors, { evil: "#fff" })],
    ["a nested unknown key", (t) => Object.assign(t.colors.sidebar, { evil: "#fff" })],
    ["a missing key", (t) => Reflect.deleteProperty(t.colors.input, "border")],
    ["a number", (t) => Object.assign(t.spacing, { radiusSmall: 4 })],
  ])("%s is refused, on creation and on change", async (_, spoil) => {
    const theme = { ...(await app.as().themes.get({ params: { id: "ocean" } })) };
    spoil(theme);
    const { mode, colors, typography, spacing, animation } = theme;
    const made = await app.request("/api/themes", {
      method: "POST",
      user: ada,
      json: { name: "x", mode, colors, typography, spacing, animation },
    });
    expect([made.status, (await json<{ detail: unknown[] }>(made)).detail.length > 0]).toEqual([422, true]);
    const own = (await app.as(ada).themes.listCustom()).items[0] ?? (await app.as(ada).themes.fork({ params: { id: "ocean" } }));
    const changed = await app.request(`/api/themes/${own.id}`, {
      method: "PATCH",
      user: ada,
      json: { colors, typography, spacing, animation },
    });
    expect(changed.status).toBe(422);
  });

  test("bad bodies are 422: no name, no mode, a missing section", async () => {
    const complete = await body();
    for (const json of [
      {},
      { ...complete, name: "  " },
      { ...complete, mode: "dim" },
      { ...complete, colors: undefined },
      { ...complete, name: "x".repeat(101) },
    ])
      expect((await app.request("/api/themes", { method: "POST", user: ada, json })).status).toBe(422);
  });

  test("the limit also holds for concurrent requests", async () => {
    const creator = await app.signUp();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => app.request("/api/themes/nord/fork", { method: "POST", user: creator, json: {} })),
    );
    const refused = await Promise.all(answers.filter((a) => a.status !== 201).map((a) => json<{ code: string }>(a)));
    expect([answers.length - refused.length, new Set(refused.map((r) => r.code))]).toEqual([50, new Set(["theme_limit_reached"])]);
    expect((await app.as(creator).themes.listCustom()).total).toBe(50);
  });

  test("one can be selected by its creator only, and deleting it selects the default", async () => {
    const made = await app.as(ada).themes.fork({ params: { id: "nord" } });
    const pick = (user: TestUser, theme_preset: string) => app.request("/api/users/me", { method: "PATCH", user, json: { theme_preset } });
    expect((await pick(ada, made.id)).status).toBe(200);
    expect((await pick(otherUser, made.id)).status).toBe(422);
    expect((await pick(otherUser, "no-such-theme")).status).toBe(422);
    expect((await pick(otherUser, "dracula")).status).toBe(200);
    await app.as(ada).themes.remove({ params: { id: made.id } });
    expect((await app.as(ada).users.me()).theme_preset).toBe("default-dark");
    expect((await app.as(otherUser).users.me()).theme_preset).toBe("dracula");
  });

  test("a theme is selected, copied and deleted concurrently: every request is answered, and no user keeps a deleted theme", async () => {
    const creators = await Promise.all((await crowd(app, 6)).map(async (creator) => ({ creator, mine: app.as(creator).themes })));
    const answers = await Promise.all(
      creators.map(async ({ creator, mine }) => {
        const { id } = await mine.fork({ params: { id: "nord" } });
        const send = (path: string, method: string, json?: unknown) =>
          app.request(path, { method, user: creator, ...(json !== undefined && { json }) }).then(({ status }) => `${method} ${status}`);
        const pick = () => send("/api/users/me", "PATCH", { theme_preset: id });
        const copy = () => send(`/api/themes/${id}/fork`, "POST", {});
        await pick();
        return Promise.all([pick(), copy(), pick(), copy(), send(`/api/themes/${id}`, "DELETE"), copy(), pick(), copy(), pick()]);
      }),
    );
    const may = new Set(["PATCH 200", "PATCH 422", "POST 201", "POST 404", "DELETE 204"]);
    expect(answers.flat().filter((answer) => !may.has(answer))).toEqual([]);
    for (const { creator } of creators) expect((await app.as(creator).users.me()).theme_preset).toBe("default-dark");
  });
});

describe("published themes", () => {
  const publish = async (user: TestUser, name: string, description = "Made for late evenings") => {
    const mine = app.as(user).themes;
    const made = await mine.create({ body: { ...(await body(name)), description, category: "minimal" } });
    return mine.update({ params: { id: made.id }, body: { is_published: true } });
  };
  const search = (user: TestUser | undefined, name: string) =>
    (user ? app.as(user) : app.as()).marketplaceItems.list({ query: { item_type: "theme", search: name } });

  test("are found in the store by everyone, with their creator, and have a page there", async () => {
    const creator = await app.signUp({ name: "Grace Painter" });
    const made = await publish(creator, "Aubergine Night");
    expect(made).toMatchObject({ is_published: true, is_admin_disabled: false, downloads: 0 });
    const { items } = await search(undefined, "aubergine");
    expect(items.find(({ id }) => id === made.id)).toMatchObject({
      item_type: "theme",
      creator_type: "community",
      creator_name: "Grace Painter",
      creator_username: creator.username,
      is_purchased: false,
      swatches: { primary: made.colors.primary },
    });
    const page = await app.as().marketplaceThemes.get({ params: { id: made.id } });
    expect(page).toMatchObject({ mode: "dark", is_owner: false, colors: made.colors, spacing: made.spacing });
    expect(await app.as(creator).marketplaceThemes.get({ params: { id: made.id } })).toMatchObject({ is_owner: true });
    const bundled = await app.as().marketplaceThemes.get({ params: { id: "dracula" } });
    expect(bundled).toMatchObject({ creator_type: "official", creator_name: "Zeno Rocha", creator_username: null });
    // The catalogue has the bundled ones only.
    expect((await app.as().themes.list({ query: { limit: 500 } })).items.map(({ id }) => id)).not.toContain(made.id);
    const profile = await app.as().marketplaceItems.list({ query: { creator: creator.username } });
    expect(profile.items.map(({ id }) => id)).toEqual([made.id]);
    expect((await app.as(creator).library.ownItems({ query: { item_type: "theme" } })).items).toMatchObject([{ is_published: true }]);
  });

  test("need a description and the contrast of WCAG AA, also when they change", async () => {
    const mine = app.as(ada).themes;
    const made = await mine.create({ body: await body("Undescribed") });
    const send = (json: unknown) => app.request(`/api/themes/${made.id}`, { method: "PATCH", user: ada, json });
    const nameless = await send({ is_published: true });
    expect([nameless.status, await json(nameless)]).toMatchObject([422, { detail: [{ loc: ["body", "description"] }] }]);
    const pale = { ...made.colors, textMuted: "rgba(255, 255, 255, 0.2)" };
    // A private theme may have any contrast.
    expect((await send({ description: "Pale", colors: pale })).status).toBe(200);
    const refused = await send({ is_published: true });
    expect([refused.status, await json(refused)]).toMatchObject([
      400,
      {
        code: "theme_contrast_too_low",
        detail: expect.stringMatching(/^Muted text on .+ has a contrast of 1\.\d:1\. A published theme needs 4\.5:1\.$/),
        details: { faults: [{ token: "textMuted", what: "Muted text", floor: 4.5 }] },
      },
    ]);
    expect((await mine.listCustom()).items.find(({ id }) => id === made.id)?.is_published).toBe(false);
    expect((await send({ colors: made.colors, is_published: true })).status).toBe(200);
    expect((await send({ colors: pale })).status).toBe(400);
    expect((await send({ description: " " })).status).toBe(422);
    expect((await send({ is_published: false, colors: pale, description: null })).status).toBe(200);
    expect((await search(undefined, "Undescribed")).total).toBe(0);
  });

  test("are added to a library once, stay there when they are unpublished, and count each user once", async () => {
    const creator = await app.signUp();
    const fan = await app.signUp();
    const made = await publish(creator, "Sea Glass");
    const add = (user: TestUser | undefined, id = made.id) =>
      app.request(`/api/marketplace/library/themes/${id}`, { method: "PUT", ...(user && { user }) });
    expect([(await add(fan)).status, (await add(fan)).status, (await add(undefined)).status]).toEqual([201, 200, 401]);
    expect((await search(fan, "Sea Glass")).items).toMatchObject([{ is_purchased: true, downloads: 1 }]);
    expect((await app.as(fan).marketplaceThemes.library()).items).toMatchObject([
      { id: made.id, name: "Sea Glass", creator_username: creator.username, swatches: { accent: made.colors.accent } },
    ]);
    await app.as(fan).marketplaceThemes.remove({ params: { id: made.id } });
    expect((await app.as(fan).marketplaceThemes.library()).total).toBe(0);
    expect((await add(fan)).status).toBe(201);
    expect((await app.as(creator).themes.listCustom()).items[0]?.downloads).toBe(1);

    const changed = await app.as(creator).themes.update({ params: { id: made.id }, body: { name: "Sea Glass 2", is_published: false } });
    expect(changed.is_published).toBe(false);
    expect(await app.as(fan).themes.get({ params: { id: made.id } })).toMatchObject({ name: "Sea Glass 2" });
    expect((await app.as(fan).marketplaceThemes.library()).total).toBe(1);
    for (const user of [undefined, otherUser])
      for (const path of ["themes", "marketplace/themes"])
        expect((await app.request(`/api/${path}/${made.id}`, { ...(user && { user }) })).status).toBe(404);
    expect((await add(otherUser)).status).toBe(404);
    // Removing the one in use applies the default.
    await app.as(fan).users.updateMe({ body: { theme_preset: made.id } });
    await app.as(fan).marketplaceThemes.remove({ params: { id: made.id } });
    expect((await app.as(fan).users.me()).theme_preset).toBe("default-dark");
    expect((await app.request(`/api/marketplace/library/themes/${made.id}`, { method: "DELETE", user: fan })).status).toBe(404);
  });

  test("are deleted only after they were unpublished", async () => {
    const made = await publish(ada, "Kept for now");
    expect(
      await app
        .as(ada)
        .themes.remove({ params: { id: made.id } })
        .catch(code),
    ).toBe("theme_published");
    await app.as(ada).themes.update({ params: { id: made.id }, body: { is_published: false } });
    await app.as(ada).themes.remove({ params: { id: made.id } });
    expect(
      await app
        .as(ada)
        .themes.get({ params: { id: made.id } })
        .catch(code),
    ).toBe("not_found");
  });

  test("an administrator hides one from everyone but its creator, with a reason, and shows it again", async () => {
    const admin = await app.signUp({ admin: true });
    const creator = await app.signUp();
    const fan = await app.signUp();
    const made = await publish(creator, "Rude Name");
    await app.as(fan).marketplaceThemes.add({ params: { id: made.id } });
    const moderate = (json: unknown, user = admin) => app.request(`/api/admin/themes/${made.id}`, { method: "PATCH", user, json });
    expect((await moderate({ is_active: false }, creator)).status).toBe(403);
    expect([(await moderate({})).status, (await moderate({ is_active: false })).status]).toEqual([400, 422]);
    expect(await json(await moderate({ is_active: false, reason: "Offensive name" }))).toMatchObject({ is_active: false });
    expect((await search(undefined, "Rude Name")).total).toBe(0);
    expect(
      await app
        .as(fan)
        .themes.get({ params: { id: made.id } })
        .catch(code),
    ).toBe("not_found");
    expect((await app.as(fan).marketplaceThemes.library()).total).toBe(0);
    expect((await app.as(creator).themes.listCustom()).items).toMatchObject([{ is_admin_disabled: true }]);
    expect((await app.as(creator).themes.get({ params: { id: made.id } })).name).toBe("Rude Name");
    const hidden = await app.as(admin).adminMarketplace.themes({ query: { search: "rude", is_active: false } });
    expect(hidden.items).toMatchObject([{ id: made.id, created_by_username: creator.username }]);
    await moderate({ is_active: true, is_featured: true });
    expect((await search(fan, "Rude Name")).items).toMatchObject([{ is_featured: true, is_purchased: true }]);
    const { rows } = await sql("select action_type, reason from audit_log where target_id = $1 order by seq", [made.id]);
    expect(rows.map((row) => Object.values(row as object))).toEqual([
      ["theme.disable", "Offensive name"],
      ["theme.restore", null],
      ["theme.feature", null],
    ]);
    // Private themes are not listed.
    const own = await app.as(creator).themes.fork({ params: { id: "nord" } });
    expect((await app.as(admin).adminMarketplace.themes({ query: { search: own.id } })).total).toBe(0);
    expect((await app.request(`/api/admin/themes/${own.id}`, { method: "PATCH", user: admin, json: { is_featured: true } })).status).toBe(
      404,
    );
  });
});
