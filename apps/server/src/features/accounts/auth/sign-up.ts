import type { Logger } from "../../../platform/logger.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import type { Registration, UserRow, Users } from "../users/index.ts";
import type { Caller } from "./open-session.ts";
import type { Setup } from "./setup.ts";

const hour = 3600;

export type SignUp = ReturnType<typeof createSignUp>;
/** Registration with email and password. */
export const createSignUp = ({
  users,
  setup,
  limits,
  log,
}: {
  users: Pick<Users, "checkRegistration" | "register">;
  setup: Pick<Setup, "decideAdmin" | "finish">;
  limits: RateLimiter;
  log: Logger;
}) => ({
  register: async (input: Registration & { setup_token?: string | null }, caller: Caller): Promise<UserRow> => {
    users.checkRegistration(input);
    await limits.count(
      { key: `register:ip:${rateLimitNetwork(caller.ip)}`, max: 5, windowSeconds: hour },
      { key: `register:email:${input.email.trim().toLowerCase()}`, max: 3, windowSeconds: hour },
    );
    const user = await users.register(input, (tx) => setup.decideAdmin(tx, input.setup_token));
    log.info({ user_id: user.id, is_superuser: user.is_superuser }, "user registered");
    if (user.is_superuser) await setup.finish();
    return user;
  },
});
