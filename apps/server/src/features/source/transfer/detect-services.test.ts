import { describe, expect, test } from "vitest";
import { loadTemplates } from "../../projects/projects/index.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundledTemplatesDir } from "../../projects/projects/templates.ts";
import { fromGuide, serviceFrom } from "./detect-services.ts";

const guess = (files: Record<string, string>) => serviceFrom(new Map(Object.entries(files)));
const pkg = (value: object) => JSON.stringify(value);

test.each([
  [{ "package.json": pkg({ scripts: { dev: "next dev" }, dependencies: { next: "1" } }) }, "nextjs", 3000, "npm run dev"],
  [
    { "package.json": pkg({ scripts: { start: "react-scripts start" }, dependencies: { "react-scripts": "5" } }) },
    "react",
    3000,
    "npm run start",
  ],
  [
    { "package.json": pkg({ scripts: { dev: "vite" }, devDependencies: { vite: "8" } }), "pnpm-lock.yaml": "" },
    "vite",
    5173,
    "pnpm run dev",
  ],
  [{ "package.json": pkg({ scripts: { dev: "node x" } }) }, null, 5173, "npm run dev"],
  [{ "requirements.txt": "fastapi==1\n", "app/main.py": "" }, "fastapi", 8000, "-m uvicorn app.main:app"],
  [{ "requirements.txt": "Flask\n", "app.py": "" }, "flask", 8000, "-m flask --app app run"],
  [{ "manage.py": "" }, "django", 8000, "manage.py runserver"],
  [{ "go.mod": "module x" }, "go", 8080, "go run ."],
  [{ "index.html": "<p>" }, "static", 5173, "python3 -m http.server"],
] as const)("%j", (files, framework, port, command) => {
  const found = guess(files);
  expect(found).toMatchObject({ framework, port });
  expect(found.command?.join(" ")).toContain(command);
});

test.each([[{}], [{ "package.json": "{ not json" }], [{ "package.json": "null" }], [{ "package.json": "[1]" }], [{ "README.md": "hi" }]])(
  "no start command is detected from %j",
  (files) => expect(guess(files as Record<string, string>)).toEqual({ command: null, port: 5173, framework: null }),
);

describe("TESSLATE.md takes precedence", () => {
  test("over detected files", () =>
    expect(
      guess({
        "TESSLATE.md": "**Start Command**:\n```bash\nmake serve\n```\n\n**Port**: 4100\n",
        "package.json": pkg({ scripts: { dev: "vite" }, dependencies: { vite: "8" } }),
      }),
    ).toEqual({ command: ["/bin/sh", "-c", "make serve"], port: 4100, framework: "vite" }));
  test("ignores an invalid port", () => expect(guess({ "TESSLATE.md": "**Port**: 99999" }).port).toBe(5173));
  test.each([
    ["**Waits for connections**: no", false],
    ["**Waits for connections**: no (requests wait)", false],
    ["**Waits for connections**: yes", true],
    ["**Waits for connections**: nothing else", true],
    ["**Port**: 4100", true],
    ["", true],
  ])("%j says whether it waits for its connections", (text, waits) => expect(fromGuide(text).waitsForSources).toBe(waits));
  test("our own templates match their definitions", async () => {
    for (const { api, service } of (await loadTemplates()).list()) {
      if (!service.command) continue;
      const text = readFileSync(join(bundledTemplatesDir, api.slug, "files/TESSLATE.md"), "utf8");
      expect([api.slug, guess({ "TESSLATE.md": text })]).toEqual([
        api.slug,
        { command: ["/bin/sh", "-c", service.command.join(" ")], port: service.port, framework: null },
      ]);
    }
  });
});
