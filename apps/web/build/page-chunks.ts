import { join } from "node:path";
import type { OutputOptions } from "rolldown";

type Groups = NonNullable<Exclude<OutputOptions["codeSplitting"], boolean | undefined>["groups"]>;
type Context = Parameters<Exclude<Groups[number]["name"], string>>[1];
type ModuleInfo = NonNullable<ReturnType<Context["getModuleInfo"]>>;

const source = join(import.meta.dirname, "../src");
const files = (...paths: string[]): readonly string[] => paths.map((path) => join(source, path));

/** Where each part of the app begins. */
const roots = {
  /** What no page does without. */
  core: files("main.tsx"),
  /** What the landing page and the signed-in pages have in common. */
  public: files(),
  landing: files("features/landing/LandingPage.tsx", "frame/VisitorFrame.tsx"),
  /** Everything around a signed-in page, and what pages have in common. */
  frame: files("frame/AppFrame.tsx"),
  auth: files("features/auth/LoginPage.tsx", "features/auth/RegisterPage.tsx"),
  home: files("features/home/HomePage.tsx"),
  help: files("features/help/HelpPage.tsx", "features/help/HelpHomePage.tsx"),
  /** What the workbench and pages without it have in common, and the first pages do not need. */
  project: files(),
  workbench: files("features/workbench/WorkbenchPage.tsx"),
  transcript: files("features/chat/Transcript.tsx"),
  /** What a run asks by. */
  cards: files("features/chat/ApprovalCard.tsx", "features/chat/QuestionCard.tsx", "features/chat/PlanCard.tsx"),
};
type Part = keyof typeof roots;
/** Where that goes which a part shares with others. */
const shared: Record<Exclude<Part, "core" | "frame">, Part> = {
  public: "core",
  landing: "public",
  auth: "core",
  home: "frame",
  help: "frame",
  project: "frame",
  workbench: "project",
  transcript: "workbench",
  cards: "workbench",
};
/** Too heavy for pages that do not show it. */
const heavy = files("ui/markdown/Markdown.tsx");

/** Files of packages that hand on everything they have: only what is named there is used of them. */
const isBarrel = (id: string) => /\/node_modules\/(?:lucide-react\/dist\/esm\/lucide-react|radix-ui\/dist\/index)\.m?js$/.test(id);
/** Modules that are used in part (build/pure-contract.ts): the bundler places them by what is left of them. */
const isLoose = (id: string, context: Context) =>
  id.includes("/node_modules/typebox/") || (id.includes("/packages/contract/") && (context.getModuleInfo(id)?.importedIds.length ?? 0) > 0);

const last = (name: string) =>
  name
    .trim()
    .split(/\s+as\s+/)
    .at(-1) ?? "";

/** Where each name of a barrel comes from. */
function sourcesOf(code: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const [, names = "", from = ""] of code.matchAll(/export\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/g))
    for (const name of names.split(",")) sources.set(last(name), from);
  for (const [, name = "", from = ""] of code.matchAll(/import\s*\*\s*as\s+(\w+)\s+from\s*["']([^"']+)["']/g)) sources.set(name, from);
  return sources;
}

/** Puts every module that the first pages load into the file of its part, so that a page comes in a handful of files. */
export function createPartOf(): (id: string, context: Context) => string | null {
  const barrels = new Map<string, ReadonlyMap<string, string>>();
  let parts: ReadonlyMap<string, Part> | undefined;

  /** What `importer` uses of a barrel; all of it where that cannot be determined. */
  function usedOf(barrel: string, importer: ModuleInfo, context: Context): readonly string[] {
    const info = context.getModuleInfo(barrel);
    const all = info?.importedIds ?? [];
    const sources = barrels.get(barrel) ?? sourcesOf(info?.code ?? "");
    barrels.set(barrel, sources);
    const names = [...(importer.code ?? "").matchAll(/import\s*\{([^}]*)\}\s*from\s*["']([^"'./]+)["']/g)]
      .filter(([, , from]) => barrel.includes(`/node_modules/${from}/`))
      .flatMap(([, list = ""]) => list.split(",").map((name) => name.trim().split(/\s+as\s+/)[0] ?? ""))
      .filter(Boolean);
    const used = names.map((name) => sources.get(name));
    if (used.length === 0 || used.includes(undefined)) return all;
    return all.filter((id) =>
      used.some((from = "") => (from.startsWith(".") ? id.endsWith(from.slice(1)) : id.includes(`/node_modules/${from}/`))),
    );
  }

  /** All that modules bring along; `followsDynamicImports`: also what they may load later. Stops at `end`. */
  function closureOf(
    from: readonly string[],
    context: Context,
    { followsDynamicImports = false, end = [] as readonly string[] } = {},
  ): ReadonlySet<string> {
    const found = new Set<string>();
    const queue = [...from];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (found.has(id) || end.includes(id)) continue;
      found.add(id);
      const info = context.getModuleInfo(id);
      if (!info) continue;
      for (const imported of info.importedIds)
        if (isBarrel(imported)) queue.push(...usedOf(imported, info, context));
        else if (!isLoose(imported, context)) queue.push(imported);
      if (followsDynamicImports) queue.push(...info.dynamicallyImportedIds);
    }
    return found;
  }

  function assign(context: Context): ReadonlyMap<string, Part> {
    const assigned = new Map<string, Part>();
    /** What can be reached without a part. */
    const others = new Map<Part, ReadonlySet<string>>();
    const elsewhere = (part: Part) => {
      const known =
        others.get(part) ??
        (part === "project"
          ? closureOf([...roots.frame, ...roots.auth, ...roots.home], context)
          : part === "public"
            ? closureOf(roots.auth, context)
            : closureOf(roots.core, context, { followsDynamicImports: true, end: roots[part] }));
      others.set(part, known);
      return known;
    };
    // What comes later takes from what came before: each part is loaded after those that are named above it.
    for (const part of (Object.keys(roots) as Part[]).toReversed()) {
      for (const id of closureOf(roots[part], context, { end: part === "core" ? [] : heavy })) {
        let home: Part = part;
        while (home !== "core" && home !== "frame" && !roots[home].includes(id) && elsewhere(home).has(id)) home = shared[home];
        // What the help has in common with the workbench, or with views that are loaded on demand: the bundler makes small files of it.
        if (part === "help" && home === "frame" && !elsewhere("project").has(id)) {
          assigned.delete(id);
          continue;
        }
        if (assigned.get(id) !== "core") assigned.set(id, home);
      }
    }
    return assigned;
  }

  return (id, context) => {
    if (isLoose(id, context) || isBarrel(id)) return null;
    parts ??= assign(context);
    return parts.get(id) ?? null;
  };
}
