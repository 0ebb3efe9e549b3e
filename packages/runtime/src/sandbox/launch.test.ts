import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createLauncher, type Launch } from "./launch.ts";

const dir = mkdtempSync(join(tmpdir(), "launch-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const launcher = createLauncher({ dir, seccompFile: join(dir, "filter") });
const launch: Launch = {
  argv: ["id", "-u"],
  bwrapArgs: ["--unshare-user", "--setenv", "TOKEN", "not-for-command-lines"],
  uid: 200_005,
  entry: ["--net=/run/netns/tesslate-key-5"],
  joinFiles: ["/sys/fs/cgroup/x/cgroup.procs"],
  maxFileBytes: 2 ** 20,
  diesWithUs: true,
};
/** From the program that changes the user on. */
const chainOf = (more: Partial<Launch> = {}) => {
  const { args } = launcher.forTerminal({ ...launch, ...more });
  return args.slice(args.indexOf("nsenter") < 0 ? args.indexOf("setpriv") : args.indexOf("nsenter"));
};

test("a program enters its network, then drops our user, groups and all new privileges, then enters its namespaces under a filter", () => {
  const words =
    "nsenter --net=/run/netns/tesslate-key-5 setpriv --reuid 200005 --regid 200005 --clear-groups --no-new-privs --pdeathsig KILL --";
  const [before, program] = [chainOf().slice(0, -12), chainOf().slice(-12)];
  expect(before).toEqual(words.split(" "));
  expect(program).toEqual(["bwrap", "--args", "3", "--seccomp", "4", "--", "/bin/sh", "-c", 'exec "$@"', "sh", "id", "-u"]);
});

test("without root the user stays, and nothing else changes", () => {
  expect(chainOf({ uid: undefined, entry: [] }).slice(0, 6)).toEqual(["setpriv", "--no-new-privs", "--pdeathsig", "KILL", "--", "bwrap"]);
});

test("a service outlives us, anything else ends with us", () => {
  expect(chainOf({ diesWithUs: false })).not.toContain("--pdeathsig");
});

test("joins control groups before the program starts, and keeps its variables out of command lines and our environment", () => {
  const { args, env } = launcher.forTerminal(launch);
  expect(args.indexOf("/sys/fs/cgroup/x/cgroup.procs")).toBeLessThan(args.indexOf("setpriv"));
  expect(JSON.stringify([args, env])).not.toContain("not-for-command-lines");
  expect(Object.keys(env)).toEqual(["PATH"]);
  const file = args.find((arg) => arg.startsWith(join(dir, "args-"))) ?? expect.unreachable("no file of arguments");
  expect(readFileSync(file, "utf8").split("\0")).toContain("not-for-command-lines");
});
