import type { SearchResults } from "@tesslate/contract";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { SearchStore } from "./search.store.ts";

const maxWords = 6;
const perMinute = 300;
const defaultLimit = 6;

export type Search = ReturnType<typeof createSearch>;
/** One search over what a person may open. */
export function createSearch({ store, limits }: { store: SearchStore; limits: RateLimiter }) {
  return {
    find: async (
      viewer: { id: string; is_superuser: boolean },
      { q, limit = defaultLimit }: { q: string; limit?: number },
    ): Promise<SearchResults> => {
      await limits.count({ key: `search:${viewer.id}`, max: perMinute, windowSeconds: 60 });
      const text = q.normalize("NFKC").trim().toLowerCase().replace(/\s+/g, " ");
      const hits = await store.find({
        viewerId: viewer.id,
        findsPeople: viewer.is_superuser,
        text,
        words: text.split(" ").slice(0, maxWords),
        limit,
      });
      return {
        projects: hits.project.map(({ id, title, slug }) => ({ id, name: title, slug })),
        chats: hits.chat.map(({ id, title, detail, slug }) => ({ id, title, project_name: detail ?? "", project_slug: slug })),
        agents: hits.agent.map(itemOf),
        templates: hits.template.map(itemOf),
        people: hits.person.map(({ id, title, slug, detail, avatar_url }) => ({
          id,
          name: title,
          username: slug,
          email: detail ?? "",
          avatar_url,
        })),
      };
    },
  };
}

const itemOf = ({
  id,
  title,
  slug,
  is_own,
  in_library,
}: {
  id: string;
  title: string;
  slug: string;
  is_own: boolean;
  in_library: boolean;
}) => ({
  id,
  name: title,
  slug,
  is_own,
  in_library,
});
