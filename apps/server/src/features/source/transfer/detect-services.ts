import { RuntimeError, type Tree } from "@tesslate/runtime";
import type { ServiceShape } from "../../projects/projects/index.ts";

const maxBytes = 256 * 1024;
const unknownPort = 5173;
const looked = [
  "TESSLATE.md",
  "package.json",
  "pnpm-lock.yaml",
  "requirements.txt",
  "manage.py",
  "main.py",
  "app.py",
  "app/main.py",
  "go.mod",
  "index.html",
] as const;
type Found = ReadonlyMap<string, string>;

/** Detects how to run an imported project: from its TESSLATE.md, otherwise from its files. */
export async function guessService(tree: Tree, directory = "."): Promise<ServiceShape> {
  const found = new Map<string, string>();
  for (const path of looked) {
    const text = await readText(tree, directory, path);
    if (text !== undefined) found.set(path, text);
  }
  return serviceFrom(found);
}
export async function readText(tree: Tree, directory: string, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode((await tree.read(directory === "." ? path : `${directory}/${path}`, { maxBytes })).data);
  } catch (error) {
    // A file too large to read still exists, and lock files matter by name.
    if (error instanceof RuntimeError) return error.code === "too_large" ? "" : undefined;
    throw error;
  }
}

/** `found`: files by path. TESSLATE.md takes precedence over other files. */
export function serviceFrom(found: Found): ServiceShape {
  const guess = fromPackage(found) ?? fromPython(found) ?? fromGo(found) ?? fromPage(found);
  const guide = fromGuide(found.get("TESSLATE.md") ?? "");
  return {
    command: guide.command ?? guess?.command ?? null,
    port: guide.port ?? guess?.port ?? unknownPort,
    framework: guess?.framework ?? null,
  };
}

/** The project's own command, run in its sandbox like input in its terminal. */
const shell = (line: string): string[] => ["/bin/sh", "-c", line];

/** Command, port and whether it waits for its connections, from a TESSLATE.md; the command as written and as argv. */
export function fromGuide(text: string): { line?: string; command?: string[]; port?: number; waitsForSources: boolean } {
  const command = /\*\*Start Command\*\*:?\s*(?:```\w*\n([\s\S]*?)```|`([^`\n]+)`)/i.exec(text);
  const lines = (command?.[1] ?? command?.[2] ?? "").trim().slice(0, 10_000);
  const port = Number(/\*\*Port\*\*:?\s*(\d{1,5})/i.exec(text)?.[1]);
  const waitsForSources = !/\*\*Waits for connections\*\*:?\s*no\b/i.test(text);
  return { waitsForSources, ...(lines && { line: lines, command: shell(lines) }), ...(port >= 1 && port <= 65_535 && { port }) };
}

interface PackageFile {
  scripts?: Record<string, unknown>;
  dependencies?: Record<string, unknown>;
  devDependencies?: Record<string, unknown>;
}
const frameworks = [
  ["next", "nextjs", 3000],
  ["react-scripts", "react", 3000],
  ["astro", "astro", 4321],
  ["svelte", "svelte", 5173],
  ["vue", "vue", 5173],
  ["vite", "vite", 5173],
] as const;

function fromPackage(found: Found): ServiceShape | undefined {
  const { scripts, dependencies, devDependencies } = parsed(found.get("package.json"));
  const script = ["dev", "start", "serve"].find((name) => typeof scripts?.[name] === "string");
  if (!script) return undefined;
  const all = { ...dependencies, ...devDependencies };
  const [, framework = null, port = unknownPort] = frameworks.find(([name]) => name in all) ?? [];
  const manager = found.has("pnpm-lock.yaml") ? "pnpm" : "npm";
  const install = Object.keys(all).length > 0 ? `[ -d node_modules ] || ${manager} install || exit 1; ` : "";
  return { command: shell(`${install}exec ${manager} run ${script}`), port, framework };
}
function parsed(text: string | undefined): PackageFile {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function fromPython(found: Found): ServiceShape | undefined {
  const needs = found.get("requirements.txt");
  const hasManage = found.has("manage.py");
  const module = ["main.py", "app.py", "app/main.py"].find((path) => found.has(path));
  if (needs === undefined && !hasManage) return undefined;
  if (!hasManage && !module) return undefined;
  const install =
    needs === undefined
      ? "[ -d .venv ] || python3 -m venv .venv || exit 1; "
      : "[ -d .venv ] || { python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt; } || exit 1; ";
  const name = (module ?? "").replace(/\.py$/, "").replaceAll("/", ".");
  const has = (word: string) => new RegExp(`^${word}\\b`, "im").test(needs ?? "");
  const [framework, start] = hasManage
    ? ["django", 'manage.py runserver "0.0.0.0:$PORT"']
    : has("fastapi") || has("uvicorn")
      ? ["fastapi", `-m uvicorn ${name}:app --host 0.0.0.0 --port "$PORT"`]
      : has("flask")
        ? ["flask", `-m flask --app ${name} run --host 0.0.0.0 --port "$PORT"`]
        : ["python", `-m ${name}`];
  return { command: shell(`${install}exec .venv/bin/python ${start}`), port: 8000, framework: framework ?? null };
}

const fromGo = (found: Found): ServiceShape | undefined =>
  found.has("go.mod") ? { command: shell("exec go run ."), port: 8080, framework: "go" } : undefined;

const fromPage = (found: Found): ServiceShape | undefined =>
  found.has("index.html")
    ? { command: shell('exec python3 -m http.server --bind 0.0.0.0 "$PORT"'), port: unknownPort, framework: "static" }
    : undefined;
