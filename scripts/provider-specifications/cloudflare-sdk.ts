import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Operation, Schema, Specification } from "../../packages/testkit/src/specifications/specification.ts";
import type { Wanted } from "./openapi.ts";

/** The parts of the compiler's interface that are used; our compiler has no such interface. */
interface Type {
  flags: number;
  value?: unknown;
  types?: Type[];
  intrinsicName?: string;
  symbol?: Symbol;
}
interface Symbol {
  name: string;
  flags: number;
  exports?: Map<string, Symbol>;
}
interface Checker {
  getSymbolAtLocation(node: unknown): Symbol | undefined;
  getDeclaredTypeOfSymbol(symbol: Symbol): Type;
  getTypeOfSymbol(symbol: Symbol): Type;
  getPropertiesOfType(type: Type): Symbol[];
  getIndexTypeOfType(type: Type, kind: number): Type | undefined;
  getTypeArguments(type: Type): Type[];
  isArrayType(type: Type): boolean;
  typeToString(type: Type): string;
  getExportsOfModule(symbol: Symbol): Symbol[];
}
interface Compiler {
  TypeFlags: Record<
    | "Any"
    | "Unknown"
    | "String"
    | "Number"
    | "Boolean"
    | "BooleanLiteral"
    | "StringLiteral"
    | "NumberLiteral"
    | "Null"
    | "Undefined"
    | "Union"
    | "Object",
    number
  >;
  SymbolFlags: { Optional: number };
  IndexKind: { String: number };
  createProgram(files: string[], options: object): { getTypeChecker(): Checker; getSourceFile(name: string): unknown };
  displayPartsToString(parts: unknown): string;
}

