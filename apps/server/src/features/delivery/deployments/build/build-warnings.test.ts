import { expect, test } from "vitest";
import { warningsIn } from "./build-warnings.ts";

test("warnings of bundlers, package managers and linters are found, each once", () => {
  const log = [
    "> build",
    'npm warn Unknown env config "store".',
    "npm WARN deprecated rimraf@3.0.2",
    "\u001b[33m(!) Some chunks are larger than 500 kB\u001b[39m",
    "⚠ Linting is disabled.",
    " WARN  deprecated glob@7",
    "warning: unused variable",
    "[WARNING] Duplicate key",
    "12:3  Warning: 'x' is never used.",
    "(!) Some chunks are larger than 500 kB",
    "no warnings",
    "src/warnings.ts 2 kB",
    "Warnings were treated as errors",
  ].join("\r\n");
  expect(warningsIn(log)).toEqual([
    'npm warn Unknown env config "store".',
    "npm WARN deprecated rimraf@3.0.2",
    "(!) Some chunks are larger than 500 kB",
    "⚠ Linting is disabled.",
    "WARN  deprecated glob@7",
    "warning: unused variable",
    "[WARNING] Duplicate key",
    "12:3  Warning: 'x' is never used.",
  ]);
});
