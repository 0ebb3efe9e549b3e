import type { Service } from "@tesslate/contract";

export type ServiceCategory = Service["category"];

/** Default value that is replaced by a generated password. */
export const generated = "{generate}";

/** Where an instance runs. */
export interface InstanceLocation {
  port: number;
  /** Listen address. On a shared network it is loopback, so that a database is not reachable from outside. */
  listen: string;
}

/** Runs a service from programs installed on this machine instead of an image. */
export interface Program {
  /** Absolute paths, as services see them, that must all exist. */
  needs: readonly string[];
  command(location: InstanceLocation): string[];
  /** argv that exits 0 once the service is ready. */
  health(location: InstanceLocation): string[];
}

/** Runs a service as a container of the project. */
export interface Running {
  port: number;
  image: string;
  /** Arguments for the image's entry point; omitted: the image's own. */
  imageCommand?(location: InstanceLocation): string[];
  imageHealth(location: InstanceLocation): string[];
  /** Internal variables for the image, not shown to users. */
  imageEnv?(location: InstanceLocation): Record<string, string>;
  /** Initial variables; `generated` values are created per instance. */
  env: Readonly<Record<string, string>>;
  /** The container's id is appended to `name`, so that two instances do not share data. */
  volumes: readonly { name: string; path: string }[];
  /** Written below the container's folder at the first start; users can edit them. */
  files?: Readonly<Record<string, string>>;
  /** The graceful stop signal that keeps data safe. */
  stopSignal: "SIGTERM" | "SIGINT";
  stopGraceMs: number;
  /** The first that fits this machine is used. Empty: only an image works. */
  programs: readonly Program[];
  /** What to install when no program is found; completes the sentence "… Install …". */
  install?: string;
  /** Injected variable → template over `{container_name}`, `{internal_port}` and the container's own variables. */
  connection: Readonly<Record<string, string>>;
}

/** Connects an external service. */
export interface ExternalService {
  fields: readonly CredentialField[];
  /** Injected variable → template over the credential fields. */
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

/** One service of the catalog. `running` only: a container; `external` only: external; both: the user chooses. */
export interface ServiceDefinition {
  slug: string;
  name: string;
  category: ServiceCategory;
  description: string;
  running?: Running;
  external?: ExternalService;
  /** Descriptions of the injected variables. */
  outputs: Readonly<Record<string, string>>;
}
