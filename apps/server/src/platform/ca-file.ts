import { readFile } from "node:fs/promises";
import { ConfigError } from "../config.ts";

/** The operator's CA certificates, PEM. Throws `ConfigError`. */
export async function readCaFile(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError([
      `OUTBOUND_CA_FILE cannot be read: ${cause.code ?? cause.message} (got ${JSON.stringify(file)}). Example: OUTBOUND_CA_FILE=/etc/ssl/certs/company-ca.pem`,
    ]);
  });
}
