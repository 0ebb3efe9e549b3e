import { expect, test } from "vitest";
import { readHostSettings } from "./host-settings.ts";

const read = (files: Record<string, string>, env: Record<string, string> = {}) =>
  readHostSettings({ env, home: "/root", read: (path) => files[path] });
const fileAt = (settings: ReturnType<typeof read>, to: string) => settings.files.find((f) => f.to === to)?.content;

test("a bare host has no settings", () => {
  expect(read({}, { PATH: "/bin", HOME: "/root", AWS_SECRET_ACCESS_KEY: "s" })).toEqual({
    env: {},
    files: [],
    folders: [],
    targets: [],
    warnings: [],
  });
});

test("npm: the user's file takes precedence, unknown keys stay out, the registry stays reachable", () => {
  const settings = read({
    "/etc/npmrc": "registry=http://old.corp/\nstrict-ssl=false",
    "/root/.npmrc":
      '; mine\nregistry = "http://npm.corp:4873/"\n@acme:registry=https://acme.corp/npm/\nscript-shell=/bin/evil\ninit-author-name=me',
  });
  expect(fileAt(settings, "/etc/npmrc")).toBe("registry=http://npm.corp:4873/\nstrict-ssl=false\n@acme:registry=https://acme.corp/npm/\n");
  expect(settings.env["npm_config_globalconfig"]).toBe("/etc/npmrc");
  expect(settings.targets).toEqual([
    { host: "npm.corp", port: 4873 },
    { host: "acme.corp", port: 443 },
  ]);
});

test("npm credentials pass only for a configured registry", () => {
  const settings = read(
    { "/root/.npmrc": "registry=https://npm.corp/\n//npm.corp/:_authToken=${TOKEN}\n//public.example/:_authToken=publish\n_authToken=old" },
    { TOKEN: "t1" },
  );
  expect(fileAt(settings, "/etc/npmrc")).toBe("registry=https://npm.corp/\n//npm.corp/:_authToken=t1\n");
  expect(JSON.stringify(read({ "/root/.npmrc": "//public.example/:_authToken=publish" }))).not.toContain("publish");
});

test("certificates: the system's store by its path, others copied without keys, unreadable ones reported", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";
  const settings = read(
    {
      "/etc/ssl/certs/ca-certificates.crt": "x",
      "/root/corp.pem": `-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n${pem}`,
      "/root/.npmrc": "cafile=/root/corp.pem",
    },
    {
      NODE_EXTRA_CA_CERTS: "/root/corp.pem",
      SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
      PIP_CERT: "/root/gone.pem",
      SSL_CERT_DIR: "/root/certs",
    },
  );
  expect(settings.env).toMatchObject({ NODE_EXTRA_CA_CERTS: "/etc/studio/ca-1.pem", SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt" });
  expect(settings.env).not.toHaveProperty("PIP_CERT");
  expect(settings.env).not.toHaveProperty("SSL_CERT_DIR");
  expect(fileAt(settings, "/etc/studio/ca-1.pem")).toBe(`${pem}\n`);
  expect(fileAt(settings, "/etc/npmrc")).toBe("cafile=/etc/studio/ca-1.pem\n");
  expect(settings.warnings).toEqual(["PIP_CERT names /root/gone.pem, which cannot be read."]);
});

test("proxies stay reachable and lose their password", () => {
  const settings = read({}, { HTTPS_PROXY: "http://me:pw@proxy.corp:3128", NO_PROXY: "localhost", http_proxy: "http://proxy.corp:3128" });
  expect(settings.env).toEqual({ HTTPS_PROXY: "http://proxy.corp:3128/", NO_PROXY: "localhost", http_proxy: "http://proxy.corp:3128" });
  expect(settings.targets).toEqual([{ host: "proxy.corp", port: 3128 }]);
  expect(settings.warnings).toEqual(["The user name and password in HTTPS_PROXY are not passed to projects."]);
});

test("pip: sections, continued lines and folders of wheels", () => {
  const settings = read({
    "/etc/pip.conf":
      "[global]\nindex-url = https://pypi.corp:8443/simple\nfind-links =\n    /opt/wheels\n    https://wheels.corp/\n[freeze]\ntimeout = 9\n",
  });
  expect(fileAt(settings, "/etc/pip.conf")).toBe(
    "[global]\nindex-url = https://pypi.corp:8443/simple\nfind-links = /opt/wheels\n    https://wheels.corp/\n",
  );
  expect(settings.folders).toEqual(["/opt/wheels"]);
  expect(settings.targets).toEqual([
    { host: "pypi.corp", port: 8443 },
    { host: "wheels.corp", port: 443 },
  ]);
});

test("Go: the environment takes precedence over its file", () => {
  const settings = read(
    { "/root/.config/go/env": "GOPROXY=https://file.corp,direct\nGOPRIVATE=corp\nGOFLAGS=-x" },
    { GOPROXY: "http://go.corp:3000|direct" },
  );
  expect(settings.env).toEqual({ GOPROXY: "http://go.corp:3000|direct", GOPRIVATE: "corp" });
  expect(settings.targets).toEqual([{ host: "go.corp", port: 3000 }]);
});
