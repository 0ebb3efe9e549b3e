import { randomCode } from "../../../platform/crypto.ts";

/** The readable part of a slug: accents folded, only `a-z0-9-`, at most 50 characters. */
export function slugBase(name: string): string {
  const folded = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const dashed = folded
    .replace(/[^a-z0-9 -]/g, "")
    .replace(/[ -]+/g, "-")
    .replace(/^-|-$/g, "");
  return dashed.slice(0, 50).replace(/-$/, "") || "project";
}

/** A slug for `name` with a random suffix; the caller retries on the rare collision. */
export const newSlug = (name: string): string => `${slugBase(name)}-${randomCode(6)}`;
