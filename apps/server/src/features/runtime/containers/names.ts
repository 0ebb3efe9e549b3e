import { createHash } from "node:crypto";

/** The service key of a display name (accounts-projects 4.2, name rule). Empty when nothing usable is left; the caller refuses that. */
export function serviceKey(name: string): string {
  const folded = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return folded
    .replace(/[ _.]/g, "-")
    .replace(/[^a-z0-9-]/g, "")
    .replace(/-+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 63)
    .replace(/-$/, "");
}

/**
 * The label under PREVIEW_DOMAIN (accounts-projects 0.10): at most 63 characters, a longer one is cut to 58 and gets four of a hash.
 * `attempt` > 0 gives another label for the same pair, for the rare one that is taken.
 */
export function hostLabel(projectSlug: string, key: string, attempt = 0): string {
  const label = `${projectSlug}-${key}`;
  if (label.length <= 63 && attempt === 0) return label;
  const hash = createHash("sha256")
    .update(attempt === 0 ? label : `${label}#${attempt}`)
    .digest("hex")
    .slice(0, 4);
  return `${label.slice(0, 58)}-${hash}`;
}

/** The first of `key`, `key-2`, `key-3`… that is not taken, with its number. Stays within 63 characters. */
export function freeKey(key: string, taken: ReadonlySet<string>): { key: string; number: number } {
  if (!taken.has(key)) return { key, number: 1 };
  for (let number = 2; ; number++) {
    const candidate = `${key.slice(0, 62 - String(number).length)}-${number}`;
    if (!taken.has(candidate)) return { key: candidate, number };
  }
}

/** The first port from `wanted` upwards that no other container of the project listens on: they share one network. */
export function freePort(wanted: number, taken: ReadonlySet<number>): number {
  for (let port = wanted; port <= 65_535; port++) if (!taken.has(port)) return port;
  for (let port = 1024; port < wanted; port++) if (!taken.has(port)) return port;
  return wanted;
}
