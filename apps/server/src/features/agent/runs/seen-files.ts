import type { SeenFiles } from "@tesslate/agent";

/** The files seen longest ago are forgotten first: forgetting costs the agent one more look. */
const maxSeen = 500;

/**
 * What the agent saw in the earlier runs of a chat, and what it sees in this one: enough to tell that somebody else changed a file since. To replace
 * a whole file the agent reads it again in each run, because what it read before is no longer in the conversation.
 */
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
