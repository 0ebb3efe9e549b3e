import type { Connection, Container, DeploymentTarget, Service } from "@tesslate/contract";

/** A connection: the source provides, the target consumes. */
export type Link = Pick<
  Connection,
  "id" | "source_container_id" | "target_container_id" | "connection_type" | "connector_type" | "config" | "label" | "env_keys"
>;
export type EdgeKind = "http" | "database" | "env" | "cache" | "preview" | "deploy";

/** How its line is drawn: by what it carries, and for plain variables by the kind of service they lead to. */
export function edgeKindOf(link: Pick<Link, "connector_type">, category: Service["category"] | undefined): EdgeKind {
  switch (link.connector_type) {
    case "http_api":
    case "websocket":
    case "port_mapping":
      return "http";
    case "database":
      return "database";
    case "cache":
    case "message_queue":
      return "cache";
    default:
      if (category === "database" || category === "search") return "database";
      return category === "cache" || category === "queue" ? "cache" : "env";
  }
}

/** What stands on the line: its own label, or the first variable and how many more. */
export function labelOf({ label, env_keys: names }: Pick<Link, "label" | "env_keys">): string | undefined {
  const first = names.find((name) => name.endsWith("_URL")) ?? names[0];
  return label ?? (first === undefined || names.length === 1 ? first : `${first} +${names.length - 1}`);
}

/** A path along connections, from what provides to what needs it; undefined when there is none. */
function pathBetween(
  from: string,
  to: string,
  links: readonly Pick<Link, "source_container_id" | "target_container_id">[],
): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const queue = [from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (at === to) {
      const path: string[] = [];
      for (let step: string | undefined = at; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
      return path;
    }
    for (const link of links)
      if (link.source_container_id === at && !cameFrom.has(link.target_container_id)) {
        cameFrom.set(link.target_container_id, at);
        queue.push(link.target_container_id);
      }
  }
  return undefined;
}

/** Why `source` cannot give to `target`, as a sentence; undefined when it can. The server says the same with its codes. */
export function refusalOf(
  source: Pick<Container, "id" | "name">,
  target: Pick<Container, "id" | "name" | "deployment_mode">,
  links: readonly Link[],
  nameOf: (id: string) => string,
): string | undefined {
  if (source.id === target.id) return "Nothing connects to itself.";
  if (target.deployment_mode === "external") return `${target.name} runs elsewhere, so nothing can be passed into it.`;
  if (links.some((link) => link.source_container_id === source.id && link.target_container_id === target.id))
    return `${target.name} already uses ${source.name}.`;
  const back = pathBetween(target.id, source.id, links);
  if (back)
    return `That would close a circle: ${source.name} already depends on ${back.slice(0, -1).map(nameOf).reverse().join(", which depends on ")}.`;
  return undefined;
}

/** Why a container cannot go to a target, as far as the page can tell; whether the provider takes its framework, the server says. */
export function attachRefusal(
  container: Pick<Container, "id" | "name" | "container_type">,
  target: Pick<DeploymentTarget, "name" | "container_ids">,
): string | undefined {
  if (container.container_type !== "base") return `${container.name} is a service: it has nothing that could be deployed.`;
  if (target.container_ids.includes(container.id)) return `${container.name} goes to ${target.name} already.`;
  return undefined;
}
