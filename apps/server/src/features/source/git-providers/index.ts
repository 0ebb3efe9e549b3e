export { createGitAccounts, gitAccountAad, type GitAccounts, type WithAuthorization } from "./accounts.ts";
export { createRepositoryBrowser } from "./repositories.ts";
export { createGitConnections } from "./connections.ts";
export { createDisconnectAccounts, createRevokeGrant } from "./disconnect.ts";
export { createGitProvidersStore } from "./git-providers.store.ts";
export { createHosts } from "./hosts.ts";
export { mountGitProviders } from "./git-providers.routes.ts";
