import { themesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Themes } from "./themes.service.ts";

const shared = "public, max-age=300";
const forEver = "public, max-age=31536000, immutable";
/** Custom themes are revalidated on each request. */
const personal = "private, no-cache";

/** Routes of themes. */
export function mountThemes(mount: Mount, { themes }: { themes: Themes }): void {
  mount("themes", themesRoutes, {
    list: async (context, { query }) => {
      const { body, etag } = await themes.list(context.ip, query);
      context.setHeader("etag", `"${etag}"`);
      context.setHeader("cache-control", shared);
      return body;
    },
    listCustom: ({ user }, { query }) => themes.listCustom(user.id, query),
    create: ({ user }, { body }) => themes.create(user, body),
    fork: ({ user }, { params, body }) => themes.fork(user, params.id, body.name),
    get: async (context, { params, query }) => {
      const { body, etag, isPublic } = await themes.get(context.ip, context.user?.id, params.id);
      context.setHeader("etag", `"${etag}"`);
      context.setHeader("cache-control", !isPublic ? personal : query.revision === etag ? forEver : shared);
      return body;
    },
    update: ({ user }, { params, body }) => themes.update(user.id, params.id, body),
    remove: ({ user }, { params }) => themes.remove(user.id, params.id),
  });
}
