/** What pages, feed and metadata say about the site. */
export const site = {
  title: "New site",
  description: "A site with pages and a blog.",
  language: "en",
} as const;

/** Links of the header. */
export const navigation = [
  { href: "/", label: "Home" },
  { href: "/blog", label: "Blog" },
] as const;
