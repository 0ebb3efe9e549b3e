export { ConnectForm } from "./ConnectForm.tsx";
export { gitAccountsKey, gitProvidersQuery } from "./git-accounts.queries.ts";
export { providerOfAddress } from "./provider-of-address.ts";
export { BranchSelect, type PickedRepo, RepoPicker } from "./RepoPicker.tsx";
