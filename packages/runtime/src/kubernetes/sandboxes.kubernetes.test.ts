import { afterAll } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import { openKubernetes, removeNamespaces, withoutSandboxes } from "./testing/kubernetes.fixture.ts";

describeRuntimeDriver("kubernetes with Sandbox objects", (dataDir) => openKubernetes(dataDir, { workloads: "sandboxes" }), {
  skip: withoutSandboxes(),
});
afterAll(removeNamespaces);
