import type { FindProvider, GetCredential, HasCredential } from "./providers/provider.ts";

/** The providers that projects are deployed to, with the accounts there. */
export interface ProviderAccess {
  find: FindProvider;
  getCredential: GetCredential;
  hasCredential: HasCredential;
}
