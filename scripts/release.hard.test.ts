import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyCheckout } from "./test/checkout-copy.ts";
import { releaseFileNames, releaseNotes } from "./release-files.ts";

const run = promisify(execFile);
const source = join(import.meta.dirname, "..");
let folder: string;
let clone: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-C", clone, "-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], { encoding: "utf8" }).trim();
const release = (...args: string[]) =>
  run(process.execPath, [join(clone, "scripts/release.ts"), ...args], {
    cwd: clone,
    maxBuffer: 16 << 20,
    env: {
      ...process.env,
      GIT_AUTHOR_NAME: "Test",
      GIT_AUTHOR_EMAIL: "t@example.com",
      GIT_COMMITTER_NAME: "Test",
      GIT_COMMITTER_EMAIL: "t@example.com",
    },
  }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, text: stdout + stderr }),
  );

/** A throw-away clone with the files of this checkout, its packages and an entry in the changelog. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "release-"));
  clone = join(folder, "clone");
  execFileSync("git", ["clone", "--quiet", "--shared", source, clone]);
  copyCheckout(clone);
  const changelog = readFileSync(join(clone, "CHANGELOG.md"), "utf8");
  writeFileSync(join(clone, "CHANGELOG.md"), changelog.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something new.\n"));
  appendFileSync(join(clone, ".git/info/exclude"), "node_modules\n");
  git("add", "--all");
  git("commit", "--quiet", "--message", "test: changes of the checkout");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("without --yes nothing changes, and what is in the way is named", async () => {
  const head = git("rev-parse", "HEAD");
  const dry = await release("77.0.0", "--without-image");
  expect(dry).toMatchObject({ code: 0, text: expect.stringContaining("Would release 77.0.0") });
  expect(dry.text).toContain("tesslate-studio-77.0.0.cdx.json");
  expect([git("rev-parse", "HEAD"), git("status", "--porcelain"), git("tag", "--list", "v77*")]).toEqual([head, "", ""]);
  expect(existsSync(join(clone, ".studio/release"))).toBe(false);
  const noEngine = await release("77.0.0", "--engine", "no-such-engine");
  expect(noEngine).toMatchObject({ code: 1, text: expect.stringContaining("no-such-engine does not respond") });
  writeFileSync(join(clone, "left.txt"), "");
  expect((await release("77.0.0", "--yes", "--without-image")).text).toContain("uncommitted changes");
  rmSync(join(clone, "left.txt"));
  expect((await release("0.0.1")).text).toContain("is not later than");
  expect((await release()).code).toBe(2);
});

test("commits, tags and makes the files: sources, client, bill of materials, notes, checksums", async () => {
  const into = join(folder, "files");
  const done = await release("77.0.0", "--yes", "--without-image", "--into", into);
  expect(done, done.text).toMatchObject({ code: 0 });
  expect(git("describe", "--exact-match")).toBe("v77.0.0");
  expect(git("status", "--porcelain")).toBe("");
  const names = releaseFileNames("77.0.0", { hasImage: false });
  expect(globSync("*", { cwd: into }).sort()).toEqual([...names].sort());

  const sums = readFileSync(join(into, "SHA256SUMS"), "utf8").trim().split("\n");
  expect(sums).toEqual(
    names.slice(0, -1).map(
      (name) =>
        `${createHash("sha256")
          .update(readFileSync(join(into, name)))
          .digest("hex")}  ${name}`,
    ),
  );
  const bill = JSON.parse(readFileSync(join(into, "tesslate-studio-77.0.0.cdx.json"), "utf8")) as {
    bomFormat: string;
    metadata: { component: { version: string } };
    components: { name: string; version: string }[];
  };
  expect(bill).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { version: "77.0.0" } } });
  const listed = bill.components.map(({ name }) => name);
  // Also what is a development dependency of another workspace.
  for (const name of ["fastify", "drizzle-orm", "pg", "react", "dockerode"]) expect(listed).toContain(name);
  for (const name of ["vitest", "oxlint", "knip", "drizzle-kit", "jsdom", "autocannon"]) expect(listed).not.toContain(name);
  expect(readFileSync(join(into, "tesslate-studio-77.0.0.md"), "utf8")).toMatch(/^## \[77\.0\.0\] - \d{4}-\d\d-\d\d\n\n- Something new\./);
  const packed = await run("tar", ["-tzf", join(into, "tesslate-client-77.0.0.tgz")]);
  expect(packed.stdout).toContain("package/index.js");
  const chart = await run("tar", ["-xzOf", join(into, "tesslate-studio-77.0.0-chart.tgz"), "tesslate-studio/Chart.yaml"]);
  expect(chart.stdout).toContain("\nversion: 77.0.0\n");
  const alerts = await run("tar", ["-xzOf", join(into, "tesslate-studio-77.0.0-chart.tgz"), "tesslate-studio/files/alerts.yml"]);
  expect(alerts.stdout).toContain("alert: StudioDown");
  const sources = await run("tar", ["-xzOf", join(into, "tesslate-studio-77.0.0.tar.gz"), "tesslate-studio-77.0.0/package.json"]);
  expect(JSON.parse(sources.stdout)).toMatchObject({ version: "77.0.0" });

  rmSync(into, { recursive: true });
  expect(await release("files", "--without-image", "--into", into)).toMatchObject({ code: 0 });
  expect(existsSync(join(into, "SHA256SUMS"))).toBe(true);
  expect((await release("77.0.0")).code).toBe(1);
});

test("the notes of a version end before the next one", () => {
  const changelog = "# Changelog\n\n## [Unreleased]\n\n## [2.0.0] - 2026-12-31\n\n- Two.\n\n## [1.0.0]\n\n- One.\n";
  expect(releaseNotes(changelog, "2.0.0")).toBe("## [2.0.0] - 2026-12-31\n\n- Two.\n");
  expect(releaseNotes(changelog, "1.0.0")).toBe("## [1.0.0]\n\n- One.\n");
  expect(() => releaseNotes(changelog, "3.0.0")).toThrow("no section for 3.0.0");
});
