/**
 * The system-call filter of a sandbox, as classic BPF for `bwrap --seccomp`. Allows everything except privileged or rarely audited parts
 * of the kernel. A pure function: no compiler or binary in the repository, and its test can run the program.
 */

export type FilterArch = "x64" | "arm64";

/** One classic BPF instruction: opcode, jump if true, jump if false, operand. */
export interface Instruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const auditArch: Record<FilterArch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** Numbers on x86-64 and arm64; `undefined` where the architecture has no such call. */
type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/** Denied with EPERM whatever the arguments. */
export const deniedCalls: Readonly<Record<string, Numbers>> = {
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  userfaultfd: [323, 282],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  statmount: [457, 457],
  listmount: [458, 458],
  setns: [308, 268],
  unshare: [272, 97],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  syslog: [103, 116],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  uselib: [134, undefined],
  modify_ldt: [154, undefined],
};

/** Inspected by argument, or denied with another error. */
export const inspectedCalls = {
  clone: [56, 220],
  clone3: [435, 435],
  ioctl: [16, 29],
  socket: [41, 198],
} as const satisfies Record<string, Numbers>;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
export const namespaceFlags = 0x7e020000;
/** Pushes characters into a terminal's input (TIOCSTI), pastes its selection (TIOCLINUX). */
export const terminalInjection = [0x5412, 0x541c];
/** AX25, KEY, PACKET, BLUETOOTH, CAN, TIPC, ALG, NFC, VSOCK, KCM, QIPCRTR, SMC, XDP. Unix, IP and netlink (getifaddrs) stay. */
export const refusedFamilies = [3, 15, 17, 29, 30, 31, 38, 39, 40, 41, 42, 43, 44];

const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpEqual = 0x15;
const jumpGreaterOrEqual = 0x35;
const jumpAnyBit = 0x45;
const returnAction = 0x06;
const allow = 0x7fff0000;
const failWith = (errno: number) => 0x00050000 | errno;

/** Offsets in `struct seccomp_data`; arguments by their low half (little endian). */
const offset = { number: 0, arch: 4, argument: (index: number) => 16 + 8 * index };

/** The filter as instructions. Calls of another architecture (32-bit, x32) are denied. */
export function filterProgram(arch: FilterArch): Instruction[] {
  const pick = ([x64, arm64]: Numbers) => (arch === "x64" ? x64 : arm64);
  const op = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
  const end = (k: number) => op(returnAction, k);

  const program = [op(load, offset.arch), op(jumpEqual, auditArch[arch], 1, 0), end(failWith(ENOSYS)), op(load, offset.number)];
  if (arch === "x64") program.push(op(jumpGreaterOrEqual, 0x40000000, 0, 1), end(failWith(ENOSYS)));
  for (const numbers of Object.values(deniedCalls)) {
    const number = pick(numbers);
    if (number !== undefined) program.push(op(jumpEqual, number, 0, 1), end(failWith(EPERM)));
  }
  // glibc falls back to clone(), whose flags can be inspected; those of clone3 are behind a pointer.
  const inspect = (numbers: Numbers, body: Instruction[]) => program.push(op(jumpEqual, pick(numbers) ?? 0, 0, body.length), ...body);
  inspect(inspectedCalls.clone3, [end(failWith(ENOSYS))]);
  inspect(inspectedCalls.clone, [op(load, offset.argument(0)), op(jumpAnyBit, namespaceFlags, 0, 1), end(failWith(EPERM)), end(allow)]);
  inspect(inspectedCalls.ioctl, [
    op(load, offset.argument(1)),
    ...terminalInjection.flatMap((request) => [op(jumpEqual, request, 0, 1), end(failWith(EPERM))]),
    end(allow),
  ]);
  inspect(inspectedCalls.socket, [
    op(load, offset.argument(0)),
    ...refusedFamilies.flatMap((family) => [op(jumpEqual, family, 0, 1), end(failWith(EAFNOSUPPORT))]),
    end(allow),
  ]);
  program.push(end(allow));
  return program;
}

/** The filter as the bytes of `struct sock_filter[]`. */
export function seccompFilter(arch: FilterArch): Uint8Array {
  const program = filterProgram(arch);
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, jt, jf, k }, i) => {
    bytes.setUint16(i * 8, code, true);
    bytes.setUint8(i * 8 + 2, jt);
    bytes.setUint8(i * 8 + 3, jf);
    bytes.setUint32(i * 8 + 4, k >>> 0, true);
  });
  return new Uint8Array(bytes.buffer);
}
