/**
 * Fills `{NAME}` of a template. Within an address (`…://…`) values are URL-encoded. `undefined` when a name has no value:
 * what cannot be said completely is not said.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string | undefined {
  const isAddress = template.includes("://");
  let isComplete = true;
  const text = template.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) isComplete = false;
    return isAddress && !placeNames.has(name) ? encodeURIComponent(value ?? "") : (value ?? "");
  });
  return isComplete ? text : undefined;
}

/** What describes where a container is, rather than what it was given. */
const placeNames = new Set(["container_name", "internal_port"]);
