/** The readable part of a slug: accents folded, lowercase, runs of other characters become one dash. Empty when no letter or digit is left. */
export const slugify = (text: string, maxLength: number): string =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxLength)
    .replace(/^-+|-+$/g, "");
