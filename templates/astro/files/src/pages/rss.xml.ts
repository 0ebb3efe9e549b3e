import rss from "@astrojs/rss";
import type { APIContext } from "astro";
import { listPosts } from "../lib/posts";
import { site } from "../lib/site";

export async function GET(context: APIContext): Promise<Response> {
  const posts = await listPosts();
  return rss({
    title: site.title,
    description: site.description,
    site: context.site ?? context.url,
    items: posts.map(({ id, data }) => ({
      title: data.title,
      description: data.description,
      pubDate: data.published,
      categories: data.tags,
      link: `/blog/${id}`,
    })),
  });
}
