import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crowd, type CrowdUser } from "../../../testing/crowd.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

/** `./studio fuzz --only crowds --people 200` runs it with more. */
const size = Number(process.env["CROWD_PEOPLE"] ?? 60);
let app: TestApp;
let creator: TestUser;
let people: CrowdUser[];
beforeAll(async () => {
  // Counts what all users did to an item of the store.
  app = await testApp({ ownServer: true });
  creator = await app.signUp({ name: "Maker" });
  people = await crowd(app, size);
}, 60_000);
afterAll(() => app?.close());

const agents = (user: Pick<TestUser, "token">) => app.as(user).marketplaceAgents;
const one = async <T>(query: ReturnType<typeof sql>): Promise<T> => (await app.db.execute<Record<string, unknown>>(query)).rows[0] as T;

test("many users add, review and fork one agent concurrently, each twice: every count is exact and no request fails", async () => {
  const { id, slug } = await agents(creator).create({ body: { name: "Popular", description: "Popular", system_prompt: "Be popular." } });
  const params = { id };
  const bought = await Promise.all([...people, ...people].map((user) => agents(user).purchase({ params, body: {} })));
  expect(bought.every((answer) => answer.in_library)).toBe(true);
  expect(
    await one(
      sql`select downloads, (select count(*)::int from user_purchased_agents e where e.agent_id = ${id}) as entries from agents where id = ${id}`,
    ),
  ).toEqual({
    downloads: size,
    entries: size + 1,
  });

  const rate = (user: Pick<TestUser, "token">, rating: number) =>
    app.request(`/api/marketplace/agents/${slug}/reviews`, { method: "POST", user, json: { rating, comment: `${rating}` } });
  const first = await Promise.all(people.flatMap((user, i) => [rate(user, 1 + (i % 5)), rate(user, 1 + (i % 5))]));
  expect(first.map((response) => response.status).toSorted()).toEqual([...Array<number>(size).fill(200), ...Array<number>(size).fill(201)]);
  const detail = await agents(creator).get({ params: { slug } });
  expect([detail.rating, detail.reviews_count]).toEqual([3, size]);
  await Promise.all(people.filter((_, i) => i % 5 > 0).map((user) => agents(user).removeReview({ params })));
  expect(await agents(creator).get({ params: { slug } })).toMatchObject({ rating: 1, reviews_count: size / 5 });

  const forks = await Promise.all([...people, ...people].map((user) => agents(user).fork({ params, body: {} })));
  expect(new Set(forks.map((fork) => fork.slug)).size).toBe(2 * size);
  expect(forks.every((fork) => fork.is_owner && fork.parent_agent_id === id)).toBe(true);
  const before = await Promise.all(
    people.slice(0, 20).map(() => agents(creator).create({ body: { name: "Twin", description: "Twin", system_prompt: "Twin." } })),
  );
  expect(new Set(before.map((twin) => twin.slug)).size).toBe(20);

  // Three concurrent changes copy it once.
  const changed = await Promise.all(
    people.slice(0, 10).flatMap((user) =>
      ["a", "b", "c"].map((name) =>
        agents(user)
          .update({ params, body: { name } })
          .then(
            () => 200,
            (error: { code: string }) => error.code,
          ),
      ),
    ),
  );
  expect(changed.toSorted()).toEqual([...Array<number>(10).fill(200), ...Array<string>(20).fill("not_in_library")].toSorted());

  // Its creator deletes it while users are adding it: each of them either has it or gets a 404.
  await agents(creator).update({ params, body: { is_published: false } });
  const late = await Promise.all([
    agents(creator)
      .remove({ params })
      .then(() => 204),
    ...people.map((user) =>
      agents(user)
        .purchase({ params, body: {} })
        .then(
          () => 200,
          (error: { status: number }) => error.status,
        ),
    ),
  ]);
  expect(late.filter((status) => ![200, 204, 404].includes(status))).toEqual([]);
  expect(await one(sql`select count(*)::int as n from agents where parent_agent_id = ${id}`)).toEqual({ n: 0 });
  expect(await one(sql`select count(*)::int as n from agents where name = 'Popular (My Fork)'`)).toEqual({ n: 2 * size });
}, 60_000);

test("many users add and review one base concurrently", async () => {
  const base = "clap";
  await Promise.all([...people, ...people].map((user) => app.as(user).marketplaceBases.purchase({ params: { id: base }, body: {} })));
  await Promise.all(
    people.map((user, i) => app.as(user).marketplaceBases.review({ params: { id: base }, body: { rating: i % 2 ? 4 : 5 } })),
  );
  expect(await app.as(creator).marketplaceBases.get({ params: { slug: base } })).toMatchObject({
    downloads: size,
    rating: 4.5,
    reviews_count: size,
  });
});

test("pages of hundreds of matches are parts of one order, names first; counts follow each change at once", async () => {
  await app.db.execute(sql`
    insert into agents (slug, name, description, category, system_prompt, downloads, is_featured, forked_by_user_id, created_by_user_id)
    select 'quokka-' || i, (array['Quokka', 'Quokka ' || i, 'The quokka ' || i, 'Wombat ' || i, 'Wombat ' || i])[1 + i % 5], 'Friend of each quokka',
      case when i % 3 = 0 then 'data' else 'backend' end, 'x', i % 7, i % 11 = 0, ${creator.id}, ${creator.id} from generate_series(1, 700) i`);
  const browse = (query: object) => agents(creator).list({ query: { search: "quokka", ...query } });
  const expected = async (category: string) =>
    (
      await app.db.execute<{ slug: string }>(sql`
        select slug from agents where slug like 'quokka-%' and category like ${category} order by
          case when name = 'Quokka' then 0 when name like 'Quokka%' then 1 when name like '%quokka%' then 2 else 3 end, is_featured desc, downloads desc, id`)
    ).rows.map(({ slug }) => slug);
  for (const category of [undefined, "backend"]) {
    const pages: string[] = [];
    for (let page = 1; page <= 8; page++)
      pages.push(...(await browse({ page, limit: 97, ...(category && { category }) })).items.map(({ slug }) => slug));
    expect(pages).toEqual(await expected(category ?? "%"));
  }

  const counted = async () => {
    const { total, facets } = await browse({ limit: 1 });
    return [total, facets.category];
  };
  expect(await counted()).toEqual([700, [{ value: "backend", count: 467 }, { value: "data", count: 233 }]]); // prettier-ignore
  const { id } = await agents(creator).create({ body: { name: "New", description: "A quokka", system_prompt: "x", category: "data" } });
  expect(await counted()).toEqual([701, [{ value: "backend", count: 467 }, { value: "data", count: 234 }]]); // prettier-ignore
  await agents(creator).update({ params: { id }, body: { category: "backend" } });
  expect(await counted()).toEqual([701, [{ value: "backend", count: 468 }, { value: "data", count: 233 }]]); // prettier-ignore
  await agents(creator).update({ params: { id }, body: { is_published: false } });
  expect((await counted())[0]).toBe(700);
  await app.db.execute(sql`delete from agents where slug like 'quokka-%'`);
  expect(await counted()).toEqual([0, []]);
});
