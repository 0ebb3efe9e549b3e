import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { containsPattern } from "../../accounts/audit/index.ts";

const kinds = ["project", "chat", "agent", "template", "person"] as const;
type Kind = (typeof kinds)[number];

/** One row of any kind. `slug` and `detail` are what its kind is opened and told apart by. */
interface Hit extends Record<string, unknown> {
  kind: Kind;
  id: string;
  title: string;
  slug: string;
  detail: string | null;
  is_own: boolean;
  in_library: boolean;
  avatar_url: string | null;
}
interface Query {
  viewerId: string;
  findsPeople: boolean;
  /** Lowercase, with single spaces. */
  text: string;
  /** Words of the text: each must occur. */
  words: string[];
  limit: number;
}

const fewLetters = 3;

export type SearchStore = ReturnType<typeof createSearchStore>;
export function createSearchStore(db: Database) {
  return {
    /**
     * One statement with one bounded part per kind. Projects and chats are read by their owner's index, agents and templates by the trigram index
     * of `search_text` where the database has one.
     */
    find: async ({ viewerId, findsPeople, text, words, limit }: Query): Promise<Record<Kind, Hit[]>> => {
      const has = (value: SQL) =>
        sql.join(
          words.map((word) => sql`${value} like ${containsPattern(word)}`),
          sql` and `,
        );
      const literal = containsPattern(text).slice(1, -1);
      // A few letters occur in almost every description.
      const searched = (item: SQL) => (text.length < fewLetters ? sql`${item}.search_name` : sql`${item}.search_text`);
      /** 0: the name itself, 1: its start, 2: the start of one of its words, 3: within it, 4: elsewhere. */
      const rank = (name: SQL) =>
        sql`case when ${name} = ${text} then 0 when ${name} like ${`${literal}%`} then 1 when ${name} like ${`% ${literal}%`} then 2 when ${name} like ${`%${literal}%`} then 3 else 4 end`;
      const part = (kind: Kind, columns: SQL, from: SQL, order: SQL) =>
        sql`(select ${kind}::text as kind, ${columns} from ${from} order by ${order} limit ${limit})`;
      const none = sql`false as is_own, false as in_library, null::text as avatar_url`;

      const parts = [
        part(
          "project",
          sql`p.id, p.name as title, p.slug, null::text as detail, ${none}`,
          sql`projects p where p.owner_id = ${viewerId} and p.branch_of is null and p.environment_status <> 'deleting' and ${has(sql`(lower(p.name) || ' ' || p.slug)`)}`,
          sql`${rank(sql`lower(p.name)`)}, p.updated_at desc, p.id`,
        ),
        part(
          "chat",
          sql`c.id, c.title, p.slug, p.name, ${none}`,
          sql`chats c join projects p on p.id = c.project_id where c.user_id = ${viewerId} and p.owner_id = ${viewerId} and p.branch_of is null
            and p.environment_status <> 'deleting' and c.title is not null and ${has(sql`lower(c.title)`)}`,
          sql`${rank(sql`lower(c.title)`)}, c.updated_at desc, c.id`,
        ),
        part(
          "agent",
          sql`a.id, a.name, a.slug, null, a.forked_by_user_id is not distinct from ${viewerId}, e.user_id is not null, null`,
          sql`agents a left join user_purchased_agents e on e.agent_id = a.id and e.user_id = ${viewerId} and e.removed_at is null
            where a.item_type = 'agent' and (a.forked_by_user_id = ${viewerId} or a.is_active and (a.forked_by_user_id is null or a.is_published or e.user_id is not null))
            and ${has(searched(sql`a`))}`,
          sql`${rank(sql`lower(a.name)`)}, (a.forked_by_user_id is not distinct from ${viewerId} or e.user_id is not null) desc, a.downloads desc, a.id`,
        ),
        part(
          "template",
          sql`b.id, b.name, b.slug, null, b.created_by_user_id is not distinct from ${viewerId}, e.user_id is not null, null`,
          sql`bases b left join user_purchased_bases e on e.base_id = b.id and e.user_id = ${viewerId} and e.removed_at is null
            where b.is_active and (b.visibility = 'public' or b.created_by_user_id = ${viewerId}) and ${has(searched(sql`b`))}`,
          sql`${rank(sql`lower(b.name)`)}, (b.created_by_user_id is not distinct from ${viewerId} or e.user_id is not null) desc, b.downloads desc, b.id`,
        ),
        ...(findsPeople
          ? [
              part(
                "person",
                // Inline data URIs can be half a megabyte: too large for lists.
                sql`u.id, u.name, u.username, u.email, false, false, case when length(u.avatar_url) <= 8192 then u.avatar_url end`,
                sql`users u where not u.is_system and not u.is_deleted and ${has(sql`lower(u.name || ' ' || u.username || ' ' || u.email)`)}`,
                sql`${rank(sql`lower(u.name)`)}, u.last_active_at desc nulls last, u.id`,
              ),
            ]
          : []),
      ];
      const { rows } = await db.execute<Hit>(sql.join(parts, sql` union all `));
      return Object.fromEntries(kinds.map((kind) => [kind, rows.filter((row) => row.kind === kind)])) as Record<Kind, Hit[]>;
    },
  };
}
