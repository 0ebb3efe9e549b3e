import { afterAll } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import { openKubernetes, removeNamespaces, unavailableHere } from "./testing/kubernetes.fixture.ts";

describeRuntimeDriver("kubernetes with plain pods", (dataDir) => openKubernetes(dataDir, { workloads: "pods" }), {
  skip: unavailableHere(),
});
afterAll(removeNamespaces);
