import type { Service } from "@tesslate/contract";
import type { RuntimeDriver, ServiceSpec } from "@tesslate/runtime";
import { AppError, notFound } from "../../../../platform/errors.ts";
import { randomCode } from "../../../../platform/crypto.ts";
import type { ContainerRow } from "../../../../db/schema/runtime.ts";
import { databases } from "./databases.ts";
import { generated, type InstanceLocation, type Program, type Running, type ServiceDefinition } from "./definition.ts";
import { externals } from "./external.ts";
import { infrastructure } from "./infrastructure.ts";

const passwordLength = 24;
const all: readonly ServiceDefinition[] = [...databases, ...infrastructure, ...externals];
const bySlug = new Map(all.map((definition) => [definition.slug, definition]));
/** Categories with a web interface. */
const publicCategories = new Set<ServiceDefinition["category"]>(["proxy", "storage", "search"]);

export const findService = (slug: string | null | undefined): ServiceDefinition | undefined => bySlug.get(slug ?? "");
export const isPublicService = (slug: string | null): boolean => {
  const category = findService(slug)?.category;
  return category !== undefined && publicCategories.has(category);
};
/** Initial variables of an instance. */
export const initialEnvironment = ({ env }: Running, passwordOf: (name: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === generated ? passwordOf(name) : value]));
/** Initial variables of a new instance, with random passwords. */
export const freshEnvironment = (running: Running): Record<string, string> => initialEnvironment(running, () => randomCode(passwordLength));
/** Volumes are named by content and container id: a second instance gets its own, and a rename changes nothing. */
export const volumesOf = (row: Pick<ContainerRow, "id" | "service_slug">): { name: string; path: string }[] =>
  (findService(row.service_slug)?.running?.volumes ?? []).map(({ name, path }) => ({ name: `${name}-${row.id}`, path }));

/** Working directory relative to the tree. A service has a folder only when it has editable files. */
export const workingDirOf = (row: Pick<ContainerRow, "container_type" | "service_slug" | "directory">): string =>
  row.container_type === "service" && !findService(row.service_slug)?.running?.files ? "." : row.directory;

/** The part of a service's specification that the catalog knows. */
export type ServiceRun = Pick<ServiceSpec, "command" | "image" | "program" | "volumes" | "health" | "stopSignal" | "stopGraceMs"> & {
  env: Readonly<Record<string, string>>;
};

/** The services that can be added to a project, and how each runs on this machine. */
export type ServiceCatalogue = ReturnType<typeof createServiceCatalogue>;

export function createServiceCatalogue({ runtime }: { runtime: Pick<RuntimeDriver, "findPrograms" | "can" | "name"> }) {
  const programOf = async ({ programs }: Running): Promise<Program | undefined> => {
    if (programs.length === 0) return undefined;
    const found = new Set(await runtime.findPrograms(programs.flatMap(({ needs }) => needs)));
    return programs.find(({ needs }) => needs.every((path) => found.has(path)));
  };
  /** Why it cannot run here; `undefined` when it can. */
  const refusalOf = async ({ name, running }: ServiceDefinition): Promise<string | undefined> => {
    if (!running || runtime.can.images || (await programOf(running))) return undefined;
    return running.install
      ? `${name} is not installed on this machine. Install ${running.install}, or run Studio with Docker (RUNTIME_DRIVER=docker).`
      : `${name} is only available as an image, which needs Docker: set RUNTIME_DRIVER=docker.`;
  };
  const presentContainer = async (definition: ServiceDefinition): Promise<Service> => {
    const { slug, name, category, description, running, external, outputs } = definition;
    const refusal = await refusalOf(definition);
    return {
      slug,
      name,
      category,
      kind: running ? (external ? "hybrid" : "container") : "external",
      description,
      ports: running ? [running.port] : [],
      default_env: { ...running?.env },
      credential_fields: (external?.fields ?? []).map(({ key, label, isSecret, isRequired, isEndpoint }) => ({
        key,
        label,
        is_secret: isSecret,
        is_required: isRequired,
        is_endpoint: isEndpoint ?? false,
      })),
      outputs: { ...outputs },
      available: { runs: refusal === undefined, reason: refusal ?? null },
    };
  };

  return {
    /** All services; availability is checked on every call, so that new installations count. */
    list: (): Promise<Service[]> => Promise.all(all.map(presentContainer)),
    /** Throws 404 for an unknown slug. */
    get: (slug: string): ServiceDefinition => {
      const definition = findService(slug);
      if (!definition) throw notFound("Service");
      return definition;
    },
    /** Throws `not_supported` with what is missing when this machine cannot run it. */
    runOf: async (row: Pick<ContainerRow, "id" | "service_slug">, port: number): Promise<ServiceRun> => {
      const definition = findService(row.service_slug);
      const running = definition?.running;
      if (!running)
        throw new AppError("not_supported", `Unknown service ${row.service_slug ?? ""}. Update Studio or delete this container.`);
      const location: InstanceLocation = { port, listen: runtime.can.privateNetwork ? "0.0.0.0" : "127.0.0.1" };
      const common = { volumes: volumesOf(row), stopSignal: running.stopSignal, stopGraceMs: running.stopGraceMs };
      const program = await programOf(running);
      const env = { HOST: location.listen };
      if (runtime.can.images)
        return {
          ...common,
          image: running.image,
          command: running.imageCommand?.(location) ?? [],
          health: running.imageHealth(location),
          ...(program && { program: { command: program.command(location), health: program.health(location) } }),
          env: { ...env, ...running.imageEnv?.(location) },
        };
      if (!program) throw new AppError("not_supported", (await refusalOf(definition)) ?? `${definition.name} cannot run on this server.`);
      return { ...common, command: program.command(location), health: program.health(location), env };
    },
    /** Files written into the container's folder when they are missing. */
    filesOf: (row: ContainerRow): Readonly<Record<string, string>> => findService(row.service_slug)?.running?.files ?? {},
  };
}
