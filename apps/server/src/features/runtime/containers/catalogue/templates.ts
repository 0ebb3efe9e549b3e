const placeholder = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** What describes where a container is, rather than what it was given. */
const placeNames = new Set(["container_name", "internal_port"]);

/** The names a template asks for. */
export const namesIn = (template: string): string[] => [...template.matchAll(placeholder)].map(([, name]) => name ?? "");

/**
 * Fills `{NAME}` of a template. Within an address (`…://…`) values are URL-encoded. `undefined` when a name has no value:
 * what cannot be said completely is not said.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string | undefined {
  if (namesIn(template).some((name) => values[name] === undefined)) return undefined;
  const isAddress = template.includes("://");
  return template.replace(placeholder, (_, name: string) =>
    isAddress && !placeNames.has(name) ? encodeURIComponent(values[name] ?? "") : (values[name] ?? ""),
  );
}
