import { RuntimeError, type RuntimeDriver } from "@tesslate/runtime";

/** A runtime that cannot run anything, for tests that do not need one. */
export const noRuntime = (): RuntimeDriver => {
  const refuse = async (): Promise<never> => {
    throw new RuntimeError("unavailable", "This test runs without a runtime.");
  };
  return {
    name: "memory",
    isolation: "none",
    warnings: [],
    can: { pty: false, freeze: false, limits: false, privateNetwork: false, peers: false, images: false, history: false },
    prepare: refuse,
    findImage: async () => undefined,
    listImages: async () => [],
    removeImage: async () => undefined,
    findPrograms: async () => [],
    freePort: refuse,
    open: refuse,
    // It cannot tell whether it has files.
    find: refuse,
    list: async () => [],
    pause: async () => ({ isStill: true, wasRunning: false, resume: async () => undefined }),
    remove: async () => undefined,
    histories: async () => [],
    removeHistory: async () => undefined,
    close: async () => undefined,
  };
};
