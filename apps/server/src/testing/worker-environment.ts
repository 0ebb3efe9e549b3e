import type { Environment } from "vitest/runtime";
import { removeTemporaryFolder } from "./temporary.ts";
import { closeWorker } from "./worker.ts";

/** The Node environment; closes shared resources at the end of the worker. */
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
