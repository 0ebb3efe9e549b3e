import { eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import { user } from "./schema.ts";

/** Makes the account with this address an administrator, if it exists. Called at the start with ADMIN_EMAIL. */
export async function makeAdmin(db: Database, email: string): Promise<boolean> {
  const changed = await db.update(user).set({ role: "admin" }).where(eq(user.email, email.trim().toLowerCase())).returning({ id: user.id });
  return changed.length > 0;
}
