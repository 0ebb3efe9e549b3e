import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "@tesslate/contract";
import { routeHelp, viewHelp } from "../apps/web/src/features/help/route-help.ts";
import { helpOfCode } from "../apps/web/src/lib/error-help.ts";
import { createAnchors, renderDocument, repository, sourceSections, targetOf } from "../apps/web/build/help-documents.ts";

const documents = globSync(["*.md", "docs/**/*.md", "packages/*/README.md"], { cwd: repository }).toSorted();
const pages = sourceSections().flatMap((section) => section.pages);

/** The text without blocks of code. */
const proseOf = (file: string) => readFileSync(join(repository, file), "utf8").replace(/^```[\s\S]*?^```/gm, "");
/** Links and pictures, without those in code. */
const linksOf = (file: string) =>
  [
    ...proseOf(file)
      .replace(/`[^`\n]*`/g, "")
      .matchAll(/\]\(([^()\s]+)\)/g),
  ].map(([, href = ""]) => href);
const anchorsOf = (file: string) => {
  const next = createAnchors();
  return [...proseOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    next(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "")),
  );
};

test("every link of every document leads to a file of the repository, and to a heading in it", () => {
  const broken = documents.flatMap((file) =>
    linksOf(file).flatMap((href) => {
      const target = targetOf(href, file);
      if (target.kind === "external") return [];
      if (!existsSync(join(repository, target.file))) return [`${file}: ${href}`];
      return target.anchor && !anchorsOf(target.file).includes(target.anchor) ? [`${file}: ${href}: no such heading`] : [];
    }),
  );
  expect(documents.length).toBeGreaterThan(40);
  expect(documents.flatMap(linksOf).length).toBeGreaterThan(150);
  expect(broken).toEqual([]);
});

test("every document for users, operators and programmers is a page of the help, with its title and text", () => {
  const expected = globSync("docs/{guides,operations,api}/*.md", { cwd: repository }).filter(
    (file) => !/(?:guides|operations)\/README\.md$/.test(file),
  );
  expect(pages.map(({ file }) => file)).toEqual(expect.arrayContaining(expected));
  for (const { file, title, about } of pages) {
    const document = renderDocument(file);
    expect(document.title, file).not.toBe("");
    expect(document.texts.map(({ text }) => text).join("").length, file).toBeGreaterThan(200);
    expect(title && about, file).toBeTruthy();
  }
});

test("every link of every help page leads to a page and a heading that exist", () => {
  const rendered = new Map(
    pages.map(({ file, slug }) => [
      `/help/${slug}`,
      renderDocument(file)
        .parts.map((part) => ("html" in part ? part.html : ""))
        .join(""),
    ]),
  );
  const sections = sourceSections().map(({ id }) => `/help#${id}`);
  let count = 0;
  const broken = [...rendered].flatMap(([page, html]) =>
    [...html.matchAll(/<a (?:class="help-anchor" )?href="([^"]*)"/g)].flatMap(([, href = ""]) => {
      count++;
      if (/^(?:https?|mailto):/.test(href) || href === "/help" || sections.includes(href)) return [];
      const [path = "", anchor] = href.split("#");
      const target = rendered.get(path);
      return target !== undefined && (anchor === undefined || target.includes(` id="${anchor}"`)) ? [] : [`${page}: ${href}`];
    }),
  );
  expect(count).toBeGreaterThan(100);
  expect(broken).toEqual([]);
});

test("raw HTML in a document is text, and pictures say how large they are", () => {
  const { parts, headings, pictures } = renderDocument(
    "docs/guides/chat.md",
    "# Title\n\n<script>alert(1)</script>\n\n## `One` & two\n\n## One & two\n\n![A picture](../images/plan.png)\n\n[x](javascript:alert(1)) [y](data.md)",
  );
  const html = parts.map((part) => ("html" in part ? part.html : "")).join("");
  expect(html).not.toContain("<script>");
  expect(html).not.toContain("javascript:");
  expect(headings.map(({ anchor }) => anchor)).toEqual(["one--two", "one--two-1"]);
  expect(html).toMatch(/<img src="help-picture:0:" alt="A picture" width="\d+" height="\d+"/);
  expect(html).toContain('<a href="/help/guides/data">');
  expect(pictures).toEqual(["docs/images/plan.png"]);
});

