import { creatorsRoutes, maxAvatarBytes, usersRoutes, type CreatorProfile } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { readUpload, uploadedFiles } from "../../../http/uploads.ts";
import { presentUser, type Users } from "./users.service.ts";

/** Routes of users and public creator profiles. */
export function mountUsers(
  mount: Mount,
  {
    users,
    offeredBy,
  }: {
    users: Users;
    /** Store statistics of a creator. */
    offeredBy: (userId: string) => Promise<CreatorProfile["stats"]>;
  },
): void {
  mount("users", usersRoutes, {
    me: async ({ user: { id, impersonator } }) => ({
      ...presentUser(await users.get(id)),
      ...(impersonator && {
        impersonated_by: {
          id: impersonator.id,
          username: impersonator.username,
          expires_at: new Date(impersonator.expires_at_ms).toISOString(),
        },
      }),
    }),
    updateMe: async ({ user }, { body }) => presentUser(await users.update(user.id, user.session_id, body)),
    get: (_, { params }) => users.getPublic(params.id),
    setAvatar: async ({ user }, _, { request }) =>
      presentUser(await users.setAvatar(user.id, await readUpload(uploadedFiles(request), maxAvatarBytes, "An image"))),
    removeAvatar: ({ user }) => users.removeAvatar(user.id),
    avatar: async (context, { params }, { reply }) => {
      const webp = await users.avatar(params.id, params.version);
      context.setHeader("cache-control", "public, max-age=31536000, immutable");
      context.setHeader("content-security-policy", "default-src 'none'; sandbox");
      context.setHeader("x-content-type-options", "nosniff");
      context.setHeader("content-disposition", 'inline; filename="avatar.webp"');
      return reply.type("image/webp").send(webp);
    },
  });
  mount("creators", creatorsRoutes, {
    checkUsername: async ({ user }, { query }) => {
      const reason = await users.usernameProblem(user.id, query.username);
      return { available: reason === null, reason };
    },
    get: async (_, { params }) => {
      const user = await users.getPublicByUsername(params.username);
      return { ...user, stats: await offeredBy(user.id) };
    },
  });
}
