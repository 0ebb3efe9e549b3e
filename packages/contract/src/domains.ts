import { described, extend, Literals, Nullable, ProjectParams, Timestamp, Type, Uuid, listOf, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "domains";

/** Own domains of one project. */
export const maxDomains = 20;

/** Characters of a `SiteName`. */
export const siteNameLength = { min: 3, max: 57 };
export const siteNamePattern = "^[a-z0-9]+(-[a-z0-9]+)*$";

/** The first label of the address of a site on this server. */
export const SiteName = Type.String({
  minLength: siteNameLength.min,
  maxLength: siteNameLength.max,
  pattern: siteNamePattern,
  description: "Lower-case letters, digits and single hyphens",
});

export const DomainState = described(
  "`pending`: ownership is not proven yet. `misdirected`: proven, but the name does not lead to this server yet; requests that arrive are served. `active`: proven, and the name leads here.",
  Literals("pending", "misdirected", "active"),
);
export type DomainState = Static<typeof DomainState>;

export const DomainRecord = described(
  "A DNS record to set at the domain's DNS provider.",
  Type.Object({
    type: Literals("TXT", "CNAME", "A", "AAAA"),
    name: described("Full host name", Type.String()),
    value: Type.String(),
    is_found: described("The last check found it, or for addresses another record that leads to the same place", Type.Boolean()),
    found: described("What the last check found there instead; empty before the first check", Type.Array(Type.String())),
  }),
);
export type DomainRecord = Static<typeof DomainRecord>;

export const Domain = described(
  "An own domain of a site on this server.",
  Type.Object({
    id: Uuid,
    container_id: Uuid,
    hostname: described("Lower case; international names in their ASCII form", Type.String()),
    state: DomainState,
    is_primary: described("The other addresses of the site redirect to it while it is active", Type.Boolean()),
    counterpart: described(
      "The name with or without `www.` that redirects to this one; it needs the address record, too. Null: none",
      Nullable(Type.String()),
    ),
    records: described(
      "The address of an apex domain can be given by A and AAAA or by the provider's ALIAS of the target",
      Type.Array(DomainRecord),
    ),
    problem: described("What the last check missed, in a sentence; null when nothing is missing", Nullable(Type.String())),
    checked_at: Nullable(Timestamp),
    created_at: Timestamp,
  }),
);
export type Domain = Static<typeof Domain>;

export const Site = described(
  "Where an app that is deployed on this server is reached.",
  Type.Object({
    container_id: Uuid,
    container_name: Type.String(),
    name: described("The first label of its address; unique on this server", Type.String()),
    url: described("Its own address on this server", Type.String()),
    public_url: described("What to give to people: the primary domain while it is active, otherwise `url`", Type.String()),
    has_password: Type.Boolean(),
    domains: Type.Array(Domain),
  }),
);
export type Site = Static<typeof Site>;

/** Why a site cannot have a name. */
export const SiteNameProblem = described(
  "`invalid`: it is not 3 to 57 lower-case letters, digits and single hyphens. `reserved`: this server keeps it. `taken`: another app has it.",
  Literals("invalid", "reserved", "taken"),
);
export type SiteNameProblem = Static<typeof SiteNameProblem>;

export const SiteNameCheck = Type.Object({
  name: described("As it was given, in lower case and without spaces around it", Type.String()),
  problem: described("Null: the name is free", Nullable(SiteNameProblem)),
  detail: described("The problem in a sentence", Nullable(Type.String())),
  suggestion: described("A similar name that is free; null if the given one is", Nullable(Type.String())),
});
export type SiteNameCheck = Static<typeof SiteNameCheck>;

const SiteParams = extend(ProjectParams, { container_id: Uuid });
const DomainParams = extend(ProjectParams, { domain_id: Uuid });
const Hostname = Type.String({ minLength: 3, maxLength: 253 });

export const domainsRoutes = {
  sites: route({
    method: "GET",
    path: "/api/projects/{id}/sites",
    tag,
    summary: "List sites",
    description:
      "The addresses of the apps of a project that are deployed on this server, with their own domains. Empty before the first deployment.",
    auth: "user",
    params: ProjectParams,
    response: listOf(Site),
  }),
  checkName: route({
    method: "GET",
    path: "/api/projects/{id}/site-name",
    tag,
    summary: "Check site name",
    description:
      "Says whether an app of the project can have a name on this server, and suggests one that is free if not. It reserves nothing: another app can take the name before this one is deployed.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      container_id: described("The app; the name that it has already is free for it", Type.Optional(Uuid)),
    }),
    response: SiteNameCheck,
    errors: ["not_found"],
  }),
  updateSite: route({
    method: "PATCH",
    path: "/api/projects/{id}/sites/{container_id}",
    tag,
    summary: "Update site",
    description:
      "Changes the name of a site, or its password. The former name stops working at once, and others can take it. With a password visitors see a form first; changing it signs all of them out.",
    auth: "user",
    params: SiteParams,
    body: Type.Object({
      name: Type.Optional(SiteName),
      password: described("Null removes it", Type.Optional(Nullable(Type.String({ minLength: 6, maxLength: 200 })))),
    }),
    response: Site,
    errors: ["not_found", "site_name_taken", "nothing_to_change"],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/domains",
    tag,
    summary: "Add domain",
    description:
      "Adds an own domain to a site and checks it once. The response lists the DNS records to set; the domain is checked again from time to time, and by `check`. Only a proven domain is served. Who proves a domain later gets it, if the former proof is gone.",
    auth: "user",
    status: 201,
    params: ProjectParams,
    body: Type.Object({
      container_id: Uuid,
      hostname: described("Without scheme and path", Hostname),
      with_counterpart: described("The name with or without `www.` redirects to this one", Type.Optional(Type.Boolean({ default: true }))),
    }),
    response: Domain,
    errors: ["not_found", "bad_domain", "domain_exists", "domain_limit_reached"],
  }),
  check: route({
    method: "POST",
    path: "/api/projects/{id}/domains/{domain_id}/check",
    tag,
    summary: "Check domain",
    description: "Looks up the DNS records now. Nothing of the domain is opened.",
    auth: "user",
    params: DomainParams,
    response: Domain,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/projects/{id}/domains/{domain_id}",
    tag,
    summary: "Update domain",
    description: "Makes a domain the primary one of its site, or adds or removes its counterpart.",
    auth: "user",
    params: DomainParams,
    body: Type.Object({ is_primary: Type.Optional(Type.Boolean()), with_counterpart: Type.Optional(Type.Boolean()) }),
    response: Domain,
    errors: ["not_found", "nothing_to_change"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/projects/{id}/domains/{domain_id}",
    tag,
    summary: "Remove domain",
    description: "The domain is not served any more. Adding it again requires a new proof.",
    auth: "user",
    status: 204,
    params: DomainParams,
    errors: ["not_found"],
  }),
  allowsCertificate: route({
    method: "GET",
    path: "/api/domains/allows-certificate",
    tag,
    summary: "Check name for certificate",
    description:
      "For proxies that obtain certificates on demand (Caddy's `ask`): 200 if this server serves sites at the name, otherwise 404. It reveals nothing that opening the name would not.",
    auth: "none",
    isForProxies: true,
    query: Type.Object({ domain: Type.String({ minLength: 1, maxLength: 253 }) }),
    response: Type.Object({ domain: Type.String() }),
    errors: ["not_found"],
  }),
};
