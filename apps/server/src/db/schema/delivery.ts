import type {
  BuildMode,
  DeployEnvironment,
  DeployProvider,
  DeploymentMetadata,
  DeploymentStatus,
  FrameworkId,
  LaunchReport,
  RemoteProvider,
} from "@tesslate/contract";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../platform/columns.ts";
import { users } from "./accounts.ts";
import { projects } from "./projects.ts";
import { containers } from "./runtime.ts";

/** Accounts at remote providers: one default per user and provider, and one per project. */
export const deploymentCredentials = pgTable(
  "deployment_credentials",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** null: the user's default. */
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    provider: text().$type<RemoteProvider>().notNull(),
    kind: text().$type<"token" | "oauth">().notNull(),
    /** The access token and the refresh token. */
    encrypted_tokens: bytea("sealed_tokens").notNull(),
    /** Expiry of the access token. */
    expires_at: timestamptz(),
    needs_reconnect: boolean().notNull().default(false),
    metadata: jsonb().$type<Record<string, string>>().notNull().default({}),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    unique("deployment_credentials_place_key").on(t.user_id, t.provider, t.project_id).nullsNotDistinct(),
    index("deployment_credentials_project_id_idx").on(t.project_id),
  ],
);
export type DeploymentCredentialRow = typeof deploymentCredentials.$inferSelect;

const projectId = () =>
  uuid()
    .notNull()
    .references(() => projects.id, { onDelete: "cascade" });

/** A target on the canvas that containers are deployed to. */
export const deploymentTargets = pgTable(
  "deployment_targets",
  {
    id: id(),
    project_id: projectId(),
    provider: text().$type<DeployProvider>().notNull(),
    name: text().notNull(),
    environment: text().$type<DeployEnvironment>().notNull().default("production"),
    position_x: doublePrecision().notNull().default(0),
    position_y: doublePrecision().notNull().default(0),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("deployment_targets_project_id_idx").on(t.project_id)],
);
export type TargetRow = typeof deploymentTargets.$inferSelect;

export const deploymentTargetContainers = pgTable(
  "deployment_target_containers",
  {
    target_id: uuid()
      .notNull()
      .references(() => deploymentTargets.id, { onDelete: "cascade" }),
    container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    created_at: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.target_id, t.container_id] }),
    index("deployment_target_containers_container_id_idx").on(t.container_id),
  ],
);

/** The command that starts a server version. */
export interface ServerCommand {
  command: string[];
  cwd: string;
}

