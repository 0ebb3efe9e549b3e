import { createHash } from "node:crypto";
import { findThemeFaults, type CustomTheme, type List, type Theme, type ThemeJson, type ThemeListItem } from "@tesslate/contract";
import { randomCode } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, invalid, limitReached, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { slugify } from "../../../platform/slug.ts";
import { loadThemes } from "./bundled-themes.ts";
import type { NewTheme, ThemeFilter, ThemesStore } from "./themes.store.ts";
import type { ThemeRow } from "../../../db/schema/accounts.ts";
import { insertUnique } from "../../../platform/insert-unique.ts";

export const maxCustomThemes = 50;
/** Names of other routes below `/api/themes`. */
const reservedIds = new Set(["full", "default", "custom"]);

type Facts = Pick<ThemeRow, "name" | "mode"> & { description?: string | null | undefined; category?: ThemeRow["category"] | undefined };
type Changes = Partial<Facts> & Partial<ThemeJson> & { is_published?: boolean };
/** A response body with its ETag. */
interface Tagged<T> {
  body: T;
  etag: string;
}

export type Themes = ReturnType<typeof createThemes>;

/** Official and custom themes. */
export function createThemes({ store, limits }: { store: ThemesStore; limits: RateLimiter }) {
  const browse = (ip: string) => limits.count({ key: `browse:ip:${rateLimitNetwork(ip)}`, max: 120, windowSeconds: 60 });
  const change = (userId: string) => limits.count({ key: `themes:${userId}`, max: 30, windowSeconds: 60 });

  const insert = async (
    tx: Queries,
    user: { id: string; name: string },
    values: Facts & { theme_json: ThemeJson; parent_theme_id?: string },
  ): Promise<CustomTheme> => {
    if ((await store.lockAndCount(tx, user.id)) >= maxCustomThemes)
      throw limitReached("theme_limit_reached", `You have ${maxCustomThemes} custom themes, the maximum. Delete one first.`, {
        used: maxCustomThemes,
        limit: maxCustomThemes,
        max: maxCustomThemes,
      });
    const theme = await insertUnique("id for this theme", () => {
      const row: NewTheme = {
        ...values,
        id: idFor(values.name),
        author: user.name,
        created_by_user_id: user.id,
        is_published: false,
        revision: "",
      };
      return store.insert(tx, { ...row, revision: revisionOf(row) });
    });
    return presentCustomTheme(theme);
  };

  return {
    /** Upserts the bundled themes. Safe to repeat and to run concurrently. */
    seed: async (): Promise<void> => {
      const rows = (await loadThemes()).map(({ colors, typography, spacing, animation, ...facts }): NewTheme => {
        const row = { ...facts, theme_json: { colors, typography, spacing, animation }, is_published: true };
        return { ...row, revision: hashOf(row) };
      });
      await store.upsertOfficial(rows);
    },

    list: async (ip: string, query: PageQuery & ThemeFilter): Promise<Tagged<List<ThemeListItem>>> => {
      await browse(ip);
      const page = pageOf(query);
      const { rows, total } = await store.listOfficial(query, page);
      const body = page.envelope(rows.map(presentListItem), total);
      return { body, etag: hashOf(body) };
    },
    /** `isPublic`: the response is the same for all users. */
    get: async (ip: string, userId: string | undefined, id: string): Promise<Tagged<Theme> & { isPublic: boolean }> => {
      await browse(ip);
      const row = reservedIds.has(id) ? undefined : await store.findVisible(id, userId);
      if (!row) throw notFound("Theme");
      return { body: presentTheme(row), etag: row.revision, isPublic: row.is_published };
    },
    /** Whether the user may use the theme: a published one, their own, or one of their library. */
    isUsable: async (userId: string | undefined, id: string): Promise<boolean> =>
      !reservedIds.has(id) && (await store.findVisible(id, userId)) !== undefined,
    /** Whether the user may use the theme; locks it until the transaction ends. Call it before locking the user's row. */
    lockUsable: async (tx: Queries, userId: string, id: string): Promise<boolean> =>
      (await store.lockVisible(tx, id, userId)) !== undefined,

    listCustom: async (userId: string, query: PageQuery): Promise<List<CustomTheme>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listOwn(userId, page);
      return page.envelope(rows.map(presentCustomTheme), total);
    },
    /** Throws `theme_limit_reached`. */
    create: async (user: { id: string; name: string }, { colors, typography, spacing, animation, ...facts }: Facts & ThemeJson) => {
      await change(user.id);
      const values = { ...clean(facts), theme_json: { colors, typography, spacing, animation } };
      return store.transaction((tx) => insert(tx, user, values));
    },
    /** Throws 404 and `theme_limit_reached`. */
    fork: async (user: { id: string; name: string }, id: string, name: string | undefined): Promise<CustomTheme> => {
      await change(user.id);
      return store.transaction(async (tx) => {
        const from = await store.lockVisible(tx, id, user.id);
        if (!from) throw notFound("Theme");
        const { mode, description, category, theme_json } = from;
        const values = { name: name ?? `${from.name.slice(0, 95)} copy`, mode, description, category, theme_json };
        return insert(tx, user, { ...clean(values), parent_theme_id: from.id });
      });
    },
    /** Throws 404, and for a theme that is or gets published 422 without a description and `theme_contrast_too_low`. */
    update: async (
      userId: string,
      id: string,
      { name, mode, description, category, is_published, ...sections }: Changes,
    ): Promise<CustomTheme> => {
      await change(userId);
      return store.transaction(async (tx) => {
        const before = await store.findOwn(id, userId, tx);
        if (!before) throw notFound("Theme");
        const after = {
          ...before,
          ...(name !== undefined && { name: name.trim() }),
          ...(mode !== undefined && { mode }),
          ...(description !== undefined && { description }),
          ...(category !== undefined && { category }),
          is_published: is_published ?? before.is_published,
          theme_json: { ...before.theme_json, ...sections },
        };
        if (after.is_published) requirePublishable(after);
        const row = await store.update(tx, id, {
          name: after.name,
          mode: after.mode,
          description: after.description,
          category: after.category,
          is_published: after.is_published,
          theme_json: after.theme_json,
          revision: revisionOf(after),
        });
        if (!row) throw notFound("Theme");
        return presentCustomTheme(row);
      });
    },
    /** Throws 404 and `theme_published`. */
    remove: async (userId: string, id: string): Promise<void> => {
      await store.transaction(async (tx) => {
        const theme = await store.findOwn(id, userId, tx);
        if (!theme) throw notFound("Theme");
        if (theme.is_published) throw badRequest("Unpublish this theme before you delete it.", "theme_published");
        await store.remove(tx, id);
      });
    },
  };
}

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 22);
const revisionOf = ({ name, mode, author, description, category, theme_json }: NewTheme): string =>
  hashOf([name, mode, author, description ?? null, category ?? null, theme_json]);
