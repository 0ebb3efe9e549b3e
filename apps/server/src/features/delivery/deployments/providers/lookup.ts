import type { DeployProvider } from "@tesslate/contract";
import type { Credential, DeployTarget } from "./provider.ts";

/** The adapter of a provider; none for this server itself. */
export type FindTarget = (provider: DeployProvider) => DeployTarget | undefined;
/** Whether somebody has an account there, without asking anybody. */
export type HasCredential = (userId: string, projectId: string, provider: DeployTarget["provider"]) => Promise<boolean>;
/** What opens a person's account there: the project's own, else their usual one. Undefined when nothing is connected. */
export type CredentialFor = (userId: string, projectId: string, provider: DeployTarget["provider"]) => Promise<Credential | undefined>;