/** One row per version. */
export const deployments = pgTable(
  "deployments",
  {
    id: id(),
    project_id: projectId(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    container_id: uuid().references(() => containers.id, { onDelete: "set null" }),
    target_id: uuid().references(() => deploymentTargets.id, { onDelete: "set null" }),
    container_name: text().notNull(),
    provider: text().$type<DeployProvider>().notNull(),
    /** A preview deployment is never live. */
    environment: text().$type<DeployEnvironment>().notNull().default("production"),
    /** Counts from 1 per container and provider. */
    version: integer().notNull(),
    status: text().$type<DeploymentStatus>().notNull().default("pending"),
    /** The deployment is running, or will be resumed after a restart; at most one per container and provider. */
    is_active: boolean().notNull().default(true),
    /** The live version; at most one per container and provider. */
    is_live: boolean().notNull().default(false),
    cancel_requested_at: timestamptz(),
    task_id: uuid(),
    mode: text().$type<BuildMode>().notNull(),
    framework: text().$type<FrameworkId>().notNull().default("unknown"),
    /** The provider's id. */
    remote_id: text(),
    deployment_url: text(),
    site_id: text(),
    /** For a local preview deployment: its name in the URL. */
    site_name: text(),
    error: text(),
    failure: jsonb().$type<DeploymentMetadata["failure"]>(),
    report: jsonb().$type<LaunchReport>(),
    files: integer(),
    bytes: bigint({ mode: "number" }),
    custom_domain: text(),
    env_names: jsonb().$type<string[]>().notNull().default([]),
    rollback_of: integer(),
    /** The artifact is complete and still stored. */
    has_artifact: boolean().notNull().default(false),
    spa_fallback: boolean().notNull().default(false),
    /** How a version runs: as a server; null for static files. */
    program: jsonb().$type<ServerCommand>(),
    /** JSON: the request with its variables. */
    encrypted_request: bytea("sealed_request"),
    provider_status: jsonb().$type<unknown>(),
    /** Time of the last status request to the provider. */
    asked_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
    completed_at: timestamptz(),
  },
  (t) => [
    uniqueIndex("deployments_version_key").on(t.container_id, t.provider, t.version),
    uniqueIndex("deployments_active_key")
      .on(t.container_id, t.provider)
      .where(sql`${t.is_active}`),
    uniqueIndex("deployments_live_key")
      .on(t.container_id, t.provider)
      .where(sql`${t.is_live}`),
    index("deployments_project_id_created_at_idx").on(t.project_id, t.created_at.desc()),
    index("deployments_target_id_idx").on(t.target_id),
    index("deployments_user_id_idx").on(t.user_id),
    index("deployments_created_at_id_idx").on(t.created_at, t.id),
  ],
);
export type DeploymentRow = typeof deployments.$inferSelect;

/** Log lines of a deployment, in order, redacted. */
export const deploymentLogs = pgTable(
  "deployment_logs",
  {
    deployment_id: uuid()
      .notNull()
      .references(() => deployments.id, { onDelete: "cascade" }),
    seq: integer().notNull(),
    line: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.deployment_id, t.seq] })],
);

/** The provider's site of a container, reused by later deployments and by no other project. */
export const deploymentSites = pgTable(
  "deployment_sites",
  {
    id: id(),
    project_id: projectId(),
    container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    provider: text().$type<DeployProvider>().notNull(),
    site_id: text().notNull(),
    name: text().notNull(),
    url: text(),
    /** Visitors need it; Argon2. */
    password_hash: text(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("deployment_sites_container_id_provider_key").on(t.container_id, t.provider),
    /** For local sites the name is the host. */
    uniqueIndex("deployment_sites_local_name_key")
      .on(t.name)
      .where(sql`${t.provider} = 'local'`),
    index("deployment_sites_project_id_idx").on(t.project_id),
  ],
);
export type SiteRow = typeof deploymentSites.$inferSelect;

/** Own domains of local sites. Several rows may claim a name; one of them has proven it. */
export const domains = pgTable(
  "domains",
  {
    id: id(),
    project_id: projectId(),
    container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    hostname: text().notNull(),
    /** The value of the TXT record that proves the domain. */
    token: text().notNull(),
    has_counterpart: boolean().notNull().default(true),
    is_primary: boolean().notNull().default(false),
    verified_at: timestamptz(),
    /** The last check found that the name leads to this server. */
    leads_here: boolean().notNull().default(false),
    /** What the last check found, by record name; null: not checked yet. */
    found: jsonb().$type<DomainFindings>(),
    problem: text(),
    checked_at: timestamptz(),
    /** Null: only on request. */
    next_check_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [
    uniqueIndex("domains_verified_hostname_key")
      .on(t.hostname)
      .where(sql`${t.verified_at} is not null`),
    uniqueIndex("domains_project_id_hostname_key").on(t.project_id, t.hostname),
    uniqueIndex("domains_primary_key")
      .on(t.container_id)
      .where(sql`${t.is_primary}`),
    index("domains_next_check_at_idx").on(t.next_check_at),
  ],
);
export type DomainRow = typeof domains.$inferSelect;
export interface DomainFindings {
  txt: string[];
  /** CNAME, or else addresses. */
  address: string[];
  /** Of the counterpart. */
  counterpart: string[];
  is_counterpart_here: boolean;
}
