import { describe, expect, test } from "vitest";
import { deniedCalls, filterProgram, inspectedCalls, seccompFilter, type FilterArch } from "./seccomp.ts";

/** Runs the bytes as the kernel would and returns the result's name. */
function run(arch: FilterArch, number: number, args: number[] = [], auditArch = arch === "x64" ? 0xc000003e : 0xc00000b7): string {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number >>> 0, true);
  data.setUint32(4, auditArch, true);
  args.forEach((arg, i) => data.setBigUint64(16 + 8 * i, BigInt(arg), true));
  const bytes = seccompFilter(arch);
  const view = new DataView(bytes.buffer);
  let a = 0;
  for (let pc = 0; pc * 8 < bytes.length; pc++) {
    const [code, jt, jf, k] = [
      view.getUint16(pc * 8, true),
      view.getUint8(pc * 8 + 2),
      view.getUint8(pc * 8 + 3),
      view.getUint32(pc * 8 + 4, true),
    ];
    if (code === 0x20) a = data.getUint32(k, true);
    else if (code === 0x15) pc += a === k ? jt : jf;
    else if (code === 0x35) pc += a >= k ? jt : jf;
    else if (code === 0x45) pc += (a & k) !== 0 ? jt : jf;
    else if (code === 0x06) return k === 0x7fff0000 ? "allow" : ({ 1: "EPERM", 38: "ENOSYS", 97: "EAFNOSUPPORT" }[k & 0xffff] ?? String(k));
    else throw new Error(`opcode ${code}`);
  }
  throw new Error("ran off the end");
}

describe.each(["x64", "arm64"] as const)("the filter on %s", (arch) => {
  const at = arch === "x64" ? 0 : 1;
  const n = (name: keyof typeof inspectedCalls) => inspectedCalls[name][at];

  test("denies every call on the list", () => {
    for (const [name, numbers] of Object.entries(deniedCalls)) {
      const number = numbers[at];
      if (number !== undefined) expect([name, run(arch, number)]).toEqual([name, "EPERM"]);
    }
  });

  test.each([
    ["read", arch === "x64" ? 0 : 63, [], "allow"],
    ["execve", arch === "x64" ? 59 : 221, [], "allow"],
    ["clone of a thread", n("clone"), [0x3d0f00], "allow"],
    ["clone with CLONE_NEWUSER", n("clone"), [0x10000011], "EPERM"],
    ["clone with CLONE_NEWNET", n("clone"), [0x40000011], "EPERM"],
    ["clone3", n("clone3"), [], "ENOSYS"],
    ["ioctl TIOCGWINSZ", n("ioctl"), [0, 0x5413], "allow"],
    ["ioctl TIOCSTI", n("ioctl"), [0, 0x5412], "EPERM"],
    ["ioctl TIOCSTI with high bits set", n("ioctl"), [0, 0x1_0000_5412], "EPERM"],
    ["ioctl TIOCLINUX", n("ioctl"), [0, 0x541c], "EPERM"],
    ["socket AF_UNIX", n("socket"), [1], "allow"],
    ["socket AF_INET", n("socket"), [2], "allow"],
    ["socket AF_INET6", n("socket"), [10], "allow"],
    ["socket AF_NETLINK", n("socket"), [16], "allow"],
    ["socket AF_PACKET", n("socket"), [17], "EAFNOSUPPORT"],
    ["socket AF_ALG", n("socket"), [38], "EAFNOSUPPORT"],
    ["socket AF_VSOCK", n("socket"), [40], "EAFNOSUPPORT"],
  ] as const)("%s", (_, number, args, answer) => {
    expect(run(arch, number, [...args])).toBe(answer);
  });

  test("denies other architectures", () => {
    expect(run(arch, 1, [], 0x40000003)).toBe("ENOSYS");
  });

  test("is short enough for the kernel and jumps stay inside", () => {
    const program = filterProgram(arch);
    expect(program.length).toBeLessThan(4096);
    program.forEach(({ jt, jf }, i) => expect(i + Math.max(jt, jf) + 1).toBeLessThanOrEqual(program.length));
  });
});

test("x32 calls do not exist on x64", () => {
  expect(run("x64", 0x40000000 + 1)).toBe("ENOSYS");
});
