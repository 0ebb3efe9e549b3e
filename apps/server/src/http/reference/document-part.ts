import type { Json } from "../openapi-components.ts";

/**
 * One part of an OpenAPI document, with everything that its references lead to and with the security schemes: a document of its own, a hundredth
 * of the whole.
 */
export function partOf(document: Json, path: readonly string[]): Json {
  const { openapi, info, servers, security } = document;
  const part: Json = { openapi, info: { ...(info as Json), description: "" }, servers, security, paths: {} };
  const copied = new Set<string>();
  const copy = (keys: readonly string[]) => {
    let [from, to] = [document, part];
    for (const key of keys.slice(0, -1)) [from, to] = [(from[key] ?? {}) as Json, (to[key] ??= {}) as Json];
    const last = keys.at(-1) ?? "";
    to[last] = from[last];
    follow(from[last]);
  };
  const follow = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== "$ref" || typeof inner !== "string" || !inner.startsWith("#/")) follow(inner);
      else if (!copied.has(inner)) {
        copied.add(inner);
        copy(
          inner
            .slice(2)
            .split("/")
            .map((name) => decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~")),
        );
      }
    }
  };
  copy(path);
  copy(["components", "securitySchemes"]);
  return part;
}
