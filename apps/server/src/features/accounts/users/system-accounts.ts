import { randomCode } from "../../../platform/crypto.ts";
import type { UsersStore } from "./users.store.ts";

/**
 * The house's own accounts (marketplace-billing-admin 11): what they publish carries their name. They have no password and get none, no session,
 * no mailbox that leads to one, and no rights: `isLiving` says no for them.
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

/** Makes those that are missing. Known by their ids: somebody who already has such an address or name keeps it, and never becomes one of them. */
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
    // `.invalid` is nobody's (RFC 2606). Another process may have been first: then this finds it taken and does nothing.
    await make({ email: `${username}-${code}@system.invalid`, username: `${username}-${code}` });
  }
}