test("every error code of the contract has an entry in the list of codes with its status, and help that exists", () => {
  const text = readFileSync(join(repository, "docs/api/errors.md"), "utf8");
  const entries = new Map(
    [...text.matchAll(/^### `(\w+)`\n\nStatus (\d{3})(?:, retry)?\. (.+)$/gm)].map(([, code = "", status, words = ""]) => [
      code,
      { status: Number(status), words },
    ]),
  );
  expect([...entries.keys()].toSorted()).toEqual(Object.keys(errorCodes).toSorted());
  for (const [code, { status }] of Object.entries(errorCodes)) expect([code, entries.get(code)?.status]).toEqual([code, status]);
  for (const [code, { words }] of entries) expect(words.split(". ").length, code).toBeGreaterThan(1);
  expect(Object.keys(errorCodes).filter((code) => !isHelp(helpOfCode(code)))).toEqual([]);
  expect([helpOfCode("network"), helpOfCode("unknown")]).toEqual([undefined, undefined]);
});

test("the help of every page and of every view exists", () => {
  const targets = [...Object.values(routeHelp), ...Object.values(viewHelp)].filter((target) => target !== undefined);
  expect(targets.length).toBeGreaterThan(50);
  expect(targets.filter((target) => !isHelp(`/help/${target}`))).toEqual([]);
});

/** Whether an address of the help has a page, and the heading that it names. */
function isHelp(address: string | undefined): boolean {
  const [path, anchor] = (address ?? "").split("#");
  const page = pages.find(({ slug }) => `/help/${slug}` === path);
  return page !== undefined && (anchor === undefined || renderDocument(page.file).headings.some((heading) => heading.anchor === anchor));
}

test("every alert leads to a section about it", () => {
  const alerts = readFileSync(join(repository, "deploy/prometheus/alerts.yml"), "utf8");
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  const runbooks = [...alerts.matchAll(/runbook: "([^"#]+)#([^"]+)"/g)];
  expect(runbooks.map(([, , anchor]) => anchor)).toEqual(names.map((name) => name.toLowerCase()));
  expect(runbooks.filter(([, file = "", anchor = ""]) => !anchorsOf(file).includes(anchor))).toEqual([]);
});

/** The commands in documents: lines of code blocks, and code in sentences. */
const commandsOf = (file: string) => {
  const text = readFileSync(join(repository, file), "utf8");
  return [...text.matchAll(/(?:^|[`( ])\.\/studio ([a-z:-]+)(?: ([^`\n]*))?/gm)].map(([, name = "", rest = ""]) => ({ name, rest }));
};
const operations = globSync(["README.md", "docs/{operations,guides,api}/*.md"], { cwd: repository });

test("every command in the documents for users and operators exists", () => {
  const script = readFileSync(join(repository, "studio"), "utf8");
  const cases = script.slice(script.indexOf('case "$command" in')).matchAll(/^ {2}([a-z:| -]+)\)$/gm);
  const known = new Set([...cases].flatMap(([, names = ""]) => names.split("|").map((name) => name.trim())));
  const found = operations.flatMap((file) => commandsOf(file).map(({ name }) => ({ file, name })));
  expect(found.length).toBeGreaterThan(60);
  expect(found.filter(({ name }) => !known.has(name))).toEqual([]);
});

test("every setting in the documents for operators exists", () => {
  const reference = readFileSync(join(repository, "docs/operations/settings.md"), "utf8");
  const known = new Set([...reference.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name = ""]) => name));
  for (const file of ["compose.env.example", "compose.yaml"])
    for (const [, name = ""] of readFileSync(join(repository, file), "utf8").matchAll(/(?:^|\$\{)([A-Z][A-Z0-9_]+)(?==|:-|\})/gm))
      known.add(name);
  // Capabilities of Linux.
  const others = new Set(["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]);
  const unknown = globSync("docs/operations/*.md", { cwd: repository }).flatMap((file) =>
    [...readFileSync(join(repository, file), "utf8").matchAll(/(?:`|^ *)([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?==|`)/gm)]
      .map(([, name = ""]) => name)
      .filter((name) => !known.has(name) && !others.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect([...new Set(unknown)]).toEqual([]);
});

test("`--help` after a command says what `./studio help` says about it", () => {
  const studio = (...args: string[]) => spawnSync(join(repository, "studio"), args, { encoding: "utf8" });
  const { stdout } = studio("scale", "--help");
  expect(stdout).toMatch(/^ {2}scale /);
  expect(studio("help").stdout).toContain(stdout);
  expect(studio("nothing", "--help")).toMatchObject({ status: 1, stderr: expect.stringContaining("unknown command 'nothing'") });
});
