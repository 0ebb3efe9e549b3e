import { createHash } from "node:crypto";

/** Service key of a display name. Empty when no usable character is left; the caller rejects that. */
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
 * The label under PREVIEW_DOMAIN: at most 63 characters; a longer one is cut to 58 and gets four characters of a hash. `attempt` > 0 gives
 * another label when the first is taken.
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

/** The first free of `key`, `key-2`, `key-3`… with its number, within 63 characters. */
export function freeKey(key: string, taken: ReadonlySet<string>): { key: string; number: number } {
  if (!taken.has(key)) return { key, number: 1 };
  for (let number = 2; ; number++) {
    const candidate = `${key.slice(0, 62 - String(number).length)}-${number}`;
    if (!taken.has(candidate)) return { key: candidate, number };
  }
}

/** The first port from `wanted` upwards that no other container of the project uses: they share one network. */
export function nextFreePort(wanted: number, taken: ReadonlySet<number>): number {
  for (let port = wanted; port <= 65_535; port++) if (!taken.has(port)) return port;
  for (let port = 1024; port < wanted; port++) if (!taken.has(port)) return port;
  return wanted;
}

/** Unique key of the task that copies a container's files. */
export const setupTaskKey = (containerId: string): string => `container_initialization:${containerId}`;
