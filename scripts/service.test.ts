import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { unitFor } from "./service.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "service-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const hasAnalyze = existsSync("/usr/bin/systemd-analyze");
const service = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "service.ts"), ...args], { encoding: "utf8", env: { ...process.env, ...env } });
const write = (text: string) => {
  const file = join(folder, "tesslate-studio.service");
  writeFileSync(file, text);
  return file;
};

test.skipIf(!hasAnalyze)(`systemd accepts both units${hasAnalyze ? "" : " (skipped: needs systemd-analyze)"}`, () => {
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const env = { ...process.env, XDG_RUNTIME_DIR: join(folder, "run") };
  for (const isUser of [false, true]) {
    const file = write(unitFor(root, { isUser }));
    const { status, stderr } = spawnSync("systemd-analyze", [...(isUser ? ["--user"] : []), "verify", file], { encoding: "utf8", env });
    expect([status, stderr]).toEqual([0, ""]);
  }
  const system = write(unitFor(root, { isUser: false }));
  // As tight as a server that creates sandboxes can be; more would get a lower number.
  execFileSync("systemd-analyze", ["security", "--offline=true", "--threshold=85", system], { stdio: "ignore" });
});

test("the unit is that of the checkout, and has nothing that hides mounts of running projects from the next server", () => {
  const unit = unitFor("/srv/studio", { isUser: false });
  expect(unit).toContain("ExecStart=/srv/studio/studio up\n");
  expect(unit).not.toContain("/opt/");
  expect(unit).not.toMatch(
    /^(?:Protect(?:System|Home|Hostname|KernelTunables|ControlGroups|Proc)|Private\w+|ReadOnlyPaths|MemoryDenyWriteExecute|RestrictNamespaces)=/m,
  );
  const user = unitFor("/srv/studio", { isUser: true });
  expect(user).toContain("WantedBy=default.target");
  expect(user).not.toMatch(/network-online|CapabilityBoundingSet/);
  expect(() => unitFor("/srv/my studio", { isUser: false })).toThrow("without spaces");
});

test("install writes the unit of a user, status compares it, uninstall removes it", () => {
  const env = { XDG_CONFIG_HOME: join(folder, "config") };
  const file = join(folder, "config/systemd/user/tesslate-studio.service");
  expect(service(["status", "--user"], env)).toMatchObject({ status: 3, stdout: `Not installed: there is no ${file}.\n` });
  expect(service(["install", "--user", "--print"], env).stdout).toBe(unitFor(root, { isUser: true }));
  expect(existsSync(file)).toBe(false);
  expect(service(["remove"], env)).toMatchObject({ status: 2, stderr: expect.stringContaining("usage: ./studio service install") });
  // With a running systemd, it would be asked to enable the unit of this test.
  if (existsSync("/run/systemd/system")) return;
  expect(service(["install", "--user"], env)).toMatchObject({ status: 0, stdout: expect.stringContaining(`Wrote ${file}`) });
  expect(readFileSync(file, "utf8")).toBe(unitFor(root, { isUser: true }));
  expect(service(["status", "--user"], env).stdout).not.toContain("differs");
  writeFileSync(file, "[Unit]\n");
  expect(service(["status", "--user"], env).stdout).toContain("differs from this version");
  expect(service(["uninstall", "--user"], env).status).toBe(0);
  expect(existsSync(file)).toBe(false);
});
