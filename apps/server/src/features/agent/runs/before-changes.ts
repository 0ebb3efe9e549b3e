import type { Tool } from "@tesslate/agent";

/** Tools that call `prepare` before the first call that may change something; calls that only read do not wait for it. */
export function beforeChanges(tools: readonly Tool[], prepare: () => Promise<void>): readonly Tool[] {
  let prepared: Promise<void> | undefined;
  return tools.map((tool): Tool => ({
    ...tool,
    run: async (params, context) => {
      if ((tool.gateOf?.(params) ?? tool.gate).plan_blocked) await (prepared ??= prepare());
      return tool.run(params, context);
    },
  }));
}
