import { sql } from "drizzle-orm";
import { users } from "../../../db/schema/accounts.ts";

/** What is asked of the account behind an item or a review. Pictures kept in the row itself can be half a megabyte: too much beside every line of a list. */
export const creatorColumns = {
  id: users.id,
  name: users.name,
  username: users.username,
  avatar_url: sql<string | null>`case when length(${users.avatar_url}) <= 8192 then ${users.avatar_url} end`,
  is_deleted: users.is_deleted,
};
