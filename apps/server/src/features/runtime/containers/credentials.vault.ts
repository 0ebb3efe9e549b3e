import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, invalid } from "../../../platform/errors.ts";
import type { CredentialRow } from "../../../db/schema/runtime.ts";
import type { ServiceDefinition } from "./catalogue/index.ts";

const maxValueBytes = 32 * 1024;

/** Additional authenticated data of an external service's credentials. */
export const credentialsAad = (containerId: string): string => `container_credentials:${containerId}`;

/** Credentials of external services: encrypted at rest, bound to their container, never returned. */
export type CredentialsVault = ReturnType<typeof createCredentialsVault>;
export function createCredentialsVault({ box }: { box: CryptoBox }) {
  return {
    /** The columns that hold them. */
    seal: (containerId: string, values: Readonly<Record<string, string>>): Pick<CredentialRow, "encrypted_values" | "keys"> => ({
      encrypted_values: box.seal(JSON.stringify(values), credentialsAad(containerId)),
      keys: Object.keys(values).sort(),
    }),
    /** Throws `secrets_unreadable` when they were encrypted with a key that is no longer available. */
    open: (row: CredentialRow | undefined): Record<string, string> => {
      if (!row) return {};
      try {
        return JSON.parse(box.open(row.encrypted_values, credentialsAad(row.container_id))) as Record<string, string>;
      } catch (cause) {
        throw new AppError(
          "secrets_unreadable",
          "The credentials of this service cannot be decrypted because the server's encryption key changed. Enter them again, or restore the previous key.",
          { cause },
        );
      }
    },
  };
}

/**
 * Validates credentials against the service's fields: empty values are dropped, and the endpoint may replace its field. Throws 422 for an
 * unknown field or a missing required one.
 */
export function checkCredentials(
  { name, external }: ServiceDefinition,
  given: Readonly<Record<string, string>>,
  endpoint: string | null,
): Record<string, string> {
  const fields = external?.fields ?? [];
  for (const [key, value] of Object.entries(given)) {
    if (!fields.some((field) => field.key === key)) throw invalid(["body", "credentials", key], `${name} has no credential field ${key}`);
    if (value.includes("\0") || Buffer.byteLength(value) > maxValueBytes)
      throw invalid(["body", "credentials", key], "A value is limited to 32 KiB and cannot contain a NUL character");
  }
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim() !== ""));
  for (const { key, label, isRequired, isEndpoint } of fields)
    if (isRequired && values[key] === undefined && !(isEndpoint && endpoint))
      throw invalid(["body", "credentials", key], `${name} needs: ${label}`, "missing");
  return values;
}

/** Normalizes an external endpoint: trimmed, an absolute URL of any scheme without credentials. Throws 422. */
export function parseEndpoint(given: string | null | undefined): string | null {
  const text = given?.trim() ?? "";
  if (text === "") return null;
  const url = URL.parse(text);
  if (!url || url.host === "") throw invalid(["body", "external_endpoint"], "An absolute URL, such as https://db.example.org");
  if (url.username || url.password) throw invalid(["body", "external_endpoint"], "Put user and password into the credentials, not the URL");
  return text;
}
