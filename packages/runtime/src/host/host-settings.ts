import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The host's settings for package registries, proxies and certificates that project code may see. An allow-list: anything else stays
 * outside. Credentials pass only for a configured registry.
 */
export interface HostSettings {
  env: Record<string, string>;
  /** Generated files: content and path inside. */
  files: { to: string; content: string }[];
  /** Host folders named by settings, at their own path. */
  folders: string[];
  /** Servers named by settings; reachable even at private addresses. */
  targets: { host: string; port: number }[];
  warnings: string[];
}

/** Source of the settings; the real host in production. */
export interface HostSource {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Undefined when the file does not exist. */
  read(path: string): string | undefined;
}

const certificateFiles = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "npm_config_cafile",
  "NPM_CONFIG_CAFILE",
];
const registryUrls = [
  "npm_config_registry",
  "NPM_CONFIG_REGISTRY",
  "PIP_INDEX_URL",
  "PIP_EXTRA_INDEX_URL",
  "UV_INDEX_URL",
  "UV_DEFAULT_INDEX",
  "GOPROXY",
];
const proxyUrls = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "npm_config_proxy",
  "npm_config_https_proxy",
  "NPM_CONFIG_PROXY",
  "NPM_CONFIG_HTTPS_PROXY",
  "PIP_PROXY",
];
const plain = [
  "NO_PROXY",
  "no_proxy",
  "npm_config_noproxy",
  "NPM_CONFIG_NOPROXY",
  "npm_config_strict_ssl",
  "NPM_CONFIG_STRICT_SSL",
  "PIP_TRUSTED_HOST",
  "PIP_NO_INDEX",
  "PIP_DEFAULT_TIMEOUT",
  "PIP_DISABLE_PIP_VERSION_CHECK",
  "GONOSUMDB",
  "GONOSUMCHECK",
  "GONOPROXY",
  "GOPRIVATE",
  "GOINSECURE",
  "GOSUMDB",
];
const npmKeys = [
  "registry",
  "strict-ssl",
  "noproxy",
  "proxy",
  "https-proxy",
  "http-proxy",
  "cafile",
  "ca",
  "ca[]",
  "maxsockets",
  "fetch-retries",
  "fetch-timeout",
  "replace-registry-host",
];
const pipKeys = ["index-url", "extra-index-url", "trusted-host", "cert", "proxy", "find-links", "no-index", "timeout", "retries"];
const goKeys = ["GOPROXY", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOSUMDB"];

export function readHostSettings(source: HostSource): HostSettings {
  const settings: HostSettings = { env: {}, files: [], folders: [], targets: [], warnings: [] };
  const { env, home } = source;
  const certificates = new Map<string, string>();

  /** Path inside of a certificate file of the host; those of the system store are already visible. */
  function certificate(path: string, what: string): string | undefined {
    if (isVisible(path)) return source.read(path) === undefined ? undefined : path;
    const known = certificates.get(path);
    if (known) return known;
    const content = source.read(path);
    if (content === undefined) {
      settings.warnings.push(`${what} names ${path}, which cannot be read.`);
      return undefined;
    }
    const to = `/etc/studio/ca-${certificates.size + 1}.pem`;
    // Bundles may contain a private key; copy only the certificates.
    const blocks = content.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
    settings.files.push({ to, content: `${blocks.join("\n")}\n` });
    certificates.set(path, to);
    return to;
  }
  const addTarget = (text: string) => {
    const url = parseUrl(text);
    if (!url) return;
    const port = Number(url.port) || (url.protocol === "http:" ? 80 : url.protocol.startsWith("socks") ? 1080 : 443);
    if (!settings.targets.some((t) => t.host === url.hostname && t.port === port)) settings.targets.push({ host: url.hostname, port });
  };
  const proxy = (text: string, what: string): string => {
    addTarget(text);
    const url = parseUrl(text);
    if (!url?.username && !url?.password) return text;
    settings.warnings.push(`The user name and password in ${what} are not passed to projects.`);
    url.username = url.password = "";
    return url.href;
  };
  const findLinks = (text: string): string => {
    for (const part of text.split(/\s+/))
      if (part.startsWith("/") && !isVisible(part) && !settings.folders.includes(part)) settings.folders.push(part);
      else addTarget(part);
    return text;
  };

  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    if (certificateFiles.includes(name)) {
      const path = certificate(value, name);
      if (path) settings.env[name] = path;
    } else if (name === "SSL_CERT_DIR") {
      if (isVisible(value)) settings.env[name] = value;
    } else if (registryUrls.includes(name)) {
      for (const url of value.split(/[\s,|]+/)) addTarget(url);
      settings.env[name] = value;
    } else if (proxyUrls.includes(name)) settings.env[name] = proxy(value, name);
    else if (name === "PIP_FIND_LINKS") settings.env[name] = findLinks(value);
    else if (plain.includes(name)) settings.env[name] = value;
  }

  const npm = npmSettings(source);
  const npmLines: string[] = [];
  const npmHosts = new Set(
    [...npm, ...Object.entries(env).filter(([name]) => /^npm_config_registry$/i.test(name))]
      .filter(([key]) => /(^|:)registry$/.test(key) || /^npm_config_registry$/i.test(key))
      .flatMap(([, url]) => parseUrl(url ?? "")?.host ?? []),
  );
  for (const [key, raw] of npm) {
    const value = raw.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => env[name] ?? whole);
    const credential = /^\/\/([^/]+)\/.*:(_authToken|_auth|username|_password)$/.exec(key);
    if (credential) {
      if (npmHosts.has(credential[1] ?? "")) npmLines.push(`${key}=${value}`);
    } else if (key === "cafile") {
      const path = certificate(value, "npm's cafile");
      if (path) npmLines.push(`cafile=${path}`);
    } else if (["proxy", "https-proxy", "http-proxy"].includes(key)) npmLines.push(`${key}=${proxy(value, `npm's ${key}`)}`);
    else if (npmKeys.includes(key) || /^@[^:]+:registry$/.test(key)) {
      if (key.endsWith("registry")) addTarget(value);
      npmLines.push(`${key}=${value}`);
    }
  }
  if (npmLines.length > 0) {
    settings.files.push({ to: "/etc/npmrc", content: `${npmLines.join("\n")}\n` });
    settings.env["npm_config_globalconfig"] = "/etc/npmrc";
  }

  const pip = pipSettings(source);
  const pipLines: string[] = [];
  for (const [key, value] of pip) {
    if (!pipKeys.includes(key)) continue;
    if (key === "cert") {
      const path = certificate(value, "pip's cert");
      if (path) pipLines.push(`cert = ${path}`);
      continue;
    }
    if (key.endsWith("index-url")) for (const url of value.split(/\s+/)) addTarget(url);
    const shown = key === "proxy" ? proxy(value, "pip's proxy") : key === "find-links" ? findLinks(value) : value;
    pipLines.push(`${key} = ${shown.replaceAll("\n", "\n    ")}`);
  }
  if (pipLines.length > 0) settings.files.push({ to: "/etc/pip.conf", content: `[global]\n${pipLines.join("\n")}\n` });

  for (const line of (source.read(env["GOENV"] ?? join(home, ".config/go/env")) ?? "").split("\n")) {
    const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line.trim()) ?? [];
    if (!goKeys.includes(name) || settings.env[name] !== undefined) continue;
    if (name === "GOPROXY") for (const url of value.split(/[,|]/)) addTarget(url);
    settings.env[name] = value;
  }
  return settings;
}

