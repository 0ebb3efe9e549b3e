import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError } from "../../../platform/errors.ts";
import type { SecretsStore } from "./secrets.store.ts";
import type { SecretRow } from "../../../db/schema/projects.ts";

/** The place a value is bound to: a row that is moved to another project or renamed does not open. */
export const secretAad = (row: Pick<SecretRow, "project_id" | "key">): string => `project_secrets:${row.project_id}:${row.key}`;

/** The values of projects' secrets, for what starts processes and for what hides them. They go nowhere else. */
export type SecretVault = ReturnType<typeof createSecretVault>;
export function createSecretVault({ store, box }: { store: SecretsStore; box: CryptoBox }) {
  return {
    seal: (place: Pick<SecretRow, "project_id" | "key">, value: string): Buffer => box.seal(value, secretAad(place)),
    /** All variables of the project. Throws `secrets_unreadable` when one was sealed with a key that is no longer known. */
    open: async (projectId: string): Promise<Record<string, string>> => {
      const rows = await store.listAll(projectId);
      try {
        return Object.fromEntries(rows.map((row) => [row.key, box.open(row.sealed_value, secretAad(row))]));
      } catch (cause) {
        throw new AppError(
          "secrets_unreadable",
          "The secrets of this project cannot be opened: the server's encryption key has changed. Set them again, or ask for the former key.",
          { cause },
        );
      }
    },
  };
}
