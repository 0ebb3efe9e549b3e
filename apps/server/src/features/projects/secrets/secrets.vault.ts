import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError } from "../../../platform/errors.ts";
import type { SecretsStore } from "./secrets.store.ts";
import type { SecretRow } from "../../../db/schema/projects.ts";

/** Additional authenticated data: a value copied to another project or name cannot be decrypted. */
export const secretAad = (row: Pick<SecretRow, "project_id" | "key">): string => `project_secrets:${row.project_id}:${row.key}`;

/** Decrypted secrets of projects, only for starting processes and for redaction. */
export type SecretVault = ReturnType<typeof createSecretVault>;
export function createSecretVault({ store, box }: { store: Pick<SecretsStore, "listAll">; box: CryptoBox }) {
  return {
    seal: (row: Pick<SecretRow, "project_id" | "key">, value: string): Buffer => box.seal(value, secretAad(row)),
    /** All variables of the project. Throws `secrets_unreadable` when one was encrypted with an unknown key. */
    open: async (projectId: string): Promise<Record<string, string>> => {
      const rows = await store.listAll(projectId);
      try {
        return Object.fromEntries(rows.map((row) => [row.key, box.open(row.encrypted_value, secretAad(row))]));
      } catch (cause) {
        throw new AppError(
          "secrets_unreadable",
          "The secrets of this project cannot be decrypted because the server's encryption key changed. Set them again, or restore the previous key.",
          { cause },
        );
      }
    },
  };
}
