import { api } from "../../api.ts";
import { useLatestOfStream } from "./use-latest-of-stream.ts";

const open = (signal: AbortSignal) => api.adminSandboxes.events(undefined, { signal });

/** Streams the running sandboxes. */
export function useSandboxes() {
  const { data: sandboxes, ...more } = useLatestOfStream(open);
  return { sandboxes, ...more };
}
