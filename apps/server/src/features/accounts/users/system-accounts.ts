import { randomCode } from "../../../platform/crypto.ts";
import type { UsersStore } from "./users.store.ts";

/**
 * Accounts that own official and community items. They have no password and can never sign in: `canSignIn` is false for them.
 */
export const systemAccounts = {
  official: { id: "7e551a7e-0000-4000-8000-000000000001", email: "official@tesslate.com", username: "tesslate", name: "Tesslate" },
  community: {
    id: "7e551a7e-0000-4000-8000-000000000002",
    email: "community@tesslate.com",
    username: "community",
    name: "Open Source Community",
  },
} as const;

/** Creates missing system accounts, identified by their ids. A user who already has the email or username keeps it. */
export async function seedSystemAccounts(store: Pick<UsersStore, "find" | "insert" | "transaction">): Promise<void> {
  for (const { id, email, username, name } of Object.values(systemAccounts)) {
    if (await store.find(id)) continue;
    const make = (as: { email: string; username: string }) =>
      store.transaction((tx) =>
        store.insert(tx, {
          id,
          ...as,
          name,
          slug: `${username}-${randomCode(6)}`,
          hashed_password: null,
          is_verified: false,
          is_system: true,
        }),
      );
    if (await make({ email, username })) continue;
    const code = randomCode(6);
    // `.invalid` is reserved (RFC 2606). If another process was first, this insert does nothing.
    await make({ email: `${username}-${code}@system.invalid`, username: `${username}-${code}` });
  }
}
