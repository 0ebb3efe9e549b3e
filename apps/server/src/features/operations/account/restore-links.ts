import { deletionGraceDays } from "@tesslate/contract";
import type { UserRow } from "../../../db/schema/accounts.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { createPurposeTokens } from "../../accounts/auth/index.ts";

const dayMs = 86_400_000;

export type RestoreLinks = ReturnType<typeof createRestoreLinks>;
/** Links that cancel the deletion of an account. */
export function createRestoreLinks({ box, appBaseUrl }: { box: CryptoBox; appBaseUrl: string }) {
  const tokens = createPurposeTokens<{ sub: string; at: string }>(box, "account restore", ["sub", "at"]);
  return {
    make: ({ id, deleted_at }: Pick<UserRow, "id" | "deleted_at">): string =>
      tokens.make({ sub: id, at: deleted_at ?? "" }, deletionGraceDays * dayMs),
    /** In the fragment, so that it is not logged by servers. */
    urlOf: (token: string): string => `${appBaseUrl}/restore#${token}`,
    read: tokens.verify,
  };
}
