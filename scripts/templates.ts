/**
 * `./studio templates --check [SLUG…]` runs the install, types, lint, tests, build, first page and licenses of bundled templates, each in a sandbox.
 * `--outdated [SLUG…]` compares their versions with the registries; exit code 1 when a major version is behind.
 * `--pictures [SLUG…]` takes the pictures of their first pages.
 */
import { parseArgs } from "node:util";
import { bundledTemplatesDir, loadTemplates } from "../apps/server/src/features/projects/projects/templates.ts";
import { startChromium } from "../e2e/chromium.ts";
import { openMachine } from "../evals/src/machine.ts";
import { checkTemplate, reportTable, type TemplateReport } from "./templates/check.ts";
import { findOutdated, pinnedPackages } from "./templates/outdated.ts";
import { takePictures } from "./templates/pictures.ts";

const usage = `Usage: ./studio templates --check [SLUG…]     run everything that the templates promise
       ./studio templates --outdated [SLUG…]  list packages that are behind; exit code 1 when a major version is
       ./studio templates --pictures [SLUG…]  take the pictures of the first pages`;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const fail = (line: string): number => (process.stderr.write(`templates: ${line}\n`), 2);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: "boolean" }, outdated: { type: "boolean" }, pictures: { type: "boolean" } },
  });
  if (Object.keys(values).length !== 1) return fail(`choose one of --check, --outdated and --pictures\n${usage}`);
  const templates = await loadTemplates();
  const known = templates.list().map(({ api }) => api.slug);
  const unknown = positionals.filter((slug) => !known.includes(slug));
  if (unknown.length > 0) return fail(`there is no template ${unknown.join(", ")}. Templates: ${known.join(", ")}`);
  const slugs = positionals.length > 0 ? positionals : known;

  if (values.outdated) return listOutdated(slugs);

  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort());
  await using machine = await openMachine({ templates: new Set(slugs) });
  const browser = await startChromium().catch((error: unknown) => {
    if (values.pictures) throw error;
    return undefined;
  });
  try {
    const reports: TemplateReport[] = [];
    for (const template of templates.list().filter(({ api }) => slugs.includes(api.slug))) {
      if (values.pictures && browser) {
        const sizes = await takePictures(machine, template, browser, stopping.signal);
        print(`${template.api.slug}: ${sizes.map((bytes) => `${(bytes / 1000).toFixed(1)} kB`).join(", ")}`);
        continue;
      }
      print(template.api.name);
      const report = await checkTemplate(machine, template, {
        browser,
        signal: stopping.signal,
        onStep: ({ name, status, seconds, detail }) => {
          print(`  ${status.padEnd(7)}  ${name} (${seconds.toFixed(1)} s)`);
          if (detail) print(detail.replaceAll(/^/gm, "    "));
        },
      });
      reports.push(report);
    }
    if (values.pictures) return 0;
    print("");
    reportTable(reports).forEach(print);
    return reports.some(({ steps }) => steps.some(({ status }) => status === "failed")) ? 1 : 0;
  } finally {
    await browser?.close();
  }
}

async function listOutdated(slugs: readonly string[]): Promise<number> {
  const pinned = pinnedPackages(bundledTemplatesDir, slugs);
  const { outdated, failures } = await findOutdated(pinned);
  for (const { name, version, latest, kind, reason, folders } of outdated)
    print(`${kind.padEnd(5)}  ${name}  ${version} → ${latest}  (${reason ?? folders.join(", ")})`);
  failures.forEach((failure) => print(`?      ${failure}`));
  const majors = outdated.filter(({ kind }) => kind === "major").length;
  print(`${pinned.length} packages: ${outdated.length} behind, ${majors} of them by a major version, ${failures.length} not found.`);
  return majors > 0 || failures.length > 0 ? 1 : 0;
}

process.exitCode = await main();
