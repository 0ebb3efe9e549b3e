/** Plans the parts that `./studio test` runs. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Durations } from "./durations.ts";
import type { Part } from "./run-part.ts";

export interface Request {
  names: string[];
  /** Parts to run whole, by their names in an earlier run. */
  parts: string[];
  pattern: string | undefined;
  journeys: boolean;
  hard: boolean;
  all: boolean;
  kubernetes: boolean;
  /** Seconds. */
  budget: number | undefined;
}

export interface Checkout {
  root: string;
  cores: number;
  durations: Durations;
}

const testFiles = ["apps/*/src/**/*.test.{ts,tsx}", "packages/*/src/**/*.test.ts", "evals/src/**/*.test.ts", "scripts/**/*.test.ts"];
/** Scripts of the end-to-end runner besides its journeys. */
const otherScripts = ["conformance", "demo", "weights", "templates", "deployments", "three-containers"];
const isHard = (file: string) => file.endsWith(".hard.test.ts");

/** Throws an error with a message if a name matches nothing. */
export function planParts(request: Request, checkout: Checkout): Part[] {
  if (request.parts.length > 0)
    return [...wholeParts(request.parts, checkout), ...(request.names.length > 0 ? selectedParts(request, checkout) : [])];
  if (request.names.length > 0 || request.pattern !== undefined) return selectedParts(request, checkout);
  const runsQuick = request.all || (!request.journeys && !request.hard && !request.kubernetes);
  const runsJourneys = request.all || request.journeys;
  const isTimed = request.budget !== undefined;
  return [
    ...(runsQuick ? [vitestPart(checkout, "tests beside the code", ["--project=!*-hard", "--project=!*-kubernetes"], 330)] : []),
    // All journeys include the main ones; with a time budget, the main ones run first.
    ...(runsQuick && (!runsJourneys || isTimed)
      ? [{ ...journeysPart(checkout, "main journeys, conformance, weights", ["--main"], 160), isFiltered: true }]
      : []),
    ...(runsJourneys ? [allJourneys(checkout, { besidesMain: runsQuick && isTimed })] : []),
    ...(request.all || request.hard ? hardParts(checkout) : []),
    ...(request.kubernetes
      ? [
          vitestPart(
            checkout,
            "runtime and server on a Kubernetes cluster",
            ["--project=runtime-kubernetes", "--project=server-kubernetes"],
            900,
          ),
        ]
      : []),
  ];
}

function vitestArgv(checkout: Checkout): [string, ...string[]] {
  const reporter = join(checkout.root, "scripts/test/vitest-reporter.ts");
  return [join(checkout.root, "node_modules/.bin/vitest"), "run", `--reporter=${reporter}`, `--maxWorkers=${checkout.cores}`];
}
const vitestPart = (checkout: Checkout, name: string, argv: string[], seconds: number): Part => ({
  name,
  argv: [...vitestArgv(checkout), ...argv],
  seconds,
});
const journeysPart = (checkout: Checkout, name: string, argv: string[], seconds: number): Part => ({
  name,
  argv: [process.execPath, join(checkout.root, "e2e/run.ts"), ...argv, "--lanes", String(checkout.cores)],
  needsBuild: true,
  seconds,
});

function hardParts(checkout: Checkout): Part[] {
  const { root } = checkout;
  const hasServerTests = globSync("apps/server/src/**/*.hard.test.ts", { cwd: root }).length > 0;
  const script = (name: string, file: string, argv: string[], seconds: number): Part => ({
    name,
    argv: [process.execPath, join(root, file), ...argv],
    needsBuild: true,
    seconds,
  });
  return [
    ...(hasServerTests ? [vitestPart(checkout, "hard tests of the server", ["--project=server-hard"], 450)] : []),
    vitestPart(checkout, "hard tests of the runtime and the demo", ["--project=runtime-hard", "--project=testkit-hard"], 300),
    vitestPart(checkout, "ten apps of the evals", ["--project=evals-hard"], 180),
    vitestPart(checkout, "bundled templates", ["--project=repo-hard"], 400),
    script("crash suite, briefly", "e2e/crash.ts", ["--only", "runs,lifecycle", "--rounds", "2"], 120),
    {
      ...vitestPart(
        checkout,
        "hostile input on every route, briefly",
        ["--project=server*", "apps/server/src/http/matrix.", "-t", "hostile input"],
        60,
      ),
      env: { FUZZ_SECONDS: "30" },
      isFiltered: true,
    },
  ];
}

const journeyKey = (name: string) => `journey ${name}`;
export const fileKey = (name: string) => (name.includes("/") ? name : journeyKey(name));
/** Seconds until the first step of the runner. */
const startSeconds = 20;

function allJourneys(checkout: Checkout, { besidesMain }: { besidesMain: boolean }): Part {
  const part = journeysPart(checkout, besidesMain ? "the other journeys" : "all journeys", [], 720);
  return {
    ...part,
    fit(seconds) {
      const listed = spawnSync(process.execPath, [join(checkout.root, "e2e/run.ts"), "--list"], { encoding: "utf8", timeout: 10_000 });
      const names = listed.stdout
        .split("\n")
        .filter((name) => /^[\w-]+$/.test(name) && !(besidesMain && ["conformance", "demo", "weights"].includes(name)));
      const secondsOf = (name: string) => checkout.durations[journeyKey(name)] ?? (otherScripts.includes(name) ? 100 : 65);
      let left = (seconds - startSeconds) * checkout.cores;
      const fitting: string[] = [];
      for (const name of names.toSorted((a, b) => secondsOf(a) - secondsOf(b))) {
        if (secondsOf(name) > left) break;
        left -= secondsOf(name);
        fitting.push(name);
      }
      const notRun = names.filter((name) => !fitting.includes(name)).map((name) => `journey ${name}`);
      if (fitting.length === 0) return { part: undefined, notRun: names.length > 0 ? notRun : [part.name] };
      const estimate = startSeconds + fitting.reduce((sum, name) => sum + secondsOf(name), 0) / checkout.cores;
      return { part: { ...journeysPart(checkout, part.name, fitting, estimate), isSelection: notRun.length > 0 }, notRun };
    },
  };
}

