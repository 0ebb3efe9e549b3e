import { createHash, timingSafeEqual } from "node:crypto";
import { systemRoutes, type PublicConfig } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { AppError } from "../../../platform/errors.ts";
import type { PrometheusMetrics } from "./metrics.ts";
import { withTimeout } from "../../../platform/with-timeout.ts";

export interface SystemFacts {
  version: string;
  /** As they are known now: a runner may not have been reached yet. */
  runtime: () => { driver: PublicConfig["deployment_mode"]; isolation: PublicConfig["isolation"]; warnings: readonly string[] };
  appHost: string;
  previewDomain: string;
  /** Model responses currently come from the demo script. */
  isDemo: () => Promise<boolean>;
  hasMail: boolean;
  hasTwoFactor: boolean;
  hasGoogle: boolean;
  hasGitHub: boolean;
  oidcName: string | null;
  hasPasskeys: boolean;
  isBilled: boolean;
  hasStripe: boolean;
  hasLandingPage: boolean;
  signUp: PublicConfig["sign_up"];
}

/** Each rejects when its component is unavailable. Without one that is not required, the server still serves most requests: it stays ready. */
export type Checks = Record<string, { check: () => Promise<unknown>; isRequired?: boolean }>;

const checkMs = 3000;

/** Health, readiness, metrics and public configuration. `setup`: whether an administrator is missing, whether creating one needs the token, and whether anyone has signed up. */
export function mountSystem(
  mount: Mount,
  {
    facts,
    checks,
    setup,
    metrics,
    metricsToken,
  }: {
    facts: SystemFacts;
    checks: Checks;
    setup: () => Promise<{ isRequired: boolean; needsToken: boolean; hasAccounts: boolean }>;
    metrics: PrometheusMetrics;
    metricsToken: string | undefined;
  },
): void {
  /** Checks that failed when they were last made; a failure is logged once. */
  const failing = new Set<string>();
  mount("system", systemRoutes, {
    health: async () => ({
      status: "healthy",
      service: "tesslate-studio",
      version: facts.version,
      runtime: { driver: facts.runtime().driver, isolation: facts.runtime().isolation },
    }),
    ready: async ({ status, log, request_id }) => {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, { check, isRequired = true }]) => {
          const started = performance.now();
          const optional = isRequired ? {} : { is_required: false };
          try {
            await withTimeout(checkMs, check());
            if (failing.delete(name)) log.info({ check: name }, "ready again");
            return [name, { ok: true, duration_ms: Math.round(performance.now() - started), ...optional }] as const;
          } catch (err) {
            // Only messages of AppErrors are public.
            const detail = err instanceof AppError ? err.message : undefined;
            if (!failing.has(name))
              log.warn(
                { ...(detail === undefined ? { err } : { reason: detail }), check: name },
                isRequired ? "not ready" : "ready, but not complete",
              );
            failing.add(name);
            return [
              name,
              { ok: false, duration_ms: Math.round(performance.now() - started), ...optional, ...(detail && { detail }) },
            ] as const;
          }
        }),
      );
      const failed = results.filter(([, { ok }]) => !ok);
      const answer = { status: failed.length === 0 ? "ready" : "degraded", checks: Object.fromEntries(results) };
      const broken = failed.filter(([name]) => checks[name]?.isRequired !== false);
      if (broken.length === 0) return answer;
      status(503);
      return Object.assign(answer, {
        status: "not_ready",
        detail:
          broken.flatMap(([, result]) => ("detail" in result && result.detail ? [result.detail] : []))[0] ??
          "A component of the server is unavailable.",
        code: "unavailable",
        request_id,
      });
    },
    metrics: async ({ user, ip, headers }, _input, { reply }) => {
      const isAdmin = user?.is_superuser === true && user.scopes === undefined;
      const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1] ?? "";
      const hasToken = metricsToken !== undefined && isEqualHash(bearer, metricsToken);
      // Requests through a local proxy, or from a project that shares the host's network, are not local.
      const isHere =
        metricsToken === undefined &&
        facts.runtime().isolation === "full" &&
        /^(::ffff:)?127\.|^::1$/.test(ip) &&
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "via", "origin"].every((name) => headers[name] === undefined);
      if (!isAdmin && !hasToken && !isHere) throw new AppError("not_found", "No route matches this URL.");
      reply.header("content-type", metrics.contentType).header("cache-control", "no-store");
      return metrics.text();
    },
    config: async () => {
      const { isRequired, needsToken, hasAccounts } = await setup();
      const { driver, isolation, warnings } = facts.runtime();
      return {
        app_domain: facts.appHost,
        preview_domain: facts.previewDomain,
        deployment_mode: driver,
        isolation,
        isolation_warnings: [...warnings],
        version: facts.version,
        setup_required: isRequired,
        setup_token_required: isRequired && needsToken,
        no_accounts: !hasAccounts,
        landing_page: facts.hasLandingPage,
        sign_up: facts.signUp,
        demo: await facts.isDemo(),
        oidc_name: facts.oidcName,
        features: {
          billing: facts.isBilled,
          stripe: facts.hasStripe,
          google_oauth: facts.hasGoogle,
          github_oauth: facts.hasGitHub,
          oidc: facts.oidcName !== null,
          two_fa: facts.hasTwoFactor,
          smtp: facts.hasMail,
          passkeys: facts.hasPasskeys,
        },
      };
    },
  });
}

const isEqualHash = (given: string, expected: string): boolean => {
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
};
