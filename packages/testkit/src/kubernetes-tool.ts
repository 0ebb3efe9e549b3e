import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const tool = join(import.meta.dirname, "../kubernetes/cluster");

/** Where a checkout keeps its cluster. */
export const clusterFolder = (root: string): string => join(root, ".studio/kubernetes");

/** Runs a command of `kubernetes/cluster` for the cluster of a checkout. */
export const runCluster = (
  root: string,
  command: string,
  argv: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(tool, [command, clusterFolder(root), ...argv], { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
