import { siteNameLength, siteNamePattern } from "@tesslate/contract";

const pattern = new RegExp(siteNamePattern);

/** As it is sent. */
export const cleanSiteName = (text: string): string => text.trim().toLowerCase();

/** The error for a name that no site can have; undefined for an empty one. */
export function siteNameError(text: string): string | undefined {
  const name = cleanSiteName(text);
  if (name === "") return undefined;
  if (!pattern.test(name)) return "Use letters, digits and single hyphens.";
  return name.length < siteNameLength.min ? `Use at least ${siteNameLength.min} characters.` : undefined;
}
