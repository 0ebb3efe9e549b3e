import type { Service } from "@tesslate/contract";

export type ServiceCategory = Service["category"];

/** In a default environment: a fresh password, made for the one container. */
export const generated = "{generate}";

/** Where one instance runs. */
export interface Place {
  port: number;
  /** The address to listen on. Where projects share the machine's network it is loopback, so that nobody outside reaches a database. */
  listen: string;
}

/** A way to run a service from programs of this machine instead of an image. */
export interface Program {
  /** Absolute paths, as services see them, that must all be there. */
  needs: readonly string[];
  command(place: Place): string[];
  /** argv that exits 0 once the service can be used. */
  health(place: Place): string[];
}

/** How a service runs as a container of the project. */
export interface Running {
  port: number;
  image: string;
  /** Arguments for the image's entry point; absent: its own. */
  imageCommand?(place: Place): string[];
  imageHealth(place: Place): string[];
  /** What the image needs to be told beside what people may see and change. */
  imageEnv?(place: Place): Record<string, string>;
  /** What each new instance starts with; `generated` values are made fresh. */
  env: Readonly<Record<string, string>>;
  /** `name` is completed with the container's id, so that two instances do not share their data. */
  volumes: readonly { name: string; path: string }[];
  /** Written below the container's folder at its first start, for people to change. */
  files?: Readonly<Record<string, string>>;
  /** Data is only safe when the program ends by itself. */
  stopSignal: "SIGTERM" | "SIGINT";
  stopGraceMs: number;
  /** The first that fits this machine is used. None: an image is the only way. */
  programs: readonly Program[];
  /** What to install when no program is found; ends a sentence that begins with the service's name. */
  install?: string;
  /** Name of an injected variable → template over `{container_name}`, `{internal_port}` and the container's own variables. */
  connection: Readonly<Record<string, string>>;
}

/** How a service that somebody else runs is connected. */
export interface External {
  fields: readonly CredentialField[];
  /** Name of an injected variable → template over the credential fields. */
  connection: Readonly<Record<string, string>>;
}
export interface CredentialField {
  key: string;
  label: string;
  isSecret: boolean;
  isRequired: boolean;
  /** Its value may also be given as the container's `external_endpoint`. */
  isEndpoint?: boolean;
}

/** One entry of the service catalogue (accounts-projects 4.2). `running` alone: a container; `external` alone: somebody else's; both: hybrid. */
export interface ServiceDefinition {
  slug: string;
  name: string;
  category: ServiceCategory;
  description: string;
  running?: Running;
  external?: External;
  /** What the injected variables mean. */
  outputs: Readonly<Record<string, string>>;
}
