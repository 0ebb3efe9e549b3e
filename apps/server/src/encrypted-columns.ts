import { attachmentAad } from "./features/agent/attachments/index.ts";
import { attachmentPieces } from "./db/schema/agent/chats.ts";
import { mcpServers } from "./db/schema/agent/mcp.ts";
import { userApiKeys, userProviders } from "./db/schema/agent/models.ts";
import { oauthStateAad, totpAad } from "./features/accounts/auth/index.ts";
import { totpSecrets, oauthStates } from "./db/schema/accounts.ts";
import { credentialsAad, environmentAad } from "./features/runtime/containers/index.ts";
import { containerCredentials, containers } from "./db/schema/runtime.ts";
import { credentialAad } from "./features/delivery/deployment-credentials/index.ts";
import { deploymentCredentials, deployments } from "./db/schema/delivery.ts";
import { gitAccountAad } from "./features/source/git-providers/index.ts";
import { gitProviderCredentials, type GitAccountRow } from "./db/schema/source.ts";
import { requestAad } from "./features/delivery/deployments/index.ts";
import { runWebhookAad } from "./features/external/external/index.ts";
import { runWebhooks } from "./db/schema/external.ts";
import { answerAad } from "./features/core/idempotency/index.ts";
import { idempotencyKeys } from "./db/schema/core.ts";
import { mcpAccessAad, mcpOauthAad } from "./features/agent/mcp/index.ts";
import { modelKeyAad, providerHeadersAad } from "./features/agent/models/index.ts";
import { secretAad } from "./features/projects/secrets/index.ts";
import { projectSecrets } from "./db/schema/projects.ts";
import { emailAad } from "./platform/mail.store.ts";
import { emails } from "./db/schema/platform.ts";
import { encryptedBytes, type EncryptedColumn } from "./platform/encrypted-column.ts";
import { encryptedSettings } from "./platform/server-settings.ts";

/** All encrypted columns. A test compares it with the tables and fails when one is missing. */
export const encryptedColumns: readonly EncryptedColumn[] = [
  encryptedBytes(projectSecrets, {
    id: projectSecrets.id,
    column: projectSecrets.encrypted_value,
    needs: [projectSecrets.project_id, projectSecrets.key],
    aad: ({ project_id = "", key = "" }) => secretAad({ project_id, key }),
  }),
  encryptedBytes(containers, {
    id: containers.id,
    column: containers.environment_vars,
    needs: [containers.id],
    aad: ({ id = "" }) => environmentAad(id),
  }),
  encryptedBytes(containerCredentials, {
    id: containerCredentials.id,
    column: containerCredentials.encrypted_values,
    needs: [containerCredentials.container_id],
    aad: ({ container_id = "" }) => credentialsAad(container_id),
  }),
  encryptedBytes(deploymentCredentials, {
    id: deploymentCredentials.id,
    column: deploymentCredentials.encrypted_tokens,
    needs: [deploymentCredentials.user_id, deploymentCredentials.provider, deploymentCredentials.project_id],
    aad: ({ user_id = "", provider = "", project_id }) => credentialAad({ user_id, provider, project_id: project_id ?? null }),
  }),
  encryptedBytes(oauthStates, {
    id: oauthStates.state_hash,
    column: oauthStates.encrypted_state,
    needs: [oauthStates.provider, oauthStates.state_hash],
    aad: ({ provider = "", state_hash = "" }) => oauthStateAad(provider, state_hash),
  }),
  encryptedBytes(userApiKeys, {
    id: userApiKeys.id,
    column: userApiKeys.encrypted_key,
    needs: [userApiKeys.user_id, userApiKeys.provider],
    aad: ({ user_id = "", provider = "" }) => modelKeyAad({ user_id, provider }),
  }),
  encryptedBytes(userProviders, {
    id: userProviders.id,
    column: userProviders.encrypted_headers,
    needs: [userProviders.user_id, userProviders.slug],
    aad: ({ user_id = "", slug = "" }) => providerHeadersAad({ user_id, slug }),
  }),
  ...(["access", "refresh"] as const).map((what) =>
    encryptedBytes(gitProviderCredentials, {
      id: gitProviderCredentials.id,
      column: gitProviderCredentials[`encrypted_${what}`],
      needs: [gitProviderCredentials.user_id, gitProviderCredentials.provider, gitProviderCredentials.host],
      aad: (row) => gitAccountAad(row as Pick<GitAccountRow, "user_id" | "provider" | "host">, what),
    }),
  ),
  encryptedBytes(runWebhooks, {
    id: runWebhooks.id,
    column: runWebhooks.encrypted_target,
    needs: [runWebhooks.task_id],
    aad: ({ task_id = "" }) => runWebhookAad(task_id),
  }),
  encryptedBytes(mcpServers, {
    id: mcpServers.id,
    column: mcpServers.encrypted_access,
    needs: [mcpServers.id],
    aad: ({ id = "" }) => mcpAccessAad(id),
  }),
  encryptedBytes(mcpServers, {
    id: mcpServers.id,
    column: mcpServers.encrypted_oauth,
    needs: [mcpServers.id],
    aad: ({ id = "" }) => mcpOauthAad(id),
  }),
  encryptedBytes(attachmentPieces, {
    id: attachmentPieces.id,
    column: attachmentPieces.encrypted_data,
    needs: [attachmentPieces.attachment_id, attachmentPieces.position],
    aad: ({ attachment_id = "", position = "" }) => attachmentAad({ attachment_id, position }),
  }),
  encryptedBytes(deployments, {
    id: deployments.id,
    column: deployments.encrypted_request,
    needs: [deployments.id],
    aad: ({ id = "" }) => requestAad(id),
  }),
  encryptedBytes(totpSecrets, {
    id: totpSecrets.user_id,
    column: totpSecrets.encrypted_secret,
    needs: [totpSecrets.user_id],
    aad: ({ user_id = "" }) => totpAad(user_id),
  }),
  encryptedBytes(idempotencyKeys, {
    id: idempotencyKeys.id,
    column: idempotencyKeys.encrypted_answer,
    needs: [idempotencyKeys.id],
    aad: ({ id = "" }) => answerAad(id),
  }),
  encryptedBytes(emails, {
    id: emails.id,
    column: emails.encrypted_content,
    needs: [emails.id],
    aad: ({ id = "" }) => emailAad(id),
  }),
  encryptedSettings,
];
