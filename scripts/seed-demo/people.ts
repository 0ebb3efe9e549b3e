import { people as contents, type PersonContent } from "./content.ts";
import { createRandom, demoId } from "./random.ts";
import { dayMs, hourMs, iso, type Rows } from "./rows.ts";

/** Emails of the demo data end in this: it belongs to nobody (RFC 2606). */
export const emailDomain = "demo.example";
export interface Person extends PersonContent {
  id: string;
  email: string;
  referralCode: string;
  joined: number;
  lastActive: number;
}

/** Thirty people who signed up in the 120 days before `now`. */
export function createPeople(now: number): Person[] {
  const random = createRandom("people");
  return contents.map((content, index) => {
    const isEarly = content.state === "admin" || content.activity > 5;
    const joined =
      now - (isEarly ? random.between(105, 119) : Math.round(104 * (1 - index / contents.length) + random.between(1, 9))) * dayMs;
    const idle = content.activity > 4 ? random.between(0, 20) : random.between(2, content.activity > 1 ? 200 : 500);
    return {
      ...content,
      id: demoId("user", content.username),
      email: `${content.username}@${emailDomain}`,
      referralCode: `DEMO${String(index + 1).padStart(4, "0")}`,
      joined,
      lastActive: Math.max(joined, now - idle * hourMs),
    };
  });
}

export function addPeople(
  rows: Rows,
  people: readonly Person[],
  { now, passwordHash, avatars }: { now: number; passwordHash: string; avatars: ReadonlyMap<string, { version: string; webp: Buffer }> },
): void {
  const admin = people[0];
  if (!admin) throw new Error("there are no people");
  for (const person of people) {
    const avatar = avatars.get(person.username);
    const { state } = person;
    const isInvited = person !== admin && createRandom(`referral ${person.username}`).chance(0.3);
    const referrer = isInvited ? people.slice(0, 6).find((other) => other !== person && other.joined < person.joined) : undefined;
    rows.users.push({
      id: person.id,
      email: person.email,
      name: person.name,
      username: person.username,
      slug: person.username,
      hashed_password: passwordHash,
      is_superuser: state === "admin",
      is_verified: state !== "unverified",
      subscription_tier: person.tier,
      support_tier: person.tier === "free" ? "community" : person.tier === "basic" ? "email" : "priority",
      bundled_credits: { free: 0, basic: 310, pro: 1240, ultra: 5800 }[person.tier],
      allowance_given: { free: 0, basic: 500, pro: 2000, ultra: 8000 }[person.tier],
      daily_credits: person.tier === "free" ? 5 : 0,
      daily_credits_reset_at: iso(now),
      credits_reset_at: person.tier === "free" ? null : iso(now + 12 * dayMs),
      referral_code: person.referralCode,
      referred_by: referrer?.referralCode ?? null,
      bio: person.bio ?? null,
      github_username: person.activity > 5 ? person.username : null,
      last_active_at: state === "unverified" ? null : iso(person.lastActive),
      created_at: iso(person.joined),
      updated_at: iso(person.joined),
      ...(avatar && { avatar_url: `/api/users/${person.id}/avatar/${avatar.version}` }),
      ...(state === "suspended" && {
        is_suspended: true,
        suspended_at: iso(now - 2 * dayMs),
        suspended_reason: "611 runs in a day from nine sessions, on the free plan",
        suspended_by_id: admin.id,
      }),
      ...(state === "deleted" && {
        is_deleted: true,
        is_active: false,
        deleted_at: iso(now - 3 * dayMs),
        deleted_by_id: person.id,
        scheduled_hard_delete_at: iso(now + 27 * dayMs),
      }),
    });
    if (avatar)
      rows.userAvatars.push({
        user_id: person.id,
        version: avatar.version,
        webp_base64: avatar.webp.toString("base64"),
        created_at: iso(person.joined),
      });
    if (referrer) rows.referralConversions.push({ user_id: person.id, referred_by: referrer.referralCode, created_at: iso(person.joined) });
  }
  const random = createRandom("landings");
  for (let n = 0; n < 64; n++)
    rows.referralLandings.push({
      id: demoId("landing", n),
      referred_by: random.pick(people.slice(0, 6)).referralCode,
      ip_hash: demoId("network", random.between(1, 40)),
      user_agent: "Mozilla/5.0 (X11; Linux x86_64)",
      created_at: iso(now - random.between(0, 80) * dayMs),
    });
}