/** The test files and journeys that match names. */
export interface Matches {
  files: string[];
  journeys: string[];
  /** Names that match no path: parts of the names of tests, with the files that contain them. */
  texts: { text: string; files: string[] }[];
}

/**
 * A name is a package (`web`, `server-hard`), a part of a path (`billing`, `apps/web/src/ui`), the file name of a journey (`review`) or otherwise
 * a part of a test's name.
 */
export function matchNames(names: readonly string[], root: string): Matches {
  const all = globSync(testFiles, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] }).toSorted();
  const scripts = [...new Set([...readdirSync(join(root, "e2e/journeys")).map((file) => basename(file, ".ts")), ...otherScripts])];
  const found: Matches = { files: [], journeys: [], texts: [] };
  for (const given of names) {
    const name = given.replace(/^\.\//, "").toLowerCase();
    const folder = foldersOf(all).get(name.replace(/-hard$/, ""));
    const files =
      folder === undefined
        ? all.filter((file) => file.toLowerCase().includes(name))
        : all.filter((file) => file.startsWith(folder) && isHard(file) === name.endsWith("-hard"));
    const script = name.replace(/^e2e\/(journeys\/)?/, "").replace(/\.ts$/, "");
    const journeys = scripts.includes(script) ? [script] : files.length === 0 ? scripts.filter((entry) => entry.includes(script)) : [];
    const texts =
      files.length + journeys.length > 0 ? [] : all.filter((file) => readFileSync(join(root, file), "utf8").toLowerCase().includes(name));
    if (files.length + journeys.length + texts.length === 0)
      throw new Error(`Nothing matches "${given}": no package, path of a test file, journey or name of a test.`);
    found.files.push(...files);
    found.journeys.push(...journeys);
    if (texts.length > 0) found.texts.push({ text: given, files: texts });
  }
  return { ...found, files: [...new Set(found.files)], journeys: [...new Set(found.journeys)] };
}

/** The folders of packages with tests, by the names that a person gives. */
const foldersOf = (files: readonly string[]): Map<string, string> =>
  new Map([
    ...files
      .filter((file) => /^(apps|packages)\//.test(file))
      .map((file) => file.split("/").slice(0, 2).join("/"))
      .map((dir): [string, string] => [basename(dir), `${dir}/`]),
    ["repo", "scripts/"],
    ["evals", "evals/"],
  ]);

function wholeParts(names: readonly string[], checkout: Checkout): Part[] {
  const request: Request = {
    names: [],
    parts: [],
    pattern: undefined,
    journeys: false,
    hard: false,
    all: false,
    kubernetes: false,
    budget: undefined,
  };
  const known = [...planParts(request, checkout), ...planParts({ ...request, all: true }, checkout)];
  return names.map((name) => {
    const part = known.find((each) => each.name === name);
    if (!part) throw new Error(`"${name}" failed in the last run, and it has no test to run again: start the whole run again.`);
    return part;
  });
}

const escapePattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function selectedParts({ names, pattern }: Request, checkout: Checkout): Part[] {
  const { files, journeys, texts } = matchNames(names, checkout.root);
  const withPattern = pattern === undefined ? [] : ["-t", pattern];
  const { durations, cores } = checkout;
  const selected = (part: Part, isFiltered: boolean): Part => ({ ...part, isSelection: true, isFiltered });
  const expected = (keys: string[], guess: number) => keys.reduce((sum, key) => sum + (durations[key] ?? guess), 0) / cores;
  return [
    ...(files.length > 0 || names.length === 0
      ? [selected(vitestPart(checkout, "matching tests", [...files, ...withPattern], 3 + expected(files, 2)), pattern !== undefined)]
      : []),
    ...texts.map((match) =>
      selected(vitestPart(checkout, `tests named "${match.text}"`, [...match.files, "-t", `(?i:${escapePattern(match.text)})`], 0), true),
    ),
    ...(journeys.length > 0
      ? [
          selected(
            journeysPart(checkout, `journeys ${journeys.join(", ")}`, journeys, startSeconds + expected(journeys.map(journeyKey), 45)),
            false,
          ),
        ]
      : []),
  ];
}

/** The arguments with which vitest watches the matching tests. */
export function watchArgv({ names, pattern }: Request, checkout: Checkout): [string, ...string[]] {
  const { files, texts } = matchNames(names, checkout.root);
  const wanted = [...files, ...texts.flatMap((match) => match.files)];
  if (wanted.length === 0) throw new Error("Journeys cannot be watched; name tests beside the code.");
  const text = pattern ?? texts.map((match) => escapePattern(match.text)).join("|");
  return [join(checkout.root, "node_modules/.bin/vitest"), "watch", ...wanted, ...(text === "" ? [] : ["-t", text])];
}
