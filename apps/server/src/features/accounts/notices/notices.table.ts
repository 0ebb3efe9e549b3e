import { pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { createdAt } from "../../../platform/columns.ts";
import { users } from "../users/users.table.ts";

/** What a person was mailed about already: once for each thing. */
export const mailedNotices = pgTable(
  "mailed_notices",
  {
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `approval:<id>` or `run:<task id>`. */
    about: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.about] })],
);
