import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

const memory = "/dev/shm";
const pattern = /^tests-(\d+)-\w{6}$/;

/**
 * The folder for all temporary files of a run; its name is also that of the run. In memory if 12 GB are free: the tests create and delete tens of
 * thousands of files, for each of which a disk without a journal searches the recently deleted ones. That took a quarter of the run.
 */
export function makeTempRoot(parent = roomyParent()): string {
  const root = mkdtempSync(join(parent, `tests-${process.pid}-`));
  // Users of sandboxes and databases traverse it.
  chmodSync(root, 0o755);
  return root;
}

function roomyParent(): string {
  // A nested run, as in the tests of this driver.
  if (process.env["STUDIO_TEST_RUN"] || process.platform !== "linux" || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return Math.min(bavail * bsize, freemem()) >= 12 * 2 ** 30 && canRunIn(memory) ? memory : tmpdir();
}

/** Some hosts do not allow programs to be run from there. */
function canRunIn(dir: string): boolean {
  const probe = mkdtempSync(join(dir, `tests-${process.pid}-`));
  const program = join(probe, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(probe, { recursive: true });
  return status === 0;
}

/** Roots of runs whose driver was killed. */
export function abandonedRoots(): string[] {
  return [...new Set([memory, tmpdir()])]
    .filter((parent) => existsSync(parent))
    .flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => {
          const pid = pattern.exec(name)?.[1];
          return pid !== undefined && !existsSync(`/proc/${pid}`) && process.platform === "linux";
        })
        .map((name) => join(parent, name)),
    );
}
