/** Creates an administrator with a random password, and a few notes. Running it again changes nothing. */
import { eq } from "drizzle-orm";
import { randomBytes } from "node:crypto";
import { createAuth } from "./auth.ts";
import { migrateDatabase, openDatabase } from "./database.ts";
import { readEnvironment } from "./environment.ts";
import { note, user } from "./schema.ts";

const email = process.argv[2] ?? "admin@example.com";
const environment = readEnvironment();
await migrateDatabase(environment.DATABASE_URL);
const { db, close } = openDatabase(environment.DATABASE_URL);
const [known] = await db.select().from(user).where(eq(user.email, email));
if (known) {
  console.log(`${email} exists already, with the role ${known.role}.`);
} else {
  const password = randomBytes(15).toString("base64url");
  const auth = createAuth(db, environment);
  const { user: made } = await auth.api.signUpEmail({ body: { name: "Admin", email, password } });
  await db.update(user).set({ role: "admin" }).where(eq(user.id, made.id));
  await db.insert(note).values(["Read AGENTS.md", "Invite a friend"].map((text) => ({ userId: made.id, text })));
  console.log(`Created the administrator ${email}. The password is shown only once:\n\n  ${password}\n`);
}
await close();
