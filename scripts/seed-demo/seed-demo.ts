import type { Config } from "../../apps/server/src/config.ts";
import type { Database } from "../../apps/server/src/platform/database.ts";
import type { CryptoBox } from "../../apps/server/src/platform/crypto.ts";
import { createPasswords } from "../../apps/server/src/features/accounts/users/index.ts";
import { drawAvatars } from "./avatars.ts";
import { addFeedback, addStore } from "./community.ts";
import { projects as projectContents } from "./content.ts";
import { addMoney } from "./money.ts";
import { addAudit, addDays, addEmails, addTasks } from "./operations.ts";
import { addPeople, createPeople, emailDomain, type Person } from "./people.ts";
import { emptyRows, iso, type Rows } from "./rows.ts";
import { createSeedStore } from "./seed.store.ts";
import { createServedProjects, signIn } from "./served-projects.ts";
import { addChats, addDeployments, addPlanning, addProjects, createProjects } from "./work.ts";

/** The store has at least this many after seeding. */
const listed = { agents: 40, bases: 72 };
const defaultAgentSlug = "tesslate-agent";

export class SeedRefused extends Error {}
export interface Seeded {
  people: readonly Person[];
  /** Rows of this run's plan; those that existed were left as they were. */
  counts: Record<keyof Rows, number>;
  /** Projects with files; none if no server was running. */
  served: number;
}

/**
 * Fills an installation with demo data. Repeating it adds nothing. Throws `SeedRefused` when the installation has accounts of real people, unless
 * `isForced`. The server may be running; then the first projects get files.
 */
export async function seedDemo({
  db,
  config,
  box,
  password,
  isForced,
  baseUrl,
  now = Date.now(),
}: {
  db: Database;
  config: Config;
  box: CryptoBox;
  /** Of every account of the demo data. */
  password: string;
  isForced: boolean;
  /** Where the server of this installation answers if it runs. */
  baseUrl: string;
  now?: number;
}): Promise<Seeded> {
  const store = createSeedStore(db);
  const real = await store.countRealPeople(emailDomain);
  if (real > 0 && !isForced)
    throw new SeedRefused(
      `This installation has ${real} ${real === 1 ? "account" : "accounts"} of people. Demo data belongs on a server of its own; add it anyway with --force.`,
    );
  const defaultAgentId = await store.findAgentId(defaultAgentSlug);
  if (defaultAgentId === undefined) throw new SeedRefused("Start the server once before you add demo data: it creates the store.");

  const known = await store.findSeeding();
  const present = await store.countListed();
  const missing = { agents: listed.agents - present.agents, bases: listed.bases - present.bases };
  const seeding = known ?? { now, missing, served: [], isComplete: false };
  const people = createPeople(seeding.now);
  const withAvatar = people.filter((_, index) => index % 6 !== 3).map(({ username }) => username);
  const avatars = known?.isComplete ? new Map<string, never>() : await drawAvatars(withAvatar);
  const passwordHash = await createPasswords(config.auth.passwordCost).hash(password);
  const rows = emptyRows();
  addPeople(rows, people, { now: seeding.now, passwordHash, avatars });

  // People first, so that the server can create projects of them; the rest follows in one transaction.
  await store.transaction(async (tx) => {
    await store.keepSeeding(tx, seeding);
    await store.insert(tx, "users", { ...rows, users: rows.users.map((user) => ({ ...user, referred_by: null })) });
  });
  await store.setPassword(
    people.map(({ id }) => id),
    passwordHash,
  );
  const [admin] = people;
  const client = admin && !seeding.isComplete && (await signIn(baseUrl, { email: admin.email, password }));
  const served = client ? await createServedProjects(client) : seeding.served;

  const projects = createProjects(people, seeding.now, served);
  addProjects(rows, projects, served.length);
  const runs = addChats(rows, projects, seeding.now);
  addPlanning(rows, projects, people);
  addDeployments(rows, projects, served.length);
  const sold = addStore(rows, { people, now: seeding.now, missing: seeding.missing, defaultAgentId });
  addMoney(rows, {
    people,
    sold,
    runs,
    now: seeding.now,
    creatorSharePercent: config.billing.terms.creatorSharePercent,
    monthlyCents: config.billing.tierPrices,
  });
  addFeedback(rows, people, seeding.now);
  addAudit(rows, people, projects, seeding.now);
  addEmails(rows, people, box, seeding.now);
  addTasks(rows, projects, seeding.now);
  addDays(rows, runs, seeding.now);
  await store.transaction(async (tx) => {
    await store.insertAll(tx, rows);
    if (seeding.isComplete) return;
    await store.completePeople(tx, rows.users);
    for (const [index, { id, created, updated }] of projects.slice(0, served.length).entries())
      await store.backdate(tx, {
        id,
        description: projectContents[index]?.description ?? null,
        created_at: iso(created),
        updated_at: iso(updated),
      });
    await store.insertJobs(tx, 4);
    await store.keepSeeding(tx, { ...seeding, served, isComplete: true });
  });
  const counts = Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, list.length])) as Seeded["counts"];
  return { people, counts, served: served.length };
}
