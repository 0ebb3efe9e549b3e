import { RuntimeError } from "../errors.ts";
import type { History } from "./types.ts";

/** For drivers whose trees are not folders on this host. */
export function noHistory(): History {
  const refuse = async (): Promise<never> => {
    throw new RuntimeError("not_supported", "This driver does not support snapshots.");
  };
  return {
    capture: refuse,
    find: refuse,
    names: refuse,
    remove: refuse,
    restore: refuse,
    compare: refuse,
    // eslint-disable-next-line require-yield
    async *read() {
      await refuse();
    },
    attachment: refuse,
    exportPoint: refuse,
    importPoint: refuse,
    tidy: refuse,
  };
}
