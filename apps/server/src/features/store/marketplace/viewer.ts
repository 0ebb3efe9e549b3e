import { isUuid } from "../../../platform/uuid.ts";
/** The user viewing the marketplace; `undefined` when signed out. */
export type Viewer = { id: string; is_superuser: boolean } | undefined;

/** Agents and bases are found by UUID or slug; no slug is a UUID. */
export const isId = (ref: string): boolean => isUuid(ref);

const reserved = new Set([
  "create",
  "browse",
  "submit",
  "related",
  "reviews",
  "versions",
  "purchase",
  "fork",
  "my-items",
  "library",
  "new",
]);
/** Slug of a name: lowercase, runs of other characters become one dash. */
export function slugOf(name: string, fallback: string): string {
  const folded = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const slug = folded
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replace(/^-+|-+$/g, "");
  return slug === "" ? fallback : reserved.has(slug) || isId(slug) ? `${slug}-${fallback}` : slug;
}
