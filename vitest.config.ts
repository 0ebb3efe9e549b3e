import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import LongestFirst from "./scripts/test/vitest-order.ts";

const never = ["**/node_modules/**", "**/dist/**", "**/.worktrees/**"];
const hard = "**/*.hard.test.ts";
const project = (name: string, include: string | string[], more: object = {}) => ({
  test: {
    name,
    include: [include].flat(),
    exclude: [...never, hard],
    testTimeout: 30_000,
    // The files of a worker share its modules, which hold no state: loading the server again for each would be a good part of the work.
    isolate: false,
    setupFiles: [join(import.meta.dirname, "scripts/wait-for-timeout.ts")],
    expect: { poll: { timeout: 15_000, interval: 20 } },
    ...more,
  },
});

const machine = "packages/runtime/src/machine.setup.ts";
const server = {
  globalSetup: [machine, "apps/server/src/testing/postgres.ts"],
  hookTimeout: 60_000,
  environment: join(import.meta.dirname, "apps/server/src/testing/worker-environment.ts"),
};
/** Suites that start programs, in processes of their own, on a machine that was looked at once. */
const patiently = { testTimeout: 60_000, hookTimeout: 60_000, isolate: true, globalSetup: machine };

/** Tests stand beside the code. `npx vitest run packages/agent`, `npx vitest run --project server`. `*.hard.test.ts` belong to `./studio test --hard`. */
export default defineConfig({
  test: {
    // Vitest would leave one core to itself; its own process has little to do.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // A worker closes what its tests shared: servers, databases, sandboxes.
    teardownTimeout: 60_000,
    projects: [
      project("repo", "scripts/**/*.test.ts"),
      project("contract", ["packages/contract/src/**/*.test.ts", "packages/client/src/**/*.test.ts"]),
      project("agent", "packages/agent/src/**/*.test.ts"),
      // What these start belongs to the process that started it, so each file has its own.
      project("runtime", "packages/runtime/src/**/*.test.ts", patiently),
      // kill -9, escapes, Docker engines: minutes.
      project("runtime-hard", `packages/runtime/src/${hard}`, { ...patiently, exclude: never }),
      project("testkit", "packages/testkit/src/**/*.test.ts"),
      project("testkit-hard", `packages/testkit/src/${hard}`, { ...patiently, exclude: never }),
      project("web", "apps/web/src/**/*.test.ts"),
      // What a person sees of a component, in a document of jsdom.
      {
        ...project("components", "apps/web/src/**/*.test.tsx", {
          environment: "jsdom",
          setupFiles: [join(import.meta.dirname, "scripts/wait-for-timeout.ts"), join(import.meta.dirname, "apps/web/src/testing/browser-gaps.ts")],
        }),
      },
      project("server", "apps/server/src/**/*.test.ts", server),
      // Minutes of crashes, engines and matrices: `./studio test --hard`.
      project("server-hard", "apps/server/src/**/*.hard.test.ts", { ...server, exclude: never, testTimeout: 120_000 }),
    ],
  },
});
