import { getCollection, type CollectionEntry } from "astro:content";

/** All posts, newest first; drafts only during development. */
export async function listPosts(): Promise<CollectionEntry<"posts">[]> {
  const posts = await getCollection("posts", ({ data }) => import.meta.env.DEV || !data.isDraft);
  return posts.toSorted((a, b) => b.data.published.getTime() - a.data.published.getTime());
}
