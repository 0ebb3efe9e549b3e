/** Seals every stored secret with a new key. Exit codes: 0 done, 1 something could not be opened or begun, 78 bad configuration. */
import { ConfigError, readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { rotateKeys } from "../apps/server/src/rotate-keys.ts";

try {
  const config = readConfig(process.env);
  const { done, unreadable } = await rotateKeys(config, { log: createLogger("error"), say: (line) => console.log(line) });
  for (const place of unreadable) console.error(`cannot be opened with any known key: ${place}`);
  if (unreadable.length > 0) {
    console.error(
      `${unreadable.length} values stay as they are, and the former keys are kept. Add the key that sealed them to DEPLOYMENT_ENCRYPTION_KEYS_FORMER, or set those values again.`,
    );
    process.exitCode = 1;
  } else
    console.log(
      `Done: ${done} values sealed anew; nothing bears a former key any more.${config.auth.sealingKey ? " DEPLOYMENT_ENCRYPTION_KEYS_FORMER can be emptied." : ""}`,
    );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
