import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/temporary.ts";
import { explainRefusedAccess } from "./file-access.ts";

const refusedWith = (code: string) => Object.assign(new Error(code), { code });
const [uid, gid] = [process.getuid?.(), process.getgid?.()];

test("a refused file is named with its owner, and who must own it", async () => {
  const file = join(temporaryFolder("access"), "passphrase");
  writeFileSync(file, "a passphrase");
  chmodSync(file, 0o600);
  expect(await explainRefusedAccess(file, refusedWith("EACCES"), "read")).toBe(
    `${file} cannot be read by user ${uid} and group ${gid} (EACCES): ${file} belongs to user ${uid} and group ${gid} (mode 0600). Change its owner: chown ${uid} ${file}`,
  );
});

test("for a folder that cannot be created, the one that refuses is named", async () => {
  const parent = join(temporaryFolder("access"), "mnt");
  mkdirSync(parent, { mode: 0o755 });
  expect(await explainRefusedAccess(join(parent, "backup"), refusedWith("EACCES"), "write")).toMatch(
    new RegExp(`: ${parent} belongs to user ${uid} .*Create ${parent}/backup as root: install -d -o ${uid} ${parent}/backup$`),
  );
  expect(await explainRefusedAccess(parent, refusedWith("EROFS"), "write")).toContain("Mount its folder writable");
  expect(await explainRefusedAccess(parent, refusedWith("ENOSPC"), "write")).toBeUndefined();
});
