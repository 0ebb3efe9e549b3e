import { deniedCalls, namespaceFlags, refusedFamilies, terminalInjection } from "../sandbox/seccomp.ts";

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

interface Rule {
  names: string[];
  action: "SCMP_ACT_ERRNO";
  errnoRet: number;
  args?: { index: number; value: number; valueTwo?: number; op: "SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ" }[];
}

/** The sandbox driver's system-call filter as a Docker seccomp profile: the same calls are denied in the same way. */
export function seccompProfile(): string {
  const refuse = (names: string[], errnoRet: number, args?: Rule["args"]): Rule => ({
    names,
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    ...(args && { args }),
  });
  const bits = Array.from({ length: 32 }, (_, i) => 2 ** i).filter((bit) => (namespaceFlags & bit) !== 0);
  const syscalls: Rule[] = [
    refuse(Object.keys(deniedCalls), EPERM),
    refuse(["clone3"], ENOSYS),
    ...bits.map((bit) => refuse(["clone"], EPERM, [{ index: 0, value: bit, valueTwo: bit, op: "SCMP_CMP_MASKED_EQ" }])),
    ...terminalInjection.map((request) => refuse(["ioctl"], EPERM, [{ index: 1, value: request, op: "SCMP_CMP_EQ" }])),
    ...refusedFamilies.map((family) => refuse(["socket"], EAFNOSUPPORT, [{ index: 0, value: family, op: "SCMP_CMP_EQ" }])),
  ];
  return JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", architectures: [], syscalls });
}
