import { describe, expect, test } from "vitest";
import { allTools } from "../tools/index.ts";
import { answer, call, calls, play } from "../testing/harness.ts";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import { countSources, repoMap } from "./repo-map.ts";
import { declarationsOf, grammarOf } from "./symbols.ts";

const brief = async (path: string, text: string): Promise<string[]> =>
  (await declarationsOf(grammarOf(path)!, text)).map(
    (one) => `${one.line} ${one.signature}${one.members.length > 0 ? ` {${one.members.join(",")}}` : ""}`,
  );

describe("declarations of a file", () => {
  test.each([
    [
      "a.ts",
      'import x from "x";\nexport async function run(a: string): Promise<void> {\n  await x;\n}\nconst hidden = 1;\nexport const shown = 2;\nconst arrow = (a: number) => {\n  return a;\n};\n',
      ["2 export async function run(a: string): Promise<void>", "6 export const shown = 2;", "7 const arrow"],
    ],
    [
      "a.tsx",
      "export default function App({ name }: Props) {\n  return <p>{name}</p>;\n}\ninterface Props {\n  name: string;\n}\n",
      ["1 export default function App(", "4 interface Props {name}"],
    ],
    [
      "a.ts",
      "export class Store extends Base {\n  private a = 1;\n  get(id: string) {}\n  set(id: string) {}\n}\nexport type Id = string;\nexport enum Kind { A, B }\n",
      ["1 export class Store extends Base {get,set}", "6 export type Id = string;", "7 export enum Kind"],
    ],
    [
      "a.py",
      "import os\n\n@app.get('/')\ndef index(name: str) -> str:\n    return name\n\nclass Shop(Base):\n    def open(self):\n        pass\n",
      ["3 @app.get('/') def index(name: str) -> str: return name", "7 class Shop(Base): def open(self): pass {open}"],
    ],
    [
      "a.go",
      "package main\n\nfunc Serve(addr string) error {\n\treturn nil\n}\n\ntype Shop struct {\n\tName string\n}\n",
      ["1 package main", "3 func Serve(addr string) error", "7 type Shop struct"],
    ],
    [
      "a.rs",
      "pub struct Shop { name: String }\nimpl Shop {\n    pub fn open(&self) {}\n}\npub fn main() {}\n",
      ["1 pub struct Shop", "2 impl Shop {open}", "5 pub fn main()"],
    ],
    ["broken.ts", "export function ok() {}\nexport function broken( {\n", ["1 export function ok()"]],
    ["a.js", "", []],
  ])("%s", async (path, text, expected) => {
    const found = await brief(path, text);
    for (const one of expected) expect(found).toContainEqual(expect.stringContaining(one));
    if (expected.length === 0) expect(found).toEqual([]);
  });
});

test("the tool maps a folder without generated files and tests, and shortens the map to the limit", async () => {
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `lib/file${index}.ts`,
      `export function function${index}(argument: string): Promise<Record<string, number>> {}\n`,
    ]),
  );
  await using ws = await tempWorkspace({
    "src/a.ts": "export function a() {}\n",
    "src/a.test.ts": "test()",
    "dist/a.js": "function x() {}",
    "node_modules/m/i.js": "function y() {}",
    "notes.md": "# hi",
    ...many,
  });
  expect(await countSources(ws.files, ".")).toBe(301);
  const run = await play(
    ws,
    [
      calls(
        call("repo_map", { path: "src" }),
        call("repo_map", {}),
        call("repo_map", { path: "src/a.ts" }),
        call("repo_map", { path: "../" }),
      ),
      answer("ok"),
    ],
    { tools: [...allTools, repoMap] },
  );
  const results = run.first("agent_step").data.tool_results;
  expect(results[0]!.result!.content).toBe("src/a.ts\n  1 export function a()");
  const all = results[1]!.result!.content as string;
  expect(all.length).toBeLessThanOrEqual(9_000);
  expect(all).toContain("lib/file299.ts");
  expect(all).not.toContain("node_modules");
  expect(results[2]!.result!.content).toBe("src/a.ts\n  1 export function a()");
  expect(results[3]!.success).toBe(false);
});
