import { sql } from "drizzle-orm";
import { users } from "../../../db/schema/accounts.ts";

/** Public columns of an item's or review's author. Avatars stored as data URLs can be half a megabyte, so lists omit large ones. */
export const creatorColumns = {
  id: users.id,
  name: users.name,
  username: users.username,
  avatar_url: sql<string | null>`case when length(${users.avatar_url}) <= 8192 then ${users.avatar_url} end`,
  is_deleted: users.is_deleted,
};
