import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";

export interface EngineOptions {
  /** `unix:///path`, `tcp://host:port` or `https://host:port`. Default `unix:///var/run/docker.sock`. */
  host?: string | undefined;
  /** Folder with `ca.pem`, `cert.pem` and `key.pem` for a mutually authenticated TLS connection. */
  certPath?: string | undefined;
}

export interface Engine {
  docker: Docker;
  /** The engine's version. */
  version: string;
  /** User ids are mapped: 0 inside is the user who runs the engine. */
  isRootless: boolean;
  /** Which program manages control groups. */
  cgroupDriver: string;
}

export const defaultHost = "unix:///var/run/docker.sock";
/** A running engine responds within this time. */
const responseMs = 5_000;

/** Throws `unavailable` with instructions when no engine responds. */
export async function connectEngine({ host = defaultHost, certPath }: EngineOptions): Promise<Engine> {
  const { default: Client } = await import("dockerode");
  const docker = new Client(connection(host, certPath));
  let info: { ServerVersion: string; OSType: string; SecurityOptions?: string[]; CgroupDriver: string };
  try {
    info = (await Promise.race([docker.info(), silence(responseMs)])) as typeof info;
  } catch (cause) {
    throw new RuntimeError("unavailable", `no Docker engine responds at ${host} (${reasonOf(cause)})`, { cause });
  }
  if (info.OSType !== "linux") throw new RuntimeError("unavailable", `the Docker engine at ${host} runs ${info.OSType} containers`);
  const security = info.SecurityOptions ?? [];
  if (security.some((option) => option.startsWith("name=userns")))
    throw new RuntimeError(
      "unavailable",
      `the Docker engine at ${host} maps user ids (userns-remap), so projects could not own their files`,
    );
  return {
    docker,
    version: info.ServerVersion,
    isRootless: security.some((option) => option.startsWith("name=rootless")),
    cgroupDriver: info.CgroupDriver,
  };
}

const silence = (ms: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no response within ${ms / 1000} s`)), ms).unref());

/** Sets every option, because the client fills gaps from the environment. */
function connection(host: string, certPath: string | undefined): Docker.DockerOptions {
  const nothing = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  };
  if (host.startsWith("unix://")) return { ...nothing, socketPath: host.slice("unix://".length), protocol: "http" };
  const url = URL.parse(host);
  if (!url || !["tcp:", "http:", "https:"].includes(url.protocol))
    throw new RuntimeError("unavailable", `${host} is not the address of a Docker engine; use unix:///path or tcp://host:port`);
  const isTls = certPath !== undefined || url.protocol === "https:";
  const pem = (name: string) => {
    if (certPath === undefined) return undefined;
    try {
      return readFileSync(join(certPath, `${name}.pem`));
    } catch (cause) {
      throw new RuntimeError("unavailable", `the certificate ${join(certPath, `${name}.pem`)} cannot be read`, { cause });
    }
  };
  return {
    ...nothing,
    host: url.hostname,
    port: url.port || (isTls ? "2376" : "2375"),
    protocol: isTls ? "https" : "http",
    ca: pem("ca"),
    cert: pem("cert"),
    key: pem("key"),
  };
}

/** The engine's message, otherwise the system's. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { json, reason } = error as { json?: { message?: string }; reason?: string };
  const text = typeof json?.message === "string" ? json.message : error.message || (error as NodeJS.ErrnoException).code || reason;
  return (text ?? "no reason given").trim();
}

export const httpStatusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

/** For things that may already be deleted or are being deleted. */
export function ignoreMissing(error: unknown): void {
  const status = httpStatusOf(error);
  if (status !== 404 && status !== 304 && !(status === 409 && /already in progress|is not running/.test(reasonOf(error)))) throw error;
}
