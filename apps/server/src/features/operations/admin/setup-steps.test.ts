import { expect, test } from "vitest";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createSetupSteps } from "./setup-steps.ts";

/** The steps of a server that nothing is set up on. */
async function stepsOf({ driver = "sandbox", isSetByChart = false }: { driver?: "sandbox" | "kubernetes"; isSetByChart?: boolean }) {
  const { steps } = await createSetupSteps({
    address: { appBaseUrl: "http://localhost:8000", isPrivate: !isSetByChart, isLoopbackOnly: !isSetByChart, trustsProxy: isSetByChart },
    mail: { isOn: false },
    runtime: { name: driver, isolation: "full", warnings: [] },
    dataDir: temporaryFolder("setup"),
    backups: { schedule: "30 2 * * *" },
    models: async () => [],
    signUp: { summary: "Anyone can sign up.", problem: undefined },
    browserState: async () => undefined,
    builtAt: async () => undefined,
    version: "1.0.0",
  }).get();
  return Object.fromEntries(steps.map((step) => [step.id, step]));
}

test("the address needs a preview domain on another site, and what listens on this machine alone a host", async () => {
  expect((await stepsOf({}))["address"]).toMatchObject({
    is_done: false,
    advice: expect.not.stringContaining("Helm"),
    snippet: "HOST=0.0.0.0\nAPP_BASE_URL=https://studio.example.com\nPREVIEW_DOMAIN=preview.example.net\nTRUST_PROXY=true",
  });
});

test("in a cluster nothing is advised that the Helm chart sets or that a pod does not have", async () => {
  const { address, backup } = await stepsOf({ driver: "kubernetes", isSetByChart: true });
  expect(address).toMatchObject({
    is_done: false,
    advice: expect.stringContaining("url and previewDomain"),
    snippet: "APP_BASE_URL=https://studio.example.com\nPREVIEW_DOMAIN=preview.example.net",
  });
  expect(backup?.snippet).toContain("BACKUP_TARGET=s3://");
});
