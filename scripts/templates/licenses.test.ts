import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { licenseProblems, licensesOfLockfile, licensesOfPython } from "./licenses.ts";

const templates = join(import.meta.dirname, "../../templates");

test.each(globSync("*/files/**/package-lock.json", { cwd: templates, exclude: ["**/node_modules/**"] }))(
  "every package of %s has a license that apps may use",
  (file) => {
    const packages = licensesOfLockfile(readFileSync(join(templates, file), "utf8"));
    expect(packages.length).toBeGreaterThan(0);
    expect(licenseProblems(packages)).toEqual([]);
  },
);

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0-only)", true],
  ["MIT AND ISC", true],
  ["MIT AND GPL-3.0-only", false],
  ["GPL-3.0-or-later", false],
  ["AGPL-3.0-only", false],
  ["LGPL-3.0-or-later", false],
  ["SEE LICENSE IN LICENSE", false],
  [undefined, false],
])("a package with the license %s passes: %s", (license, passes) => {
  expect(licenseProblems([{ package: "some-package", license }]).length === 0).toBe(passes);
});

test("exceptions hold for their packages only", () => {
  expect(licenseProblems([{ package: "@img/sharp-libvips-linux-x64", license: "LGPL-3.0-or-later" }])).toEqual([]);
  expect(licenseProblems([{ package: "@img/sharp-libvips-linux-x64", license: "GPL-3.0-only" }])).toHaveLength(1);
});

test("a Python package names its license by expression, classifier or id", () => {
  const read = licensesOfPython(
    JSON.stringify([
      ["a", "MIT", "see the file", []],
      ["b", null, "Some text", ["License :: OSI Approved :: Apache Software License"]],
      ["c", null, "BSD-3-Clause", []],
      ["d", null, "Copyright 2026, all rights reserved", ["Programming Language :: Python"]],
    ]),
  );
  expect(read.map(({ license }) => license)).toEqual(["MIT", "Apache-2.0", "BSD-3-Clause", undefined]);
});
