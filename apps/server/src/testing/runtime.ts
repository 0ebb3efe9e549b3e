import { RuntimeError, type RuntimeDriver } from "@tesslate/runtime";

/** A machine that can run nothing: for features that never ask it to. */
export const noRuntime = (): RuntimeDriver => {
  const refuse = async (): Promise<never> => {
    throw new RuntimeError("unavailable", "This test runs without a runtime.");
  };
  return {
    name: "memory",
    isolation: "none",
    warnings: [],
    can: { pty: false, freeze: false, limits: false, privateNetwork: false, images: false, history: false },
    prepare: refuse,
    has: async () => false,
    open: refuse,
    find: async () => undefined,
    list: async () => [],
    remove: async () => undefined,
    histories: async () => [],
    removeHistory: async () => undefined,
    close: async () => undefined,
  };
};