/** Cloudflare publishes its API as the types of its SDK, which it generates from the API's own description. */
export async function fromCloudflareSdk(
  folder: string,
  compilerFolder: string,
  wanted: Wanted,
): Promise<Pick<Specification, "operations" | "definitions">> {
  const compiler = ((await import(pathToFileURL(join(compilerFolder, "lib/typescript.js")).href)) as { default: Compiler }).default;
  const scripts = globSync("resources/**/*.js", { cwd: folder }).map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
  const found = wanted.map((name) => {
    const [method = "", path = ""] = name.split(" ");
    const verb = method === "GET" ? "(?:get|getAPIList)" : method.toLowerCase();
    const template = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "\\$\\{[^}]+\\}");
    const call = new RegExp(`_client\\s*\\.${verb}\\([^\`']*[\`']${template}[\`']([^;]*)`);
    for (const { file, text } of scripts) {
      const match = call.exec(text);
      if (!match) continue;
      // The method that contains the call is the last one that starts before it.
      const own = [...text.slice(0, match.index).matchAll(/^ {8}(?:async )?(\w+)\([^)]*\) \{$/gm)].at(-1)?.[1] ?? "";
      return {
        method,
        path,
        own,
        declarations: join(folder, file.replace(/\.js$/, ".d.ts")),
        head: text.slice(Math.max(0, match.index - 400), match.index),
        call: match[1] ?? "",
      };
    }
    throw new Error(`${name} is not published`);
  });
  const program = compiler.createProgram([...new Set(found.map(({ declarations }) => declarations))], {
    skipLibCheck: true,
    target: 99,
    strict: true,
  });
  const checker = program.getTypeChecker();
  const { TypeFlags: flags } = compiler;

  const read = (type: Type, depth = 0): Schema => {
    const is = (flag: number) => (type.flags & flag) !== 0;
    if (depth > 12 || is(flags.Any) || is(flags.Unknown)) return {};
    if (is(flags.Union) && type.types) {
      const parts = type.types.filter((part) => (part.flags & flags.Undefined) === 0);
      const literals = parts.filter((part) => (part.flags & (flags.StringLiteral | flags.NumberLiteral)) !== 0).map(({ value }) => value);
      const isBoolean = parts.some((part) => (part.flags & flags.BooleanLiteral) !== 0);
      const others = parts.filter((part) => (part.flags & (flags.StringLiteral | flags.NumberLiteral | flags.BooleanLiteral)) === 0);
      const options: Schema[] = [
        ...(literals.length > 0 ? [{ enum: literals }] : []),
        ...(isBoolean ? [{ type: "boolean" }] : []),
        ...others.map((part) => read(part, depth + 1)),
      ];
      return options.length === 1 ? (options[0] as Schema) : { anyOf: options };
    }
    if (is(flags.StringLiteral) || is(flags.NumberLiteral)) return { enum: [type.value] };
    if (is(flags.String)) return { type: "string" };
    if (is(flags.Number)) return { type: "number" };
    if (is(flags.Boolean) || is(flags.BooleanLiteral)) return { type: "boolean" };
    if (is(flags.Null)) return { type: "null" };
    if (checker.isArrayType(type)) return { type: "array", items: read(checker.getTypeArguments(type)[0] as Type, depth + 1) };
    // Files, and values that can be read as one.
    if (/Uploadable|Response|Blob|File|ReadStream|ArrayBuffer/.test(checker.typeToString(type))) return {};
    const properties = checker.getPropertiesOfType(type);
    const index = checker.getIndexTypeOfType(type, compiler.IndexKind.String);
    if (index) return { type: "object", additionalProperties: read(index, depth + 1) };
    const required = properties
      .filter((property) => (property.flags & compiler.SymbolFlags.Optional) === 0)
      .map((property) => property.name);
    return {
      type: "object",
      properties: Object.fromEntries(properties.map((property) => [property.name, read(checker.getTypeOfSymbol(property), depth + 1)])),
      ...(required.length > 0 && { required }),
      ...(properties.length === 0 && { additionalProperties: false }),
    };
  };

  const operations = found.map(({ method, path, own, declarations, head, call }): Operation => {
    const text = readFileSync(declarations, "utf8");
    const signature = new RegExp(`^ {4}${own}\\(([^)]*)\\)`, "m").exec(text)?.[1] ?? "";
    const typeName = /(?:params|query|body)\??: (\w+)/.exec(signature)?.[1];
    if (typeName === undefined) return { method, path, query: {} };
    const module = checker.getSymbolAtLocation(program.getSourceFile(declarations));
    const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === typeName);
    if (!symbol) throw new Error(`${method} ${path}: no type ${typeName}`);
    const declared = checker.getDeclaredTypeOfSymbol(symbol);
    const fields = checker.getPropertiesOfType(declared);
    const isPath = (name: string) =>
      new RegExp(`\\b${name}\\b[^;]*\\} = params`).test(head) && new RegExp(`\\$\\{${name}\\}`).test(call + head)
        ? true
        : path.includes(`{${name}}`);
    const queryNames = new Set(
      /[{ ]query\b(?!:)/.test(call)
        ? fields.map(({ name }) => name).filter((name) => !isPath(name))
        : [...(/query: \{([^}]*)\}/.exec(call)?.[1] ?? "").matchAll(/\w+/g)].map(([name]) => name),
    );
    const query: Operation["query"] = {};
    const bodyFields = fields.filter(({ name }) => !isPath(name) && !queryNames.has(name));
    for (const field of fields) if (queryNames.has(field.name)) query[field.name] = read(checker.getTypeOfSymbol(field));
    if (method === "GET" || bodyFields.length === 0) return { method, path, query };
    const [only] = bodyFields;
    const schema: Schema =
      bodyFields.length === 1 && only?.name === "body"
        ? read(checker.getTypeOfSymbol(only))
        : {
            type: "object",
            properties: Object.fromEntries(bodyFields.map((field) => [field.name, read(checker.getTypeOfSymbol(field))])),
            required: bodyFields.filter((field) => (field.flags & compiler.SymbolFlags.Optional) === 0).map(({ name }) => name),
          };
    const isForm = /multipart/i.test(head.slice(-120) + call);
    return { method, path, query, body: { [isForm ? "multipart/form-data" : "application/json"]: { schema } } };
  });
  return { operations, definitions: {} };
}
