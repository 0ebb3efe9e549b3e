import { expect, test } from "vitest";
import { findMountPoint, hasCapability, isInContainer, missingFlags, mountOf, placeOutside } from "./container.ts";

const mountinfo = (...lines: string[]) => `${lines.join("\n")}\n`;
const root = "500 400 0:61 / / rw,relatime - overlay overlay rw";

test("a folder is named by the volume it is on, not by its path in the container", () => {
  const withVolume = (name: string) => mountinfo(root, `501 500 254:1 /docker/volumes/${name}/_data /data rw - ext4 /dev/vda rw`);
  expect(placeOutside("/data/runtime", withVolume("one"))).toBe("254:1 /docker/volumes/one/_data/runtime");
  expect(placeOutside("/data/runtime", withVolume("two"))).toBe("254:1 /docker/volumes/two/_data/runtime");
  expect(placeOutside("/database", withVolume("one"))).toBe("0:61 /database");
});

test("the last mount at a path covers the others, and names are unescaped", () => {
  const table = mountinfo(root, "501 500 254:1 /a /data rw - ext4 x rw", "502 501 254:2 /b\\040c /data rw - ext4 x rw");
  expect(mountOf("/data", table)).toEqual({ device: "254:2", root: "/b c", path: "/data" });
});

test("the options that a container lacks are those that the kernel shows", () => {
  const files = (entries: Record<string, string>) => (path: string) => entries[path];
  const refused = { allowsUserNamespaces: false };
  expect(missingFlags(files({ "/proc/self/status": "Name:\tnode\nSeccomp:\t0\n", "/proc/self/mountinfo": root }), refused)).toEqual([]);
  const byDefault = files({
    "/proc/self/status": "Name:\tnode\nSeccomp:\t2\nSeccomp_filters:\t1\n",
    "/proc/self/attr/current": "docker-default (enforce)\n",
    "/proc/self/mountinfo": mountinfo(root, "503 502 0:5 /null /proc/kcore rw - tmpfs tmpfs rw"),
  });
  const others = ["--security-opt apparmor=unconfined", "--security-opt systempaths=unconfined"];
  expect(missingFlags(byDefault, refused)).toEqual(["--security-opt seccomp=deploy/docker/seccomp.json", ...others]);
  expect(missingFlags(byDefault, { allowsUserNamespaces: true }), "the shipped filter was given").toEqual(others);
});

test("a capability is read from the effective set", () => {
  const status = (set: string) => `Name:\tnode\nCapEff:\t${set}\n`;
  expect([19, 21].map((number) => hasCapability(number, status("0000000000080000")))).toEqual([true, false]);
  expect(hasCapability(19, undefined)).toBe(true);
});

test("a container is told by its mounted names", () => {
  expect(isInContainer(mountinfo(root))).toBe(false);
  expect(isInContainer(mountinfo(root, "504 500 254:1 /docker/containers/ab/hosts /etc/hosts rw - ext4 /dev/vda rw"))).toBe(true);
});

test("a folder that does not exist yet is on the mount of its parents", () => {
  expect(findMountPoint("/proc/self/nothing/here")).toBe("/proc");
  expect(findMountPoint("/no-such-folder/backup")).toBe("/");
});
