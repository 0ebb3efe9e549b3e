import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
interface Source {
  file: string;
  text: string;
  /** Module specifiers of static and dynamic imports; relative ones resolved to repository paths. */
  imports: { target: string; isTypeOnly: boolean; isLazy: boolean }[];
}
const sources: Source[] = globSync(["apps/*/src/**/*.{ts,tsx}", "packages/*/src/**/*.ts"], {
  cwd: root,
  exclude: ["**/node_modules/**", "**/dist/**"],
}).map((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const imports = [
    ...text.matchAll(/^(?:import|export)\s(type\s)?(?:[^;"']*?\sfrom\s)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm),
  ].map((m) => {
    const specifier = m[2] ?? m[3] ?? "";
    return {
      isTypeOnly: m[1] !== undefined,
      isLazy: m[3] !== undefined,
      target: specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier,
    };
  });
  return { file, text, imports };
});
const product = sources.filter((s) => !/\.test\.tsx?$|\/testing\/|conformance\.ts$/.test(s.file));
const broken = (rule: (source: Source) => string[]) => product.flatMap((s) => rule(s).map((why) => `${s.file} ${why}`));

test("the sources were found", () => {
  expect(product.length).toBeGreaterThan(50);
});

const arrows: Record<string, string[]> = {
  "packages/contract": [],
  "packages/client": ["@tesslate/contract"],
  "packages/agent": ["@tesslate/text-calls"],
  "packages/text-calls": [],
  "packages/runtime": [],
  "packages/testkit": [],
  "apps/server": ["@tesslate/contract", "@tesslate/agent", "@tesslate/runtime"],
  "apps/web": ["@tesslate/client", "@tesslate/contract"],
};
test("packages depend in one direction: web → client → contract; server → contract, agent, runtime; agent → text-calls; other packages on none of ours", () => {
  expect(
    broken(({ file, imports }) => {
      const home = file.split("/").slice(0, 2).join("/");
      return imports.flatMap(({ target }) => {
        if (target.startsWith("@tesslate/")) {
          const name = target.split("/").slice(0, 2).join("/");
          return arrows[home]?.includes(name)
            ? []
            : [`imports ${name}: ${home} may only know ${arrows[home]?.join(", ") || "nothing of ours"}`];
        }
        return target.startsWith("apps/") || target.startsWith("packages/")
          ? target.startsWith(`${home}/`) || target.startsWith("packages/contract/package")
            ? []
            : [`reaches into ${target} by path`]
          : [];
      });
    }),
  ).toEqual([]);
});

test("contract and client load in a browser: no node modules, typebox only", () => {
  expect(
    broken(({ file, imports }) =>
      /^packages\/(contract|client)\//.test(file)
        ? imports
            .filter(({ target }) => !/^(packages\/|@tesslate\/contract$|typebox)/.test(target))
            .map(({ target }) => `imports ${target}`)
        : [],
    ),
  ).toEqual([]);
});

test("features import each other only through index.ts", () => {
  expect(
    broken(({ file, imports }) => {
      const own = /^apps\/server\/src\/features\/([^/]+\/[^/]+)\//.exec(file)?.[1];
      if (!own) return [];
      return imports.flatMap(({ target }) => {
        const other = /^apps\/server\/src\/features\/([^/]+\/[^/]+)\/(.+)$/.exec(target);
        return other && other[1] !== own && other[2] !== "index.ts" ? [`imports the inside of ${other[1]}: ${other[2]}`] : [];
      });
    }),
  ).toEqual([]);
});

/** Tables of pages and views, each of which is loaded on demand from the file that defines it. */
const webTables = ["apps/web/src/routes.tsx", "apps/web/src/features/workbench/views.tsx"];
const webFeatureOf = (path: string) => /^apps\/web\/src\/features\/([^/]+)\//.exec(path)?.[1];
test("features of the web UI meet through index.ts", () => {
  expect(
    broken(({ file, imports }) =>
      file.startsWith("apps/web/src/")
        ? imports.flatMap(({ target, isLazy }) => {
            const other = webFeatureOf(target);
            if (other === undefined || other === webFeatureOf(file) || target.endsWith(`/${other}/index.ts`)) return [];
            return isLazy && webTables.includes(file) ? [] : [`imports the inside of ${other}: ${target}`];
          })
        : [],
    ),
  ).toEqual([]);
});

test("an index.ts of the web UI only re-exports: the build looks up in it where names are defined", () => {
  expect(
    broken(({ file, text }) =>
      /^apps\/web\/src\/features\/[^/]+\/index\.ts$/.test(file) &&
      text.replace(/^export (type )?\{[^}]*\} from "\.\/[^"]+";\n/gm, "") !== ""
        ? ["does more than re-export by name"]
        : [],
    ),
  ).toEqual([]);
});

/** From the ground up, as in ARCHITECTURE.md: a folder of the web UI imports only its own files and those of folders before it. */
const webLayers = [
  /^(lib|theme|(shortcuts|settings)\.ts|pages\.tsx)/,
  /^api\.ts$/,
  /^ui\//,
  /^project\//,
  /^features\//,
  /^frame\//,
  /^(routes|app|main)\.tsx$/,
];
const webLayerOf = (path: string) => webLayers.findIndex((layer) => layer.test(path.replace("apps/web/src/", "")));
test("a layer of the web UI imports only layers below it", () => {
  expect(
    broken(({ file, imports }) =>
      file.startsWith("apps/web/src/") && !file.endsWith(".d.ts")
        ? webLayerOf(file) < 0
          ? ["is in no known layer"]
          : imports
              .filter(({ target }) => target.startsWith("apps/web/src/") && webLayerOf(target) > webLayerOf(file))
              .map(({ target }) => `imports ${target}, which is above it`)
        : [],
    ),
  ).toEqual([]);
});

test("the web UI does not import its gallery, which no build contains", () => {
  expect(
    broken(({ imports }) =>
      imports.filter(({ target }) => target.startsWith("apps/web/gallery/")).map(({ target }) => `imports ${target}`),
    ),
  ).toEqual([]);
});

test("two files of the web UI do not export different things under one name", () => {
  const files = new Map<string, Set<string>>();
  for (const { file, text } of product) {
    // A component that is loaded on demand has the name of the component.
    if (!file.startsWith("apps/web/src/") || file.endsWith("/on-demand.ts")) continue;
    for (const [, name = ""] of text.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm))
      files.set(name, (files.get(name) ?? new Set()).add(file));
  }
  expect(files.size).toBeGreaterThan(500);
  expect([...files].filter(([, found]) => found.size > 1).map(([name, found]) => `${name}: ${[...found].join(", ")}`)).toEqual([]);
});

/** From the lowest to the highest, as in ARCHITECTURE.md: an area imports only those before it. */
const areas = ["core", "accounts", "billing", "projects", "runtime", "source", "agent", "delivery", "store", "external", "operations"];
const areaOf = (path: string) => /^apps\/server\/src\/features\/([^/]+)\//.exec(path)?.[1];
test("only lib/ of the web UI formats numbers, money, dates and times", () => {
  expect(
    broken(({ file, text }) =>
      /^apps\/web\/src\/(?!lib\/)/.test(file) &&
      /\bIntl\.(?:NumberFormat|DateTimeFormat|RelativeTimeFormat)\b|\.toLocale(?:Date|Time)?String\(|\.toFixed\(/.test(text)
        ? ["formats a value itself: docs/writing.md lists the functions"]
        : [],
    ),
  ).toEqual([]);
});

test("an area of the server imports only areas below it", () => {
  const counts = new Map<string, number>();
  const upward = broken(({ file, imports }) => {
    const own = areaOf(file);
    if (own === undefined) return [];
    if (!areas.includes(own)) return ["is in no known area"];
    return imports.flatMap(({ target }) => {
      const other = areaOf(target);
      if (other === undefined || other === own) return [];
      counts.set(`${own} ${other}`, (counts.get(`${own} ${other}`) ?? 0) + 1);
      return areas.indexOf(other) > areas.indexOf(own) ? [`imports ${other}, which is above ${own}: ${target}`] : [];
    });
  });
  const row = (cells: string[]) =>
    cells
      .map((cell) => cell.slice(0, 10).padEnd(11))
      .join("")
      .trimEnd();
  const matrix = areas.map((from) => row([from, ...areas.map((to) => String(counts.get(`${from} ${to}`) ?? (from === to ? "-" : "")))]));
  process.stdout.write(`imports between areas (row imports column)\n${[row(["", ...areas]), ...matrix].join("\n")}\n`);
  expect(upward).toEqual([]);
});

test("platform/, http/ and db/ import no feature", () => {
  expect(
    broken(({ file, imports }) =>
      /^apps\/server\/src\/(platform|http|db)\//.test(file)
        ? imports.filter(({ target }) => areaOf(target) !== undefined).map(({ target }) => `imports ${target}`)
        : [],
    ),
  ).toEqual([]);
});

test("only http/ imports the HTTP library; only stores, the schema and platform contain SQL", () => {
  expect(
    broken(({ file, imports }) => {
      if (!file.startsWith("apps/server/src/")) return [];
      const isHttp = file.startsWith("apps/server/src/http/");
      const mayKnowSql = /\.store\.ts$|src\/(?:platform|db)\//.test(file);
      return imports.flatMap(({ target, isTypeOnly }) => {
        if (!isHttp && !isTypeOnly && /^(@fastify\/|fastify)/.test(target)) return [`imports ${target}`];
        if (!mayKnowSql && !isTypeOnly && /^(drizzle-orm|pg$)/.test(target)) return [`imports ${target}: SQL belongs in a *.store.ts`];
        return [];
      });
    }),
  ).toEqual([]);
});

/** Tables whose rows more than one module writes. Every other table is written by the one feature that owns it. */
const sharedTables: Record<string, string[]> = {
  // The event log numbers the events of a project and of a task in the statement that stores them.
  projects: ["projects/projects", "platform"],
  tasks: ["core/tasks", "platform"],
  events: ["platform", "core/tasks"],
  // Balances, Stripe's ids and spend, and referral codes are columns of the user, because money moves under the lock of this row.
  users: ["accounts/users", "accounts/auth", "billing/credits", "billing/billing", "billing/referrals"],
  // A chat and its runs share their rows: steering, plans, evidence and repairs are written in the same transactions as messages.
  chats: ["agent/chats", "agent/runs", "agent/mcp"],
  messages: ["agent/chats", "agent/runs", "agent/queue", "agent/repairs", "agent/verify"],
  queued_messages: ["agent/queue", "agent/chats", "agent/runs"],
  agent_steps: ["agent/runs", "agent/chats"],
  approvals: ["agent/runs", "agent/chats"],
  plans: ["agent/plans", "agent/chats", "agent/runs"],
};
test("a table is written by the feature that owns it", () => {
  const tables = new Map(
    product
      .filter(({ file }) => file.startsWith("apps/server/src/db/schema/"))
      .flatMap(({ text }) => [...text.matchAll(/export const (\w+) = pgTable\(\s*"(\w+)"/g)].map((m) => [m[1] ?? "", m[2] ?? ""] as const)),
  );
  expect(tables.size).toBeGreaterThan(80);
  const names = new Set(tables.values());
  const writers = new Map<string, Set<string>>();
  for (const { file, text } of product) {
    if (!file.startsWith("apps/server/src/") || file.startsWith("apps/server/src/db/")) continue;
    const writer = /^apps\/server\/src\/(?:features\/([^/]+\/[^/]+)|([^/]+))/.exec(file);
    const alias = new Map([...text.matchAll(/\b(\w+) as (\w+)\b/g)].map((m) => [m[2] ?? "", m[1] ?? ""]));
    const written = [
      ...[...text.matchAll(/\.(?:insert|update|delete)\(\s*(\w+)\s*\)/g)].map((m) => tables.get(alias.get(m[1] ?? "") ?? m[1] ?? "")),
      ...[...text.matchAll(/\b(?:insert into|update|delete from)\s+(\$\{)?"?(\w+)/gi)].map((m) => (m[1] ? tables.get(m[2] ?? "") : m[2])),
    ];
    for (const table of written)
      if (table !== undefined && names.has(table))
        writers.set(table, (writers.get(table) ?? new Set()).add(writer?.[1] ?? writer?.[2] ?? file));
  }
  const strange = [...writers].flatMap(([table, found]) => {
    const allowed = sharedTables[table] ?? [...found].slice(0, 1);
    return [...found].filter((one) => !allowed.includes(one)).map((one) => `${one} writes ${table}, which belongs to ${allowed[0]}`);
  });
  expect(strange).toEqual([]);
});

test("only main.ts reads the environment of the server", () => {
  expect(
    broken(({ file, text }) =>
      file.startsWith("apps/server/src/") && file !== "apps/server/src/main.ts" && /process\.env\b/.test(text) ? ["reads process.env"] : [],
    ),
  ).toEqual([]);
});

test("no import cycles, of values or types (dynamic imports aside)", () => {
  const graph = new Map(product.map((s) => [s.file, s.imports.filter((i) => !i.isLazy).map((i) => i.target)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file))
      return void cycles.push([...path.slice(path.indexOf(file)), file].map((f) => relative("apps/server/src", f)).join(" → "));
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) if (graph.has(next)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test("meaningless names are not used", () => {
  expect(product.map((s) => s.file).filter((f) => /(^|[/.-])(utils?|helpers?|managers?|common|misc)([/.-]|$)/i.test(f))).toEqual([]);
});

test("no shell strings and no escape hatches", () => {
  expect(
    broken(({ file, text }) => [
      ...(/\bexecSync\(|\bexec\(\s*`|shell:\s*true/.test(text) && !file.startsWith("packages/testkit/") ? ["runs a shell string"] : []),
      ...(/@ts-ignore|@ts-nocheck/.test(text) || /\bas any\b|: any\b/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""))
        ? ["escapes the type checker"]
        : []),
    ]),
  ).toEqual([]);
});
