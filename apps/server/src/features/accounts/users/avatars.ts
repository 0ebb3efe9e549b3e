import type { UserRow } from "../../../db/schema/accounts.ts";
import type { Queries } from "../../../platform/database.ts";
import { notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { AvatarRenderer, AvatarPicture } from "./avatar-picture.ts";
import type { UsersStore } from "./users.store.ts";

export type Avatars = ReturnType<typeof createAvatars>;
/** Pictures of users. */
export function createAvatars({ store, renderAvatar, limits }: { store: UsersStore; renderAvatar: AvatarRenderer; limits: RateLimiter }) {
  /** Rate limited, because processing images takes CPU time. */
  const pictureOf = async (id: string, bytes: Buffer): Promise<AvatarPicture> => {
    await limits.count({ key: `avatar:${id}`, max: 30, windowSeconds: 3600 });
    return renderAvatar(bytes);
  };
  const putAvatar = (tx: Queries, id: string, { version, webp }: AvatarPicture) =>
    store.putAvatar(tx, id, { version, webp_base64: webp.toString("base64"), url: `/api/users/${id}/avatar/${version}` });

  return {
    pictureOf,
    putAvatar,
    /** Throws `bad_image`. */
    setAvatar: async (id: string, bytes: Buffer): Promise<UserRow> => {
      const picture = await pictureOf(id, bytes);
      const row = await store.transaction((tx) => putAvatar(tx, id, picture));
      if (!row) throw notFound("User");
      return row;
    },
    removeAvatar: async (id: string): Promise<void> => {
      await store.transaction(async (tx) => {
        await store.deleteAvatar(tx, id);
        await store.update(id, { avatar_url: null }, tx);
      });
    },
    avatar: async (id: string, version: string): Promise<Buffer> => {
      const found = await store.findAvatar(id, version);
      if (found === undefined) throw notFound("Picture");
      return Buffer.from(found, "base64");
    },
  };
}
