const placeholder = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** Names that describe the container's address instead of its variables. */
const addressNames = new Set(["container_name", "internal_port"]);

/** Variables a template refers to. */
export const namesIn = (template: string): string[] => [...template.matchAll(placeholder)].map(([, name]) => name ?? "");

/** Fills `{NAME}` in a template. Values inside a URL are URL-encoded. `undefined` when a variable has no value. */
export function fill(template: string, values: Readonly<Record<string, string>>): string | undefined {
  if (namesIn(template).some((name) => values[name] === undefined)) return undefined;
  const isAddress = template.includes("://");
  return template.replace(placeholder, (_, name: string) =>
    isAddress && !addressNames.has(name) ? encodeURIComponent(values[name] ?? "") : (values[name] ?? ""),
  );
}
