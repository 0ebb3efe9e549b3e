// Not from `astro:content`, which starts with the whole renderer.
import { defineCollection } from "astro/content/config";
import { glob } from "astro/loaders";
import { z } from "astro/zod";

/** Posts of the blog: one Markdown or MDX file each. A mistake in the front matter fails the build. */
const posts = defineCollection({
  loader: glob({ pattern: "**/*.{md,mdx}", base: "./src/content/posts" }),
  schema: ({ image }) =>
    z.object({
      title: z.string().max(100),
      description: z.string().max(200),
      published: z.coerce.date(),
      tags: z.array(z.string()).default([]),
      /** Not built for production. */
      isDraft: z.boolean().default(false),
      cover: z.object({ image: image(), alt: z.string() }).optional(),
    }),
});

export const collections = { posts };
