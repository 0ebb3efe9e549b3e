import { slugify } from "../../../platform/slug.ts";
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
/** Slug of a name; `fallback` alone or as a suffix when the name has no usable character or is not allowed. */
export function slugOf(name: string, fallback: string): string {
  const slug = slugify(name, 60);
  return slug === "" ? fallback : reserved.has(slug) || isId(slug) ? `${slug}-${fallback}` : slug;
}