const clean = <F extends Facts>(facts: F): F => ({ ...facts, name: facts.name.trim() });
/** A slug of the name with a random suffix. */
const idFor = (name: string): string => `${slugify(name, 60) || "theme"}-${randomCode(8)}`;

/** What the store requires of a theme. Everyone who uses it gets each change, so a published one must keep it. */
function requirePublishable({ mode, description, theme_json }: Pick<ThemeRow, "mode" | "description" | "theme_json">): void {
  if (!description?.trim()) throw invalid(["body", "description"], "A published theme needs a description");
  const faults = findThemeFaults({ mode, ...theme_json });
  const [first] = faults;
  if (first)
    throw badRequest(
      `${first.what} on ${first.on} has a contrast of ${first.ratio.toFixed(1)}:1. A published theme needs ${first.floor}:1.`,
      "theme_contrast_too_low",
      { faults },
    );
}

/** Four colors that show what a theme looks like. */
export const swatchesOf = ({ theme_json }: Pick<ThemeRow, "theme_json">): ThemeListItem["swatches"] => {
  const { primary, accent, background, surface } = theme_json.colors;
  return { primary, accent, background, surface };
};
export const presentListItem = ({
  id,
  name,
  mode,
  author,
  description,
  category,
  icon,
  is_default,
  revision,
  theme_json,
}: ThemeRow): ThemeListItem => ({
  id,
  name,
  mode,
  author,
  description,
  category,
  icon,
  is_default,
  revision,
  swatches: swatchesOf({ theme_json }),
});
const presentTheme = ({ id, name, mode, author, version, description, theme_json }: ThemeRow): Theme => ({
  id,
  name,
  mode,
  author,
  version,
  description,
  ...theme_json,
});
const presentCustomTheme = (row: ThemeRow): CustomTheme => ({
  ...presentTheme(row),
  category: row.category,
  is_published: row.is_published,
  is_admin_disabled: !row.is_active,
  downloads: row.downloads,
  parent_theme_id: row.parent_theme_id,
  created_at: row.created_at,
  updated_at: row.updated_at,
});
