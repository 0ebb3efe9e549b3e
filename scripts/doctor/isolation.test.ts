import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRuntime } from "@tesslate/runtime";
import { isolationLines, type IsolationFacts } from "./isolation.ts";

const network = "Sandboxes share the host's network and reach its services and each other's ports: pasta is not installed.";
const limits = "Memory, CPU and process limits are not enforced: the server does not run as root.";
const facts: IsolationFacts = {
  warnings: ["Sandboxes share one user ID: the server does not run as root.", network, limits, "Something else."],
  isRoot: false,
  hasPasta: false,
  hasTun: false,
  hasCgroups2: false,
  isContainerImage: false,
};
const lineOf = (what: string, more: Partial<IsolationFacts> = {}) =>
  isolationLines({ ...facts, ...more }).find((line) => line.what === what);

test("what works is one line each", () => {
  expect(isolationLines({ ...facts, warnings: [] })).toEqual([
    { mark: "ok", what: "user IDs", detail: "every project has its own" },
    { mark: "ok", what: "networks", detail: "every project has its own, behind a packet filter" },
    { mark: "ok", what: "limits", detail: "memory, CPU and processes of every project" },
  ]);
});

test("what is missing says why, what it costs, and the command that helps on this machine", () => {
  expect(lineOf("networks")).toEqual({
    mark: "!!",
    what: "networks",
    detail: expect.stringMatching(/pasta is not installed\. Project code can use every service .* As root: apt-get install -y passt$/),
  });
  expect(lineOf("networks", { hasPasta: true })?.detail).toMatch(/As root: modprobe tun && chmod 666 \/dev\/net\/tun$/);
  expect(lineOf("networks", { hasPasta: true, hasTun: true })?.detail).toMatch(/As root: apt-get install -y iproute2 nftables$/);
  expect(lineOf("networks", { isRoot: true })?.detail).toMatch(/Run: apt-get install -y iproute2 nftables$/);
  expect(lineOf("limits")?.detail).toMatch(/Run the server as root$/);
  expect(lineOf("limits", { hasCgroups2: true })?.detail).toMatch(/service install --user --start$/);
  expect(lineOf("user IDs")?.detail).toMatch(/run as root\. A program that escapes .* Run the server as root/);
  expect(isolationLines(facts).at(-1)).toEqual({ mark: "!!", what: "project code", detail: "Something else." });
});

test("every warning of the sandbox driver about a missing part is recognized", async ({ skip }) => {
  const dataDir = mkdtempSync(join(tmpdir(), "doctor-"));
  try {
    const programs = { versions: {} } as never;
    const runtime = await createRuntime({
      driver: "sandbox",
      dataDir,
      machine: { programs, sandbox: { networkReason: "no cables" } },
    }).catch(() => undefined);
    if (!runtime) return skip("the sandbox driver does not work here");
    const { warnings } = runtime;
    await runtime.close();
    expect(isolationLines({ ...facts, warnings }).find(({ what }) => what === "networks")).toMatchObject({
      mark: "!!",
      detail: expect.stringContaining("no cables"),
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test("in the container image, options of the container are what helps", () => {
  for (const what of ["user IDs", "networks", "limits"]) {
    const { detail } = lineOf(what, { isContainerImage: true }) ?? {};
    expect(detail).toContain("start the container with the options for full isolation (docs/operations/docker-image.md#how-well-");
    expect(detail).not.toMatch(/apt-get|modprobe|service install/);
  }
});
