import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, invalid } from "../../../platform/errors.ts";
import type { CredentialRow } from "../../../db/schema/runtime.ts";
import type { ServiceDefinition } from "./catalogue/index.ts";

const maxValueBytes = 32 * 1024;

/** The place an external service's credentials are bound to. */
export const credentialsPlace = (containerId: string): string => `container_credentials:${containerId}`;

/** Credentials of external services: encrypted at rest, bound to their container, never shown again. */
export type CredentialsVault = ReturnType<typeof createCredentialsVault>;
export function createCredentialsVault({ box }: { box: CryptoBox }) {
  return {
    /** The columns that hold them. */
    seal: (containerId: string, values: Readonly<Record<string, string>>): Pick<CredentialRow, "sealed_values" | "keys"> => ({
      sealed_values: box.seal(JSON.stringify(values), credentialsPlace(containerId)),
      keys: Object.keys(values).sort(),
    }),
    /** Throws `secrets_unreadable` when they were sealed with a key that is no longer known. */
    open: (row: CredentialRow | undefined): Record<string, string> => {
      if (!row) return {};
      try {
        return JSON.parse(box.open(row.sealed_values, credentialsPlace(row.container_id))) as Record<string, string>;
      } catch (cause) {
        throw new AppError(
          "secrets_unreadable",
          "The credentials of this service cannot be opened: the server's encryption key has changed. Enter them again, or ask for the former key.",
          { cause },
        );
      }
    },
  };
}

/**
 * What was entered, checked against what the service takes: empty values are left out, and the endpoint may stand in for its field.
 * Throws 422 for a field that the service does not have, or a required one that is missing.
 */
export function checkCredentials(
  { name, external }: ServiceDefinition,
  given: Readonly<Record<string, string>>,
  endpoint: string | null,
): Record<string, string> {
  const fields = external?.fields ?? [];
  for (const [key, value] of Object.entries(given)) {
    if (!fields.some((field) => field.key === key)) throw invalid(["body", "credentials", key], `${name} has no field ${key}`);
    if (value.includes("\0") || Buffer.byteLength(value) > maxValueBytes)
      throw invalid(["body", "credentials", key], "A value has at most 32 KiB and no NUL character");
  }
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim() !== ""));
  for (const { key, label, isRequired, isEndpoint } of fields)
    if (isRequired && values[key] === undefined && !(isEndpoint && endpoint))
      throw invalid(["body", "credentials", key], `${name} needs: ${label}`, "missing");
  return values;
}
