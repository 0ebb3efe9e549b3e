import {
  Box,
  Brain,
  ChartLine,
  CodeXml,
  Cpu,
  CreditCard,
  Database,
  Globe,
  HardDrive,
  KeyRound,
  ListOrdered,
  Mail,
  Search,
  Workflow,
} from "lucide-react";
import type { Container, Service } from "@tesslate/contract";
import type { ReactNode } from "react";
import { containerLook } from "../containers/index.ts";
import { frameworkNames } from "../deployments/index.ts";

const size = 16;
const icons: Record<Service["category"], ReactNode> = {
  database: <Database size={size} />,
  cache: <Cpu size={size} />,
  queue: <ListOrdered size={size} />,
  search: <Search size={size} />,
  storage: <HardDrive size={size} />,
  proxy: <Globe size={size} />,
  monitoring: <ChartLine size={size} />,
  automation: <Workflow size={size} />,
  ai: <Brain size={size} />,
  payments: <CreditCard size={size} />,
  email: <Mail size={size} />,
  auth: <KeyRound size={size} />,
};
export const serviceIcon = (service: Pick<Service, "category"> | undefined): ReactNode =>
  service ? icons[service.category] : <Box size={size} />;
export const containerIcon = (container: Pick<Container, "container_type">, service: Service | undefined): ReactNode =>
  container.container_type === "base" ? <CodeXml size={size} /> : serviceIcon(service);

/** "exit 137" or "SIGKILL", from the server's sentence; empty when it names neither. */
export function crashCause(message: string | null): string {
  const [, code, signal] = /\bcode (\d+)|\b(SIG[A-Z0-9]+)/.exec(message ?? "") ?? [];
  return code ? `exit ${code}` : (signal ?? "");
}

/** Status in words: `Crashed (exit 137)`. */
export function statusWord(container: Container): string {
  const { word } = containerLook(container);
  // The word already contains the exit code.
  const crash = container.status === "failed" && container.exit_code === null ? crashCause(container.status_message) : "";
  return crash ? `${word} (${crash})` : word;
}

/** An external service that can't be used until its credentials are entered. */
export const lacksCredentials = (container: Container, service: Service | undefined): boolean =>
  container.deployment_mode === "external" &&
  container.credentials_id === null &&
  (service?.credential_fields.some((field) => field.is_required && !(field.is_endpoint && container.external_endpoint)) ?? false);

/** One line about a container: what it is, or why it doesn't run. */
export function containerSummary(container: Container, service: Service | undefined): string {
  if (container.status === "failed" && container.status_message) return container.status_message;
  if (lacksCredentials(container, service)) return "Needs credentials";
  const host = container.external_endpoint?.replace(/^\w+:\/\//, "");
  if (container.deployment_mode === "external") return [service?.name ?? container.service_slug, host].filter(Boolean).join(", ");
  if (container.container_type === "service") {
    if (!service) return container.service_slug ?? "Service";
    if (!service.available.runs) return service.available.reason ?? "Not available on this server.";
    return service.name === container.name ? service.description : service.name;
  }
  const framework = frameworks[container.framework ?? "unknown"];
  if (container.directory === ".") return framework ? `${framework} in project folder` : "Project folder";
  return framework ? `${framework} in ${container.directory}/` : `In ${container.directory}/`;
}
/** Also those that only run as servers. */
const frameworks: Record<string, string | undefined> = { ...frameworkNames, hono: "Hono", fastapi: "FastAPI", unknown: undefined };
export const portText = (container: Container): string => {
  const port = container.internal_port ?? container.port;
  return port ? `:${port}` : "";
};
