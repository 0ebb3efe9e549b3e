import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TreeSitter from "@vscode/tree-sitter-wasm";
import type { Language, Node, Parser } from "@vscode/tree-sitter-wasm";

/** The declarations of a file. */
export interface Declaration {
  /** As written, without its body, on one line. */
  signature: string;
  /** 1-based. */
  line: number;
  /** Names of members. */
  members: string[];
}

const grammars: Record<string, string> = {
  ts: "typescript", mts: "typescript", cts: "typescript", tsx: "tsx", jsx: "tsx", js: "javascript", mjs: "javascript", cjs: "javascript",
  py: "python", go: "go", rs: "rust", java: "java", rb: "ruby", php: "php", cs: "c-sharp", cpp: "cpp", cc: "cpp", hpp: "cpp", c: "cpp", h: "cpp",
}; // prettier-ignore
const declares =
  /function|class|interface|type_alias|enum|struct|trait|impl_item|module|namespace|method|type_declaration|type_item|const_item|record_declaration|package/;
const wraps = new Set([
  "export_statement",
  "decorated_definition",
  "ambient_declaration",
  "declaration_list",
  "namespace_declaration",
  "module",
  "internal_module",
]);
const holdsMembers = /class|interface|struct|trait|impl|enum|module/;
const maxSignature = 140;
const maxMembers = 30;

export const grammarOf = (path: string): string | undefined => {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(grammars, extension) ? grammars[extension] : undefined;
};

type Library = typeof TreeSitter;
let opened: Promise<{ library: Library; folder: string }> | undefined;
const languages = new Map<string, Promise<Language>>();

/** The parser and its grammars are loaded on first use. They run in WebAssembly, so hostile source code is harmless. */
async function parserFor(grammar: string): Promise<Parser> {
  opened ??= (async () => {
    const require = createRequire(import.meta.url);
    const entry = require.resolve("@vscode/tree-sitter-wasm");
    const library = require("@vscode/tree-sitter-wasm") as Library;
    const folder = dirname(entry);
    await library.Parser.init({ locateFile: (name: string) => join(folder, name) });
    return { library, folder };
  })();
  const { library, folder } = await opened;
  let language = languages.get(grammar);
  if (!language) {
    language = library.Language.load(join(folder, `tree-sitter-${grammar}.wasm`));
    languages.set(grammar, language);
  }
  const parser = new library.Parser();
  parser.setLanguage(await language);
  return parser;
}

/** Top-level declarations. A file with syntax errors returns what can be parsed. */
export async function declarationsOf(grammar: string, text: string): Promise<Declaration[]> {
  const parser = await parserFor(grammar);
  const tree = parser.parse(text);
  try {
    return tree ? tree.rootNode.namedChildren.flatMap((node) => (node ? declared(node, node) : [])) : [];
  } finally {
    tree?.delete();
    parser.delete();
  }
}

function declared(node: Node, whole: Node): Declaration[] {
  if (wraps.has(node.type))
    return node.namedChildren.flatMap((child) =>
      child ? declared(child, node.type === "export_statement" || node.type === "decorated_definition" ? whole : child) : [],
    );
  const isValue = /lexical_declaration|variable_declaration|const_declaration|var_declaration/.test(node.type);
  // Constants only if they are exported or functions.
  if (isValue && whole.type !== "export_statement" && !/=>|function/.test(node.text.slice(0, 400))) return [];
  if (!isValue && !declares.test(node.type)) return [];
  return [
    { signature: signatureOf(whole), line: whole.startPosition.row + 1, members: holdsMembers.test(node.type) ? membersOf(node) : [] },
  ];
}

function signatureOf(node: Node): string {
  const text = node.text.slice(0, 600).replaceAll(/\s+/g, " ").trim();
  const body = text.search(/\s*(=>\s*[{(]|\{|:\s*$|=\s*(async\s*)?\()/);
  const head = body > 8 ? text.slice(0, body) : text;
  return head.length > maxSignature ? `${head.slice(0, maxSignature)}…` : head;
}

function membersOf(node: Node): string[] {
  const body = node.childForFieldName("body") ?? node;
  return body.namedChildren
    .filter((child) => child !== null && /method|function|property_signature|enum_variant|enum_assignment/.test(child.type))
    .flatMap((child) => child?.childForFieldName("name")?.text ?? [])
    .slice(0, maxMembers);
}
