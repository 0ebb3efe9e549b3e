import { sql } from "drizzle-orm";
import { users } from "../db/schema/accounts.ts";
import type { TestApp } from "./app.ts";

/** A user with a session but no password and email. */
export interface CrowdUser {
  id: string;
  token: string;
}

/** More concurrent requests than database connections, so that some have to wait. */
export const callers = 40;

/** Creates many users for concurrency tests: rows are inserted and sessions opened without hashing passwords. */
export async function crowd(app: TestApp, size: number): Promise<CrowdUser[]> {
  const rows = await app.db
    .insert(users)
    .values(
      Array.from({ length: size }, (_, n) => ({
        email: sql<string>`'user-' || gen_random_uuid() || '@example.com'`,
        name: `User ${n}`,
        username: sql<string>`'user_' || replace(gen_random_uuid()::text, '-', '')`,
        slug: sql<string>`'user-' || gen_random_uuid()`,
        referral_code: sql<string>`upper(substr(md5(gen_random_uuid()::text), 1, 8))`,
      })),
    )
    .returning();
  return Promise.all(
    rows.map(async (row) => {
      const opened = await app.studio.sessions.open(row, { user_agent: undefined, ip: "127.0.0.1" });
      const response = await app.request("/api/auth/refresh", {
        method: "POST",
        headers: { cookie: `tesslate_refresh=${opened?.refreshToken}` },
      });
      const { access_token } = (await response.json()) as { access_token?: string };
      if (!access_token) throw new Error(`no session: ${response.status}`);
      return { id: row.id, token: access_token };
    }),
  );
}
