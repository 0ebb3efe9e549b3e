import { Type, type Static } from "typebox";
import { baseUrl, flag, group, list, number, port, second, secret, secretUrl, text } from "./kinds.ts";

/** `config.http` consists of `listen`, `address`, `requests` and `reverseProxy`. */
export const listen = group("Address and network", {
  port: port("PORT", { default: "8000", description: "Port of the web UI, the API and the previews" }),
  host: text("HOST", {
    default: "127.0.0.1",
    example: "0.0.0.0",
    description: "Address to listen on. On a loopback address the first account becomes administrator without the setup token",
  }),
});

export const servers = group("Address and network", {
  address: Type.Optional(
    Type.Refine(
      text("SERVER_ADDRESS", {
        example: "http://10.0.0.5:8000",
        description:
          "One of several servers of an installation: where the other servers reach this one. Requires DATABASE_URL, SECRET_KEY, RUNTIME_DRIVER=remote or kubernetes, and OBJECTS_S3_BUCKET",
      }),
      (value) => /^http:\/\/[^/?#@]+\/?$/.test(value) && URL.canParse(value),
      () => "http://host:port",
    ),
  ),
  drainMs: number("DRAIN_SECONDS", {
    unit: "seconds",
    factor: second,
    default: "5",
    example: "15",
    description: "Seconds that a server with SERVER_ADDRESS keeps answering after SIGTERM, until the load balancer has seen /ready fail",
  }),
});

export const address = group("Address and network", {
  appBaseUrl: Type.Optional(
    baseUrl("APP_BASE_URL", {
      example: "https://studio.example.com",
      description: "Public URL of the app. Default: http://localhost:PORT",
    }),
  ),
  previewDomain: text("PREVIEW_DOMAIN", {
    default: "preview.localhost",
    example: "preview.example.net",
    description: "Domain of previews, <project>-<container>.<PREVIEW_DOMAIN>; must be a different site than the app",
  }),
});

export const domains = group("Address and network", {
  appsDomain: Type.Optional(
    text("APPS_DOMAIN", {
      example: "apps.example.net",
      description:
        "Domain of apps that are deployed here, <name>.<APPS_DOMAIN>; must be a different site than the app. Empty: live--<name>.<PREVIEW_DOMAIN>",
    }),
  ),
  target: list("DOMAIN_TARGET", Type.String(), {
    example: "198.51.100.7,2001:db8::7",
    description:
      "Where own domains must lead: IP addresses or a host name, comma-separated. Default: APPS_DOMAIN, else the host of APP_BASE_URL",
  }),
  dnsServers: list("DNS_SERVERS", Type.String(), {
    example: "9.9.9.9,1.1.1.1",
    description: "DNS servers (IP or IP:port) that domains are checked with, comma-separated. Default: those of this machine",
  }),
});

/** The address of the app and the domain of previews. */
export function publicAddress(port: number, { appBaseUrl = `http://localhost:${port}`, previewDomain }: Static<typeof address>) {
  return { appBaseUrl, appHost: URL.parse(appBaseUrl)?.hostname ?? "localhost", previewDomain: previewDomain.toLowerCase() };
}

export const requests = group("Address and network", {
  hasLandingPage: flag("LANDING_PAGE", {
    default: "true",
    example: "false",
    description: "Show a landing page with a prompt and the store at / to people who are not signed in; false: the sign-in page",
  }),
  rateLimitFactor: number("RATE_LIMIT_FACTOR", {
    default: "1",
    example: "0",
    description: "Multiplies every rate limit; 0 disables rate limits",
  }),
  corsOrigins: list("CORS_ORIGINS", Type.String(), {
    example: "https://admin.example.com",
    description: "Additional origins that may call the API with cookies, comma-separated. No wildcards, no preview hosts",
  }),
});

export const outbound = group("Address and network", {
  allowHosts: list("OUTBOUND_ALLOW_HOSTS", Type.String(), {
    example: "localhost:11434,ollama.lan",
    description: "Private hosts (host or host:port) that outgoing requests may reach, for git also over http://; comma-separated",
  }),
  proxy: Type.Object({
    http: secretUrl("HTTP_PROXY", {
      alias: "http_proxy",
      example: "http://proxy.lan:3128",
      description: "Proxy for outgoing http requests of the server and of projects (also as http_proxy). The proxy resolves host names",
    }),
    https: secretUrl("HTTPS_PROXY", {
      alias: "https_proxy",
      example: "http://proxy.lan:3128",
      description:
        "Proxy for outgoing https requests (also as https_proxy). Private addresses are refused first; the proxy resolves host names",
    }),
    none: list("NO_PROXY", Type.String(), {
      alias: "no_proxy",
      example: "gitlab.lan,.example.internal",
      description: "Hosts that bypass the proxy, comma-separated: host, host:port, .domain or * (also as no_proxy). Loopback always does",
    }),
  }),
  caFile: Type.Optional(
    text("OUTBOUND_CA_FILE", {
      example: "/etc/ssl/company-ca.pem",
      description: "Additional CA certificates (PEM) to trust for outgoing requests and git clones",
    }),
  ),
});

export const forwardAuth = group("Address and network", {
  ingressSecret: secret("INGRESS_SHARED_SECRET", {
    example: "a-fourth-random-value-of-32-characters",
    description: "Secret that an external proxy sends as X-Ingress-Secret to verify-pod-access; empty: not required",
  }),
});

export const reverseProxy = group("Address and network", {
  trustProxy: flag("TRUST_PROXY", {
    default: "false",
    example: "true",
    description: "Trust X-Forwarded-* of a reverse proxy in front of the server",
  }),
});
