/** Re-encrypts every stored secret with a new key. Exit codes: 0 done, 1 failed or some values could not be decrypted, 78 invalid configuration. */
import { ConfigError, readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { rotateKeys } from "../apps/server/src/rotate-keys.ts";

try {
  const config = readConfig(process.env);
  const { done, unreadable } = await rotateKeys(config, { log: createLogger("error"), print: (line) => console.log(line) });
  for (const value of unreadable) console.error(`cannot be decrypted with any known key: ${value}`);
  if (unreadable.length > 0) {
    console.error(
      `${unreadable.length} values were not changed, and the previous keys are kept. Add the key that encrypted them to DEPLOYMENT_ENCRYPTION_KEYS_FORMER, or set those values again.`,
    );
    process.exitCode = 1;
  } else
    console.log(
      `Done: ${done} values re-encrypted; no value uses a previous key.${config.auth.encryptionKey ? " You can now unset DEPLOYMENT_ENCRYPTION_KEYS_FORMER." : ""}`,
    );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
