import type { Environment } from "vitest/runtime";
import { removeTemporaryFolder } from "./temporary.ts";
import { closeWorker } from "./worker.ts";

/** Node as it is; at the end of the worker, what its tests shared is closed. */
export default {
  name: "worker",
  viteEnvironment: "ssr",
  setup: () => ({
    teardown: async () => {
      await closeWorker();
      removeTemporaryFolder();
    },
  }),
} satisfies Environment;
