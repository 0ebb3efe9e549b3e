import type { SeenFiles } from "@tesslate/agent";

/** The files seen longest ago are forgotten first: forgetting costs the agent one more look. */
const maxSeen = 500;

/** What the agent saw in the earlier runs of a thread, and what it sees in this one. */
export function openSeenFiles(before: Readonly<Record<string, string>>): SeenFiles & { kept(): Record<string, string> } {
  const seen = new Map(Object.entries(before));
  return {
    get: (path) => seen.get(path),
    set: (path, etag) => {
      seen.delete(path);
      seen.set(path, etag);
    },
    delete: (path) => seen.delete(path),
    /** At most `maxSeen`. */
    kept: () => Object.fromEntries([...seen].slice(-maxSeen)),
  };
}
