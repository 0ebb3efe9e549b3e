import { publicAddress } from "./http.ts";
import type { Settings } from "./index.ts";
import { podTemplateProblem } from "./pod-template.ts";

/** What settings require of each other. Lists what is not met, with an example each. */
export function findConflicts({
  listen,
  servers,
  storage,
  keys,
  address,
  domains,
  requests,
  sessions,
  mail,
  oidc,
  billing,
  creators,
  web,
  objects,
  driver,
  runner,
  kubernetes,
}: Settings): string[] {
  const problems: string[] = [];
  const { appHost, previewDomain } = publicAddress(listen.port, address);

  if (creators.payouts.mode === "stripe" && !billing.stripe.secretKey)
    problems.push("PAYOUTS=stripe requires a Stripe account. Example: STRIPE_SECRET_KEY=sk_live_…");
  if (billing.stripe.secretKey && !billing.stripe.webhookSecret)
    problems.push("STRIPE_SECRET_KEY also requires the signing secret of its webhook endpoint. Example: STRIPE_WEBHOOK_SECRET=whsec_…");

  if (driver.driver === "remote" && runner.url === undefined)
    problems.push("RUNTIME_DRIVER=remote requires the address of a runner. Example: RUNNER_URL=https://runner.lan:7070");
  if (driver.driver === "remote" && runner.token === undefined && runner.tokenFile === undefined)
    problems.push("RUNTIME_DRIVER=remote requires the secret of the runner. Example: RUNNER_TOKEN_FILE=/etc/tesslate/runner-token");
  if (driver.driver === "kubernetes" && kubernetes.image === undefined)
    problems.push("RUNTIME_DRIVER=kubernetes requires the image of the pods. Example: KUBERNETES_IMAGE=images.lan/tesslate-studio:0.2.0");
  const podProblem = kubernetes.podTemplate === undefined ? undefined : podTemplateProblem(kubernetes.podTemplate);
  if (podProblem !== undefined)
    problems.push(`KUBERNETES_POD_TEMPLATE ${podProblem}. Example: KUBERNETES_POD_TEMPLATE={"nodeSelector":{"pool":"projects"}}`);
  if ((runner.certFile === undefined) !== (runner.keyFile === undefined))
    problems.push("RUNNER_CERT_FILE and RUNNER_KEY_FILE must be set together. Example: RUNNER_KEY_FILE=/etc/tesslate/runner-key.pem");

  if (appHost === previewDomain || (previewDomain.endsWith(`.${appHost}`) && appHost !== "localhost"))
    problems.push(
      `PREVIEW_DOMAIN must be a different site than the app (${appHost}), otherwise project code could read its cookies. Example: PREVIEW_DOMAIN=preview.localhost`,
    );
  const appsDomain = domains.appsDomain?.toLowerCase();
  if (appsDomain !== undefined && (appsDomain === appHost || (appsDomain.endsWith(`.${appHost}`) && appHost !== "localhost")))
    problems.push(
      `APPS_DOMAIN must be a different site than the app (${appHost}), otherwise deployed apps could read its cookies. Example: APPS_DOMAIN=apps.localhost`,
    );
  if (
    appsDomain !== undefined &&
    (appsDomain === previewDomain || previewDomain.endsWith(`.${appsDomain}`) || appsDomain.endsWith(`.${previewDomain}`))
  )
    problems.push(`APPS_DOMAIN and PREVIEW_DOMAIN (${previewDomain}) must not contain each other. Example: APPS_DOMAIN=apps.localhost`);
  for (const origin of requests.corsOrigins)
    if (origin.includes("*") || URL.parse(origin)?.origin !== origin || new URL(origin).hostname.endsWith(previewDomain))
      problems.push(
        `CORS_ORIGINS must list exact origins outside the preview domain (got ${JSON.stringify(origin)}). Example: CORS_ORIGINS=https://admin.example.com`,
      );

  // An unconfirmed address proves nothing about its domain.
  if (sessions.signUp.emailDomains.length > 0 && sessions.signUp.mode !== "providers")
    problems.push("SIGN_UP_EMAIL_DOMAINS requires addresses that a provider has confirmed. Example: SIGN_UP=providers");

  if (sessions.twoFactor.isForAll && (mail.host === "" || mail.sender === ""))
    problems.push("TWO_FA_ENABLED sends codes by email and requires SMTP_HOST and SMTP_SENDER_EMAIL. Example: SMTP_HOST=smtp.example.com");

  if ((oidc.issuer === "") !== (oidc.clientId === ""))
    problems.push("OIDC_ISSUER and OIDC_CLIENT_ID must be set together. Example: OIDC_CLIENT_ID=tesslate-studio");

  const { provider, baseUrl, key } = web.search;
  if (provider === "searxng" && !baseUrl)
    problems.push("WEB_SEARCH_PROVIDER=searxng requires its base URL. Example: WEB_SEARCH_BASE_URL=http://searxng.lan:8080");
  if ((provider === "brave" || provider === "tavily") && !key)
    problems.push(`WEB_SEARCH_PROVIDER=${provider} requires an API key. Example: WEB_SEARCH_API_KEY=BSA…`);

  const { s3 } = objects;
  if (servers.address !== undefined) {
    const several = "SERVER_ADDRESS makes this one of several servers, which";
    if (storage.databaseUrl === undefined)
      problems.push(`${several} share a PostgreSQL. Example: DATABASE_URL=postgres://user:password@db:5432/tesslate`);
    if (keys.secretKey === undefined)
      problems.push(`${several} have the same key. Example: SECRET_KEY=at-least-32-random-characters-here-please`);
    if (driver.driver !== "remote" && driver.driver !== "kubernetes")
      problems.push(`${several} run projects on a runner or in pods. Example: RUNTIME_DRIVER=remote`);
    if (s3.bucket === "") problems.push(`${several} keep their files in S3. Example: OBJECTS_S3_BUCKET=tesslate`);
  }
  if (s3.bucket !== "" && (s3.accessKeyId === "" || !s3.secretAccessKey))
    problems.push(
      "OBJECTS_S3_BUCKET requires an access key: OBJECTS_S3_ACCESS_KEY_ID and OBJECTS_S3_SECRET_ACCESS_KEY. Example: OBJECTS_S3_ACCESS_KEY_ID=AKIA…",
    );

  return problems;
}
