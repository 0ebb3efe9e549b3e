import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { helpPages } from "./apps/web/build/help-pages.ts";
import LongestFirst from "./scripts/test/vitest-order.ts";

const never = ["**/node_modules/**", "**/dist/**", "**/.worktrees/**"];
const hard = "**/*.hard.test.ts";
const kubernetes = "**/*.kubernetes.test.ts";
const project = (name: string, include: string | string[], more: object = {}) => ({
  test: {
    name,
    include: [include].flat(),
    exclude: [...never, hard, kubernetes],
    testTimeout: 60_000,
    // The files of a worker share its modules, which have no state, because loading the server for each file would take a large part of the time.
    isolate: false,
    setupFiles: [join(import.meta.dirname, "scripts/wait-for-timeout.ts")],
    expect: { poll: { timeout: 30_000, interval: 20 } },
    ...more,
  },
});

const machine = "packages/runtime/src/machine.setup.ts";
const server = {
  globalSetup: [machine, "apps/server/src/testing/postgres.ts"],
  hookTimeout: 120_000,
  environment: join(import.meta.dirname, "apps/server/src/testing/worker-environment.ts"),
};
/** Suites that start programs: each file in its own process, with the machine inspected once. */
const longTimeouts = { testTimeout: 120_000, hookTimeout: 120_000, isolate: true, globalSetup: machine };

/** Tests are beside the code. `npx vitest run packages/agent`, `npx vitest run --project server`. `*.hard.test.ts` belong to `./studio test --hard`. */
export default defineConfig({
  test: {
    // Vitest would reserve one core for its own process, which does little.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // Time for a worker to close what its tests shared: servers, databases, sandboxes.
    teardownTimeout: 60_000,
    projects: [
      project("repo", "scripts/**/*.test.ts"),
      // Installs, builds and runs every bundled template.
      project("repo-hard", `scripts/${hard}`, { ...longTimeouts, exclude: never }),
      project("contract", ["packages/contract/src/**/*.test.ts", "packages/client/src/**/*.test.ts"]),
      project("agent", "packages/{agent,text-calls}/src/**/*.test.ts"),
      // Started programs belong to the process that started them, so each file has its own.
      project("runtime", "packages/runtime/src/**/*.test.ts", longTimeouts),
      // kill -9, escapes, Docker engines: minutes.
      project("runtime-hard", `packages/runtime/src/${hard}`, { ...longTimeouts, exclude: never }),
      // On a real cluster that is started for them: `./studio test --kubernetes`.
      project("runtime-kubernetes", `packages/runtime/src/${kubernetes}`, {
        ...longTimeouts,
        exclude: never,
        globalSetup: [machine, "packages/runtime/src/kubernetes/testing/cluster.setup.ts"],
        // One node carries the pods of one suite at a time.
        fileParallelism: false,
      }),
      project("testkit", "packages/testkit/src/**/*.test.ts"),
      project("testkit-hard", `packages/testkit/src/${hard}`, { ...longTimeouts, exclude: never }),
      project("evals", "evals/src/**/*.test.ts", longTimeouts),
      // Builds and runs ten apps.
      project("evals-hard", `evals/src/${hard}`, { ...longTimeouts, exclude: never }),
      project("web", "apps/web/src/**/*.test.ts", {
        setupFiles: [join(import.meta.dirname, "scripts/wait-for-timeout.ts"), join(import.meta.dirname, "apps/web/src/testing/locale.ts")],
      }),
      // Components, rendered in jsdom.
      {
        plugins: [helpPages()],
        ...project("components", "apps/web/src/**/*.test.tsx", {
          environment: "jsdom",
          setupFiles: [
            join(import.meta.dirname, "scripts/wait-for-timeout.ts"),
            join(import.meta.dirname, "apps/web/src/testing/browser-gaps.ts"),
          ],
        }),
      },
      project("server", "apps/server/src/**/*.test.ts", server),
      project("server-kubernetes", `apps/server/src/${kubernetes}`, {
        ...server,
        exclude: never,
        globalSetup: [machine, "apps/server/src/testing/postgres.ts", "packages/runtime/src/kubernetes/testing/cluster.setup.ts"],
        fileParallelism: false,
      }),
      // Crashes, engines and matrices, which take minutes: `./studio test --hard`.
      project("server-hard", "apps/server/src/**/*.hard.test.ts", { ...server, exclude: never, testTimeout: 120_000 }),
    ],
  },
});
