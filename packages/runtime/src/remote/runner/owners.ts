import { RuntimeError } from "../../errors.ts";
import type { RuntimeDriver, Sandbox, SandboxSpec } from "../../types.ts";

/** Finds the sandbox of a call. Throws `not_found`, and `unavailable` when another server took it over. */
export type UseSandbox = (target: { id: string; epoch?: number | undefined }) => Promise<Sandbox>;

/** The sandboxes that were opened, and the epoch of the server that owns each. */
export interface Owners {
  /** `takesOver`: the client that becomes the only owner. It remains that if it opens the sandbox again. */
  open(spec: SandboxSpec, takesOver: string | undefined): Promise<{ epoch: number }>;
  find(id: string): Promise<{ epoch: number } | undefined>;
  use: UseSandbox;
  remove(id: string): Promise<void>;
}

export function createOwners(driver: RuntimeDriver): Owners {
  const sandboxes = new Map<string, Sandbox>();
  /** Of sandboxes that a server took over. It only grows; kept in memory. */
  const epochs = new Map<string, { epoch: number; client: string }>();
  const epochOf = (id: string) => epochs.get(id)?.epoch ?? 0;

  async function find(id: string): Promise<Sandbox | undefined> {
    const known = sandboxes.get(id);
    if (known) return known;
    const found = await driver.find(id);
    if (found) sandboxes.set(id, found);
    return found;
  }

  return {
    async open(spec, takesOver) {
      const sandbox = await driver.open(spec);
      sandboxes.set(spec.id, sandbox);
      if (takesOver !== undefined && epochs.get(spec.id)?.client !== takesOver)
        epochs.set(spec.id, { epoch: Math.max(Date.now(), epochOf(spec.id) + 1), client: takesOver });
      return { epoch: epochOf(spec.id) };
    },
    find: async (id) => ((await find(id)) ? { epoch: epochOf(id) } : undefined),
    async use({ id, epoch }) {
      if (epoch !== undefined && epoch < epochOf(id))
        throw new RuntimeError("unavailable", "Another server took over this project.", { details: { epoch: epochOf(id) } });
      const sandbox = await find(id);
      if (!sandbox) throw new RuntimeError("not_found", `There is no sandbox ${id} on the runner.`);
      return sandbox;
    },
    async remove(id) {
      sandboxes.delete(id);
      await driver.remove(id);
      sandboxes.delete(id);
    },
  };
}
