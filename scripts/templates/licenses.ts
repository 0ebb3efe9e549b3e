/** Licenses of the packages that templates install, against a list of those that an app of any kind may use. */

const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC-BY-4.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "PSF-2.0",
  "Python-2.0",
  "Unlicense",
  "Zlib",
]);

/** Packages with another license, and why it does not reach the app. */
const exceptions: { package: RegExp; license: string; why: string }[] = [
  { package: /^@img\/sharp-/, license: "LGPL-3.0-or-later", why: "libvips is a library of its own, which Next.js loads to resize images" },
];

export interface PackageLicense {
  package: string;
  /** An SPDX expression, or undefined if the package names none. */
  license: string | undefined;
}

/** What is wrong with the licenses, in sentences. */
export function licenseProblems(packages: readonly PackageLicense[]): string[] {
  return packages
    .filter(({ package: name, license }) => license === undefined || !isAllowed(license, name))
    .map(({ package: name, license }) =>
      license === undefined ? `${name} names no license.` : `${name} has the license ${license}, which is not on the list.`,
    );
}

/** `A OR B` needs one of them, `A AND B` both; OR binds weaker than AND. */
function isAllowed(expression: string, name: string): boolean {
  const text = expression.trim().replace(/^\((.*)\)$/, "$1");
  const alternatives = text.split(/\s+OR\s+/);
  if (alternatives.length > 1) return alternatives.some((one) => isAllowed(one, name));
  const parts = text.split(/\s+AND\s+/);
  if (parts.length > 1) return parts.every((one) => isAllowed(one, name));
  return allowed.has(text) || exceptions.some((exception) => exception.license === text && exception.package.test(name));
}

interface Lockfile {
  packages: Record<string, { license?: string; name?: string; link?: boolean }>;
}

/** All packages of a `package-lock.json`, for production and development, also those of other platforms. */
export function licensesOfLockfile(text: string): PackageLicense[] {
  const { packages } = JSON.parse(text) as Lockfile;
  return Object.entries(packages)
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true)
    .map(([path, entry]) => ({ package: entry.name ?? path.slice(path.lastIndexOf("node_modules/") + 13), license: entry.license }));
}

/** Prints a JSON array of `[name, expression, license, classifiers]` of what is installed. For the interpreter of a virtual environment. */
export const pythonLicenses = `
import importlib.metadata as metadata, json
print(json.dumps([
    [d.metadata["Name"], d.metadata.get("License-Expression"), d.metadata.get("License"), d.metadata.get_all("Classifier") or []]
    for d in metadata.distributions()
]))
`;

const classifiers: Record<string, string> = {
  "License :: OSI Approved :: MIT License": "MIT",
  "License :: OSI Approved :: BSD License": "BSD-3-Clause",
  "License :: OSI Approved :: Apache Software License": "Apache-2.0",
  "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
  "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
  "License :: OSI Approved :: ISC License (ISCL)": "ISC",
};

/** Reads what `pythonLicenses` prints. A free text counts only if it is the id of a license on the list. */
export function licensesOfPython(json: string): PackageLicense[] {
  const all = JSON.parse(json) as [string, string | null, string | null, string[]][];
  return all.map(([name, expression, text, classes]) => ({
    package: name,
    license: expression ?? classes.map((one) => classifiers[one]).find(Boolean) ?? (text && allowed.has(text) ? text : undefined),
  }));
}
