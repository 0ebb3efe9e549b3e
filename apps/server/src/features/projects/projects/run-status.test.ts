import { expect, test } from "vitest";
import { runStatusOf } from "./run-status.ts";

test.each([
  ["provisioning", [], "creating"],
  ["setup_failed", [], "error"],
  ["active", ["running"], "running"],
  ["active", ["running", "frozen"], "running"],
  ["active", ["running", "failed"], "partial"],
  ["active", ["running", "stopped"], "partial"],
  ["active", ["failed", "stopped"], "error"],
  ["active", ["starting", "stopped"], "starting"],
  ["active", ["stopped"], "stopped"],
  ["stopped", [], "stopped"],
  ["starting", ["stopped"], "starting"],
  ["stopping", ["running"], "stopping"],
  ["hibernated", ["stopped"], "hibernated"],
] as const)("%s with %j is %s", (environment, containers, status) => expect(runStatusOf(environment, containers)).toBe(status));
