import type { Json } from "../openapi-components.ts";
import { escapeHtml, paragraphsToHtml, wordsToHtml } from "./html.ts";

/** Objects in objects are shown to this depth; what is deeper says its name. */
const maxDepth = 6;

function createReader(document: Json) {
  const resolve = (value: Json): Json => {
    const ref = value["$ref"];
    if (typeof ref !== "string") return value;
    return ref
      .slice(2)
      .split("/")
      .reduce<Json>((at, key) => (at[decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")] ?? {}) as Json, document);
  };
  const nameOf = (schema: Json) => (typeof schema["$ref"] === "string" ? String(schema["$ref"]).split("/").at(-1) : undefined);
  const listOf = (value: unknown) => (Array.isArray(value) ? (value as Json[]) : []);
  const choicesOf = (schema: Json) => [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])];

  /** "string (uuid)", "list of Project", "“ask” or “plan”". */
  function typeOf(given: Json): string {
    const schema = resolve(given);
    if ("const" in schema) return JSON.stringify(schema["const"]);
    if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" or ");
    const choices = choicesOf(schema);
    if (choices.length > 0) return nameOf(given) ?? [...new Set(choices.map(typeOf))].join(" or ");
    if (schema["type"] === "array") return `list of ${typeOf((schema["items"] ?? {}) as Json)}`;
    if (schema["type"] === "object" || schema["properties"] || schema["allOf"]) return nameOf(given) ?? "object";
    const type = [schema["type"] ?? "any value"].flat().join(" or ");
    return schema["format"] ? `${type} (${String(schema["format"])})` : type;
  }
  function limitsOf(schema: Json): string {
    const words = [
      ["minLength", "at least", "characters"],
      ["maxLength", "at most", "characters"],
      ["minimum", "at least", ""],
      ["maximum", "at most", ""],
      ["minItems", "at least", "items"],
      ["maxItems", "at most", "items"],
      ["pattern", "matches", ""],
    ] as const;
    const limits = words.flatMap(([key, word, unit]) => (key in schema ? [`${word} ${String(schema[key])} ${unit}`.trim()] : []));
    if ("default" in schema) limits.push(`default ${JSON.stringify(schema["default"])}`);
    return limits.join(", ");
  }

  /** The objects that a value is, or has in it. */
  function objectsOf(given: Json, seen: readonly string[]): { schema: Json; seen: readonly string[]; title: string | undefined }[] {
    const name = nameOf(given);
    if (name && seen.includes(name)) return [];
    const next = name ? [...seen, name] : seen;
    const schema = resolve(given);
    if (schema["properties"]) return [{ schema, seen: next, title: name }];
    if (schema["type"] === "array") return objectsOf((schema["items"] ?? {}) as Json, next);
    if (typeof schema["additionalProperties"] === "object" && schema["additionalProperties"])
      return objectsOf(schema["additionalProperties"] as Json, next);
    return [...choicesOf(schema), ...listOf(schema["allOf"])].flatMap((choice) => objectsOf(choice, next));
  }

  const row = (name: string, type: string, isRequired: boolean, notes: string[], inner = "") =>
    `<li><code class="name">${escapeHtml(name)}</code> <span class="type">${escapeHtml(type)}</span>${isRequired ? ' <em class="required">required</em>' : ""}${notes
      .filter(Boolean)
      .map((note) => `<span class="note">${wordsToHtml(note)}</span>`)
      .join("")}${inner}</li>`;

  function properties(schema: Json, seen: readonly string[], depth: number): string {
    const required = new Set(listOf(schema["required"]) as unknown as string[]);
    const rows = Object.entries((schema["properties"] ?? {}) as Record<string, Json>).map(([name, given]) => {
      const property = resolve(given);
      const objects = depth < maxDepth ? objectsOf(given, seen) : [];
      const inner = objects
        .map(
          ({ schema: one, seen: below, title }) =>
            `<details><summary>${escapeHtml(title ?? "Fields")}</summary>${properties(one, below, depth + 1)}</details>`,
        )
        .join("");
      return row(
        name,
        typeOf(given),
        required.has(name),
        [String(given["description"] ?? property["description"] ?? ""), limitsOf(property)],
        inner,
      );
    });
    return `<ul class="fields">${rows.join("\n")}</ul>`;
  }

  function body(content: Record<string, Json> | undefined): string {
    return Object.entries(content ?? {})
      .map(([type, media]) => {
        const schema = (media["schema"] ?? {}) as Json;
        const objects = objectsOf(schema, []);
        const fields = objects
          .map(({ schema: one, seen, title }) =>
            objects.length > 1
              ? `<details><summary>${escapeHtml(title ?? "Fields")}</summary>${properties(one, seen, 1)}</details>`
              : properties(one, seen, 1),
          )
          .join("");
        const example = (resolve(schema)["examples"] as unknown[] | undefined)?.[0];
        const shown =
          example === undefined
            ? ""
            : `<details><summary>Example</summary><pre tabindex="0"><code>${escapeHtml(JSON.stringify(example, undefined, 2))}</code></pre></details>`;
        return `<p><code>${escapeHtml(type)}</code> <span class="type">${escapeHtml(typeOf(schema))}</span></p>${fields}${shown}`;
      })
      .join("");
  }
  return { resolve, row, typeOf, limitsOf, body };
}

/** What a reader needs to know of one operation, from the document of that operation alone. */
export function operationToHtml(document: Json): string {
  const read = createReader(document);
  const [[path, item] = ["", {}]] = Object.entries(document["paths"] as Record<string, Record<string, Json>>);
  const [[method, operation] = ["", {}]] = Object.entries(item);
  const parameters = ((operation["parameters"] ?? []) as Json[]).map(read.resolve);
  const requestBody = operation["requestBody"] as { content?: Record<string, Json> } | undefined;
  const responses = Object.entries((operation["responses"] ?? {}) as Record<string, Json>);
  const parameterRows = parameters.map((parameter) => {
    const schema = (parameter["schema"] ?? {}) as Json;
    const where = String(parameter["in"]);
    return read.row(String(parameter["name"]), `${read.typeOf(schema)}, ${where}`, parameter["required"] === true, [
      String(parameter["description"] ?? read.resolve(schema)["description"] ?? ""),
      read.limitsOf(read.resolve(schema)),
    ]);
  });
  const responseRows = responses.map(([status, given]) => {
    const response = read.resolve(given);
    const content = read.body(response["content"] as Record<string, Json> | undefined);
    const title = `<b class="${status.startsWith("2") || status.startsWith("3") ? "post" : "delete"}">${escapeHtml(status)}</b> ${wordsToHtml(String(response["description"] ?? ""))}`;
    return content ? `<details${status.startsWith("2") ? " open" : ""}><summary>${title}</summary>${content}</details>` : `<p>${title}</p>`;
  });
  return [
    `<h2>${escapeHtml(operation["summary"])}</h2>`,
    `<p class="address"><b class="${method}">${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></p>`,
    paragraphsToHtml(String(operation["description"] ?? "")),
    parameterRows.length > 0 ? `<h3>Parameters</h3><ul class="fields">${parameterRows.join("\n")}</ul>` : "",
    requestBody ? `<h3>Request body</h3>${read.body(requestBody.content)}` : "",
    `<h3>Responses</h3>${responseRows.join("\n")}`,
  ].join("\n");
}
