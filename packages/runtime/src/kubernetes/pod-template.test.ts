import { expect, test } from "vitest";
import { defaultSandboxLimits } from "../host/driver.ts";
import type { KubernetesOptions } from "./options.ts";
import { podTemplate } from "./pod-template.ts";
import { replacing } from "./workloads.ts";

const made = (more: Partial<KubernetesOptions> = {}) =>
  podTemplate(
    {
      namespace: "projects",
      image: "images.lan/studio:1",
      volumeBytes: 2 ** 30,
      requests: { cpus: 0.1, memoryBytes: 256 * 2 ** 20 },
      suspendAfterMs: 60_000,
      allowFrom: [],
      ...more,
    },
    { name: "project-a", kind: "project", tokenHash: "hash", spec: { id: "a", limits: defaultSandboxLimits } },
  );

test("operators choose nodes, priority, labels and annotations, and change nothing else", () => {
  const nodeSelector = { pool: "projects" };
  const tolerations = [{ key: "projects", operator: "Exists", effect: "NoSchedule" }];
  const own = made();
  const { metadata, spec } = made({
    podTemplate: {
      nodeSelector,
      tolerations,
      priorityClassName: "low",
      labels: { team: "a", "studio.tesslate.com/network": "all", "app.kubernetes.io/managed-by": "me" },
      annotations: { "example.com/cost": "42", "studio.tesslate.com/token-hash": "mine" },
    },
  });
  expect(metadata.labels).toEqual({ ...own.metadata.labels, team: "a" });
  expect(metadata.annotations).toEqual({ ...own.metadata.annotations, "example.com/cost": "42" });
  expect(spec).toEqual({ ...own.spec, nodeSelector, tolerations, priorityClassName: "low" });
});

test("a pod reserves little and has the limits of its project", () => {
  expect(made().spec.containers[0]?.resources).toEqual({
    requests: { cpu: "0.1", memory: "256Mi", "ephemeral-storage": "256Mi" },
    limits: { cpu: "2", memory: "1024Mi", "ephemeral-storage": "2048Mi" },
  });
});

test("a changed template replaces the one of a Sandbox", () => {
  const before = made({ podTemplate: { nodeSelector: { pool: "a", zone: "b" }, labels: { team: "a" }, priorityClassName: "low" } });
  const patch = replacing(before, made({ podTemplate: { nodeSelector: { pool: "c" } } }));
  expect(patch).toMatchObject({
    metadata: { labels: { team: null, "studio.tesslate.com/network": "internet" } },
    spec: { nodeSelector: { pool: "c", zone: null }, priorityClassName: null },
  });
});
