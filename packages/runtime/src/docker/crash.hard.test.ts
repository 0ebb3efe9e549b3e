import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import Docker from "dockerode";
import { afterAll, expect, inject } from "vitest";
import { describeCrashes } from "../crashes.ts";

const engine = await startDockerEngine();
afterAll(async () => {
  if (engine.reason !== undefined) return;
  const docker = new Docker({ socketPath: engine.host.slice("unix://".length) });
  const left = { containers: await docker.listContainers({ all: true }), networks: await docker.listNetworks() };
  await engine.close();
  expect(left.containers.map(({ Names }) => Names)).toEqual([]);
  expect(left.networks.filter(({ Name }) => Name.startsWith("tesslate-"))).toEqual([]);
});
describeCrashes(
  { driver: "docker", docker: { host: engine.host }, machine: inject("machine") },
  // `./studio crash` runs all of it.
  { skip: engine.reason, extent: process.env["SOAK"] === undefined ? "short" : "all" },
);
