import type { Connection, Container, DeploymentTarget, Service } from "@tesslate/contract";

/** A connection: the source provides, the target consumes. */
export type Link = Pick<
  Connection,
  "id" | "source_container_id" | "target_container_id" | "connection_type" | "connector_type" | "config" | "label" | "env_keys"
>;
export type EdgeKind = "http" | "database" | "env" | "cache" | "preview" | "deploy";

/** Kind of its line: by the connector, and for plain variables by the category of the service. */
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

/** Text on the line: its own label, or the first variable and how many more. */
export function labelOf({ label, env_keys: names }: Pick<Link, "label" | "env_keys">): string | undefined {
  const first = names.find((name) => name.endsWith("_URL")) ?? names[0];
  return label ?? (first === undefined || names.length === 1 ? first : `${first} +${names.length - 1}`);
}

/** A path along connections, from provider to user; undefined when there is none. */
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

/** Services that read no variables of other containers. */
const onlyProvides: ReadonlySet<Service["category"]> = new Set(["database", "cache", "queue", "search", "storage"]);

/**
 * Why `source` can't provide to `target`, as a sentence; undefined when it can. `targetCategory` is that of a target that is a service: a database
 * uses nothing. The server checks the rest, too.
 */
export function connectionRefusal(
  source: Pick<Container, "id" | "name">,
  target: Pick<Container, "id" | "name" | "deployment_mode">,
  links: readonly Link[],
  nameOf: (id: string) => string,
  targetCategory?: Service["category"],
): string | undefined {
  if (source.id === target.id) return "A container can't connect to itself.";
  if (target.deployment_mode === "external") return `${target.name} is an external service. Variables can't be passed to it.`;
  if (targetCategory && onlyProvides.has(targetCategory)) return `${target.name} is used by others. It doesn't use other containers.`;
  if (links.some((link) => link.source_container_id === source.id && link.target_container_id === target.id))
    return `${target.name} already uses ${source.name}.`;
  const back = pathBetween(target.id, source.id, links);
  if (!back) return undefined;
  return back.length === 2
    ? `This would create a cycle: ${source.name} already depends on ${target.name}.`
    : `This would create a cycle: ${source.name} already depends on ${target.name} (${back.map(nameOf).reverse().join(" → ")}).`;
}

/** Whether a container gets variables of others at all. */
export const canUse = ({ deployment_mode }: Pick<Container, "deployment_mode">, category: Service["category"] | undefined): boolean =>
  deployment_mode !== "external" && !(category && onlyProvides.has(category));

/** Why a container can't be attached to a target. Only the server knows whether the provider supports its framework. */
export function attachRefusal(
  container: Pick<Container, "id" | "name" | "container_type">,
  target: Pick<DeploymentTarget, "name" | "container_ids">,
): string | undefined {
  if (container.container_type !== "base") return `${container.name} is a service. Only apps can be deployed.`;
  if (target.container_ids.includes(container.id)) return `${container.name} already deploys to ${target.name}.`;
  return undefined;
}
