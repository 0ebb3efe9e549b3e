import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findCgroups, ownRoot } from "./cgroups.ts";

/** A folder that imitates the kernel's: files store what is written. The escape suite tests the real one. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true }));
const limits = { memoryBytes: 2 ** 30, cpus: 1.5, pids: 100, diskBytes: 0 };
const put = (files: Record<string, string>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};
const at = (path: string) => readFileSync(join(root, path), "utf8");

test("without root, groups are created in the part of version 2 that is delegated to the user", () => {
  const ofSelf = join(root, "self");
  const service = "user.slice/user@1000.service/app.slice/studio.service";
  const at = (path: string) => {
    put({ self: `1:name=systemd:/\n0::/${path}\n` });
    return ownRoot(false, ofSelf, root);
  };
  expect(() => at(service)).toThrow("no control groups of version 2");
  put({ "cgroup.controllers": "cpu memory pids\n" });
  expect(() => at(service)).toThrow("no control groups are delegated to its user");
  put({
    [`${service}/cgroup.procs`]: "",
    [`${service}/cgroup.subtree_control`]: "",
    [`${service}/cgroup.controllers`]: "cpu memory pids\n",
  });
  expect(at(service)).toBe(join(root, service));
  // After our own processes were moved.
  expect(at(`${service}/init`)).toBe(join(root, service));
  expect(findCgroups("studio", at(service)).cgroups.kind).toBe("v2");
  expect(ownRoot(true, "/nowhere", root)).toBe(root);
});

test("v2: controllers are delegated, limits are set on the group, processes are in its leaves", () => {
  put({
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.subtree_control": "",
    "studio/p/memory.swap.max": "max",
    "studio/p/cgroup.freeze": "0",
  });
  const { cgroups } = findCgroups("studio", root);
  expect(cgroups.kind).toBe("v2");
  expect(at("cgroup.subtree_control")).toBe("+memory +pids +cpu");
  expect(at("studio/cgroup.subtree_control")).toBe("+memory +pids +cpu");
  const group = cgroups.group("p");
  group.setLimits(limits);
  expect(["memory.max", "memory.swap.max", "pids.max", "cpu.max"].map((file) => at(`studio/p/${file}`))).toEqual([
    String(2 ** 30),
    "0",
    "100",
    "150000 100000",
  ]);
  expect(at("studio/p/cpu.weight")).toBe("100");
  group.setLimits({ ...limits, cpuWeight: 1 });
  expect(at("studio/p/cpu.weight")).toBe("1");
  expect(group.leaf("s-web").joinFiles).toEqual([join(root, "studio/p/s-web/cgroup.procs")]);
  expect(group.leaves()).toEqual(["s-web"]);
  group.freeze();
  expect([at("studio/p/cgroup.freeze"), group.isFrozen()]).toEqual(["1", true]);
  group.thaw();
  expect(group.isFrozen()).toBe(false);
  put({
    "studio/p/memory.current": "5000\n",
    "studio/p/memory.stat": "anon 1\ninactive_file 1000\n",
    "studio/p/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
    "studio/p/pids.current": "3\n",
    "studio/p/memory.events": "low 0\noom 2\noom_kill 2\n",
    "studio/p/s-web/cgroup.procs": "12\n34\n",
  });
  expect(group.usage()).toEqual({ memoryBytes: 4000, cpuSeconds: 2.5, pids: 3 });
  expect(group.oomKills()).toBe(2);
  expect(group.leaf("s-web").pids()).toEqual([12, 34]);
});

test("v1 without the unified hierarchy: the freezer holds the leaves", () => {
  put(Object.fromEntries(["memory", "pids", "cpu", "cpuacct", "freezer"].map((c) => [`${c}/cgroup.procs`, ""])));
  put({ "memory/studio/p/memory.memsw.limit_in_bytes": "0" });
  const { cgroups } = findCgroups("studio", root);
  expect(cgroups.kind).toBe("v1");
  const group = cgroups.group("p");
  group.setLimits(limits);
  expect(at("memory/studio/p/memory.limit_in_bytes")).toBe(String(2 ** 30));
  expect(at("memory/studio/p/memory.memsw.limit_in_bytes")).toBe(String(2 ** 30));
  expect(at("cpu/studio/p/cpu.cfs_quota_us")).toBe("150000");
  expect(at("cpu/studio/p/cpu.shares")).toBe("1024");
  group.setLimits({ ...limits, cpuWeight: 1 });
  expect(at("cpu/studio/p/cpu.shares")).toBe("10");
  expect(group.leaf("x-1").joinFiles.map((file) => file.slice(root.length + 1))).toEqual([
    "memory/studio/p/cgroup.procs",
    "pids/studio/p/cgroup.procs",
    "cpu/studio/p/cgroup.procs",
    "cpuacct/studio/p/cgroup.procs",
    "freezer/studio/p/x-1/cgroup.procs",
  ]);
  group.freeze();
  expect(at("freezer/studio/p/freezer.state")).toBe("FROZEN");
  put({ "memory/studio/p/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n" });
  expect(group.oomKills()).toBe(1);
});

test("reports what is missing", () => {
  expect(findCgroups("studio", root).reason).toContain("no control groups are mounted");
  put({ "cgroup.controllers": "cpu io\n" });
  expect(findCgroups("studio", root)).toMatchObject({
    cgroups: { kind: "none" },
    reason: expect.stringContaining("memory, pids controller"),
  });
});
