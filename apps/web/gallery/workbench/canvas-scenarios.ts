import type { Connection, Container, Preview, Service } from "@tesslate/contract";
import { at, container, ids } from "./bakery.ts";

const id = (tail: string) => `0a000000-0000-4000-8000-0000000000${tail}`;
const service = (slug: string, name: string, category: Service["category"], over: Partial<Service> = {}): Service => ({
  slug,
  name,
  category,
  kind: "container",
  description: `${name} for this project.`,
  ports: [],
  default_env: {},
  credential_fields: [],
  outputs: {},
  available: { runs: true, reason: null },
  ...over,
});
const secret = { is_secret: true, is_required: true, is_endpoint: false };
export const cannedCatalogue: Service[] = [
  service("postgres", "PostgreSQL", "database", { outputs: { DATABASE_URL: "Connection URL with user and password" } }),
  service("redis", "Redis", "cache"),
  service("mongodb", "MongoDB", "database", {
    available: { runs: false, reason: "MongoDB is only available as an image, which needs Docker: set `RUNTIME_DRIVER=docker`." },
  }),
  service("stripe", "Stripe", "payments", {
    kind: "external",
    available: { runs: false, reason: null },
    credential_fields: [{ key: "STRIPE_SECRET_KEY", label: "Secret key", ...secret }],
  }),
];

const addOn = (tail: string, name: string, slug: string, over: Partial<Container>): Container =>
  container(id(tail), name, 0, "running", {
    container_type: "service",
    service_slug: slug,
    directory: `services/${slug}`,
    url: null,
    ...over,
  });
const db = addOn("d1", "postgres", "postgres", { internal_port: 5432, position_x: 780, position_y: 100 });
const stripe = addOn("d2", "stripe", "stripe", {
  deployment_mode: "external",
  status: "connected",
  port: null,
  internal_port: null,
  credentials_id: id("dc"),
  position_x: 780,
  position_y: 250,
});
const cache = addOn("d3", "cache", "redis", {
  internal_port: 6379,
  status: "failed",
  status_message: "Exited with code 137.",
  position_x: 780,
  position_y: 400,
});
const web = container(ids.web, "web", 5173, "running", { position_x: 76, position_y: 250 });
const api = container(ids.api, "api", 3001, "running", { needs_restart: true, position_x: 372, position_y: 250 });

const link = (tail: string, source: Container, target: Container, keys: string[], over: Partial<Connection> = {}): Connection => ({
  id: id(tail),
  project_id: ids.project,
  source_container_id: source.id,
  target_container_id: target.id,
  connection_type: "depends_on",
  connector_type: "env_injection",
  config: null,
  label: null,
  env_keys: keys,
  created_at: at("09:00:00"),
  ...over,
});
const preview: Preview = {
  id: id("b1"),
  project_id: ids.project,
  connected_container_id: web.id,
  position_x: 40,
  position_y: -40,
  width: null,
  height: null,
  current_path: "/order",
  url: null,
  created_at: at("09:00:00"),
  updated_at: at("09:00:00"),
};

/** The bakery as services and how they connect. */
export const bakeryCanvas = {
  containers: [web, api, db, stripe, cache],
  previews: [preview],
  connections: [
    link("c1", api, web, ["API_URL"], { connector_type: "http_api", label: "HTTP" }),
    link("c2", db, api, ["DATABASE_URL"]),
    link("c3", stripe, api, ["STRIPE_SECRET_KEY"]),
    link("c4", cache, api, ["REDIS_URL", "REDIS_HOST"]),
  ],
};
/** A hundred and twenty of them, in rows. */
export const manyContainers = Array.from({ length: 120 }, (_, index) =>
  container(
    `0a000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    `service-${index}`,
    3000 + index,
    index % 5 ? "running" : "stopped",
    {
      position_x: (index % 12) * 260,
      position_y: Math.floor(index / 12) * 140,
    },
  ),
);
