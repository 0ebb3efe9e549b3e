import type { Domain, DomainRecord, List, Site, SiteNameCheck } from "@tesslate/contract";
import { maxDomains } from "@tesslate/contract";
import { randomCode } from "../../../platform/crypto.ts";
import { isUniqueViolation } from "../../../platform/database.ts";
import { badRequest, conflict, limitReached, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { DomainRow, SiteRow } from "../../../db/schema/delivery.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { challengeName, challengeValue, checkDomain, type Dns, type Target } from "./domain-check.ts";
import type { DomainsStore, SiteWithContainer } from "./domains.store.ts";
import { counterpartOf, isApex, readHostname } from "./hostname.ts";
import { checkSiteName, siteNameProblem, siteNameTaken } from "./site-name.ts";

const tokenLength = 32;
const checkedAtOnce = 8;
const maxDue = 200;
const minuteMs = 60_000;

/** When a domain is checked again; null: only on request. */
function nextCheckAfter({ verified_at, created_at }: Pick<DomainRow, "verified_at" | "created_at">, leadsHere: boolean): string | null {
  const ageMs = Date.now() - Date.parse(created_at);
  const inMs =
    verified_at !== null
      ? leadsHere
        ? 24 * 60 * minuteMs
        : 60 * minuteMs
      : ageMs < 60 * minuteMs
        ? 5 * minuteMs
        : ageMs < 24 * 60 * minuteMs
          ? 30 * minuteMs
          : ageMs < 14 * 24 * 60 * minuteMs
            ? 6 * 60 * minuteMs
            : undefined;
  return inMs === undefined ? null : new Date(Date.now() + inMs).toISOString();
}

export type DomainsService = ReturnType<typeof createDomains>;
/** Addresses of the apps that are deployed on this server. A project proves a domain with a TXT record that has a secret value. */
export function createDomains({
  store,
  projects,
  dns,
  targetOf,
  urlOf,
  originOf,
  isReserved,
  hashPassword,
  updateSite,
  changed,
  events,
  log,
}: {
  store: DomainsStore;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  dns: Dns;
  targetOf(): Promise<Target>;
  /** The own address of a site. */
  urlOf(name: string): string;
  /** The address at an own domain. */
  originOf(hostname: string): string;
  /** Names of this server. */
  isReserved(hostname: string): boolean;
  hashPassword(password: string): Promise<string>;
  /** False when the name is taken. */
  updateSite(
    site: SiteRow,
    change: { address?: { name: string; url: string } | undefined; password_hash?: string | null | undefined },
  ): Promise<boolean>;
  /** To call after the addresses of a site changed: forgets what was remembered of these hosts and names. */
  changed(site: { names: readonly string[]; hostnames: readonly string[] }): Promise<void>;
  events: EventLog;
  log: Logger;
}) {
  const requireSite = async (project: ProjectRow, containerId: string): Promise<SiteRow> => {
    const site = await store.findSite(project.id, containerId);
    if (!site) throw notFound("Site");
    return site;
  };
  const locate = async (userId: string, ref: string, domainId: string) => {
    const project = await projects.require(userId, ref);
    const row = await store.findDomain(project.id, domainId);
    if (!row) throw notFound("Domain");
    return { project, row };
  };
  const namesOf = ({ hostname }: DomainRow): string[] => [hostname, counterpartOf(hostname)].filter((name) => name !== undefined);
  const announce = async (row: DomainRow): Promise<void> => {
    const site = await store.findSite(row.project_id, row.container_id);
    await changed({ names: site ? [site.name] : [], hostnames: namesOf(row) });
    await events.append(row.project_id, { type: "site_changed", data: { container_id: row.container_id } });
  };

  const check = async (row: DomainRow): Promise<DomainRow> => {
    const checked_at = new Date().toISOString();
    let result;
    try {
      result = await checkDomain(dns, await targetOf(), row);
    } catch (err) {
      log.info({ err, domain_id: row.id }, "domain not checked");
      const problem = "The DNS servers did not answer. The domain is checked again later.";
      return (await store.update(row.id, { problem, checked_at, next_check_at: nextCheckAfter(row, row.leads_here) })) ?? row;
    }
    const { isProven, leadsHere, found } = result;
    const claim = store.transaction(async (tx) => {
      if (row.verified_at !== null || !isProven) return undefined;
      const holder = await store.lockVerified(tx, row.hostname);
      if (holder && holder.id !== row.id) {
        // The earlier project keeps the domain while its TXT record exists.
        if (found.txt.includes(challengeValue(holder.token))) return "other" as const;
        await store.update(holder.id, { verified_at: null, is_primary: false, leads_here: false, next_check_at: checked_at }, tx);
      }
      await store.update(row.id, { verified_at: checked_at }, tx);
      return holder && holder.id !== row.id ? holder : undefined;
    });
    const owner = await claim.catch((error: unknown) => {
      // Another claim was proven at the same moment.
      if (isUniqueViolation(error, "domains_verified_hostname_key")) return "other" as const;
      throw error;
    });
    const verified_at = row.verified_at ?? (isProven && owner !== "other" ? checked_at : null);
    const problem =
      owner === "other"
        ? "Another project of this server has proven this domain. Remove its TXT record first."
        : verified_at === null
          ? "The TXT record was not found yet. New records can take some hours to be seen everywhere."
          : !leadsHere
            ? "The domain does not lead to this server yet."
            : !found.is_counterpart_here
              ? `${counterpartOf(row.hostname)} does not lead to this server yet.`
              : null;
    const saved =
      (await store.update(row.id, {
        leads_here: leadsHere,
        found,
        problem,
        checked_at,
        next_check_at: nextCheckAfter({ ...row, verified_at }, leadsHere),
      })) ?? row;
    const isSame = saved.verified_at === row.verified_at && saved.leads_here === row.leads_here && saved.problem === row.problem;
    if (!isSame) await announce(saved);
    if (owner !== undefined && owner !== "other") await announce(owner);
    return saved;
  };

  const present = (row: DomainRow, target: Target): Domain => {
    const counterpart = row.has_counterpart ? counterpartOf(row.hostname) : undefined;
    const { txt = [], address = [], counterpart: other = [], is_counterpart_here = false } = row.found ?? {};
    const value = challengeValue(row.token);
    return {
      id: row.id,
      container_id: row.container_id,
      hostname: row.hostname,
      state: row.verified_at === null ? "pending" : row.leads_here ? "active" : "misdirected",
      is_primary: row.is_primary,
      counterpart: counterpart ?? null,
      records: [
        { type: "TXT", name: challengeName(row.hostname), value, is_found: txt.includes(value), found: txt },
        ...addressRecords(row.hostname, target, row.leads_here, address),
        ...(counterpart === undefined ? [] : addressRecords(counterpart, target, is_counterpart_here, other)),
      ],
      problem: row.problem,
      checked_at: row.checked_at,
      created_at: row.created_at,
    };
  };
  const presentSite = (site: SiteWithContainer, all: readonly DomainRow[], target: Target): Site => {
    const own = all.filter(({ container_id }) => container_id === site.container_id);
    const primary = own.find((row) => row.is_primary && row.verified_at !== null && row.leads_here);
    const url = urlOf(site.name);
    return {
      container_id: site.container_id,
      container_name: site.container_name,
      name: site.name,
      url,
      public_url: primary ? originOf(primary.hostname) : url,
      has_password: site.password_hash !== null,
      domains: own.map((row) => present(row, target)),
    };
  };
  const listSites = async (projectId: string): Promise<Site[]> => {
    const [sites, rows] = await Promise.all([store.listSites(projectId), store.listDomains(projectId)]);
    const target = rows.length === 0 ? { host: undefined, addresses: [] } : await targetOf();
    return sites.map((site) => presentSite(site, rows, target));
  };

  return {
    sites: async (userId: string, ref: string): Promise<List<Site>> => {
      const items = await listSites((await projects.require(userId, ref)).id);
      return { items, total: items.length, page: 1, total_pages: items.length === 0 ? 0 : 1 };
    },
    checkName: async (
      userId: string,
      ref: string,
      { name, container_id }: { name: string; container_id?: string },
    ): Promise<SiteNameCheck> => {
      const project = await projects.require(userId, ref);
      const site = container_id === undefined ? undefined : await store.findSite(project.id, container_id);
      return checkSiteName(store.listTakenNames, name, { ownName: site?.name });
    },
    /** Throws `site_name_taken`. */
    updateSite: async (
      userId: string,
      ref: string,
      containerId: string,
      { name, password }: { name?: string; password?: string | null },
    ): Promise<Site> => {
      const project = await projects.require(userId, ref);
      const site = await requireSite(project, containerId);
      if (name === undefined && password === undefined) throw badRequest("Nothing to change.", "nothing_to_change");
      const isRenamed = name !== undefined && name !== site.name;
      if (isRenamed && siteNameProblem(name) !== undefined) throw siteNameTaken();
      const password_hash = password === undefined || password === null ? password : await hashPassword(password);
      const isDone = await updateSite(site, { ...(isRenamed && { address: { name, url: urlOf(name) } }), password_hash });
      if (!isDone) throw siteNameTaken();
      const rows = (await store.listDomains(project.id)).filter((row) => row.container_id === containerId);
      await changed({ names: [site.name, ...(isRenamed ? [name] : [])], hostnames: rows.flatMap(namesOf) });
      await events.append(project.id, { type: "site_changed", data: { container_id: containerId } });
      const updated = (await listSites(project.id)).find((one) => one.container_id === containerId);
      if (!updated) throw notFound("Site");
      return updated;
    },

    /** Throws `bad_domain`, `domain_exists`, `domain_limit_reached`. */
    create: async (
      userId: string,
      ref: string,
      { container_id, hostname: given, with_counterpart = true }: { container_id: string; hostname: string; with_counterpart?: boolean },
    ): Promise<Domain> => {
      const project = await projects.require(userId, ref);
      await requireSite(project, container_id);
      const hostname = readHostname(given, isReserved);
      const row = await store.transaction(async (tx) => {
        const used = await store.countDomains(tx, project.id);
        if (used >= maxDomains)
          throw limitReached("domain_limit_reached", `A project is limited to ${maxDomains} domains. Remove one first.`, {
            used,
            limit: maxDomains,
          });
        const inserted = await store.insert(tx, {
          project_id: project.id,
          container_id,
          hostname,
          token: randomCode(tokenLength),
          has_counterpart: with_counterpart,
        });
        if (!inserted) throw conflict("domain_exists", `${hostname} has been added to this project already.`);
        return inserted;
      });
      const checked = await check(row);
      await announce(checked);
      return present(checked, await targetOf());
    },
    check: async (userId: string, ref: string, domainId: string): Promise<Domain> => {
      const { row } = await locate(userId, ref, domainId);
      return present(await check(row), await targetOf());
    },
    update: async (
      userId: string,
      ref: string,
      domainId: string,
      { is_primary, with_counterpart }: { is_primary?: boolean; with_counterpart?: boolean },
    ): Promise<Domain> => {
      const { project, row } = await locate(userId, ref, domainId);
      if (is_primary === undefined && with_counterpart === undefined) throw badRequest("Nothing to change.", "nothing_to_change");
      await store.transaction(async (tx) => {
        if (is_primary === true) await store.makePrimary(tx, row);
        if (is_primary === false) await store.update(row.id, { is_primary }, tx);
        if (with_counterpart !== undefined) await store.update(row.id, { has_counterpart: with_counterpart }, tx);
      });
      const updated = await store.findDomain(project.id, domainId);
      if (!updated) throw notFound("Domain");
      const checked = with_counterpart === undefined ? updated : await check(updated);
      await announce(checked);
      return present(checked, await targetOf());
    },
    remove: async (userId: string, ref: string, domainId: string): Promise<void> => {
      const { row } = await locate(userId, ref, domainId);
      await store.remove(row.id);
      await announce(row);
    },
    jobHandlers: {
      check_domains: async (): Promise<void> => {
        const due = await store.listDue(maxDue);
        for (let at = 0; at < due.length; at += checkedAtOnce)
          await Promise.all(
            due
              .slice(at, at + checkedAtOnce)
              .map((row) => check(row).catch((err: unknown) => log.warn({ err, domain_id: row.id }, "domain not checked"))),
          );
      },
    },
  };
}

function addressRecords(hostname: string, target: Target, isHere: boolean, found: string[]): DomainRecord[] {
  const common = { name: hostname, is_found: isHere, found };
  // An apex domain cannot be a CNAME.
  if (target.host !== undefined && (!isApex(hostname) || target.addresses.length === 0))
    return [{ type: "CNAME", value: target.host, ...common }];
  return target.addresses.map((value) => ({ type: value.includes(":") ? ("AAAA" as const) : ("A" as const), value, ...common }));
}