/** Every sandbox sees the host's files below these anyway. */
const isVisible = (path: string) => path.startsWith("/usr/") || path.startsWith("/etc/ssl/certs");

function parseUrl(text: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** Keys of the machine's and the user's npmrc; the user's take precedence. */
function npmSettings({ env, home, read }: HostSource): Map<string, string> {
  const settings = new Map<string, string>();
  const user = env["NPM_CONFIG_USERCONFIG"] ?? env["npm_config_userconfig"] ?? join(home, ".npmrc");
  for (const file of ["/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc", user])
    for (const line of (read(file) ?? "").split("\n")) {
      const [, key = "", value = ""] = /^\s*([^;#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (key !== "") settings.set(key, value.replace(/^(["'])(.*)\1$/, "$2"));
    }
  return settings;
}

/** Keys of the sections `global` and `install`; the most specific file takes precedence. */
function pipSettings({ env, home, read }: HostSource): Map<string, string> {
  const settings = new Map<string, string>();
  const files = [
    "/etc/pip.conf",
    "/etc/xdg/pip/pip.conf",
    join(home, ".pip/pip.conf"),
    join(home, ".config/pip/pip.conf"),
    env["PIP_CONFIG_FILE"],
  ];
  for (const file of files) {
    let section = "";
    let key = "";
    for (const line of ((file && read(file)) ?? "").split("\n")) {
      const header = /^\[(.+)\]\s*$/.exec(line);
      const entry = /^([^#;\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
      if (header) section = header[1] ?? "";
      else if (section !== "global" && section !== "install") continue;
      else if (entry) {
        key = (entry[1] ?? "").replaceAll("_", "-");
        settings.set(key, entry[2] ?? "");
      } else if (/^\s+\S/.test(line) && key !== "") settings.set(key, `${settings.get(key)}\n${line.trim()}`.trim());
    }
  }
  return settings;
}

/** Folders named by settings, at their own path inside. */
export async function reachFolders(folders: readonly string[], reach: (dir: string) => Promise<string>) {
  const binds = [];
  for (const to of folders) if (existsSync(to)) binds.push({ from: await reach(to), to });
  return binds;
}
