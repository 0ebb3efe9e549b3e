import type { Database } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";
import { canSignIn, type UserRow, type Users } from "../users/index.ts";
import type { EmailConfirmations } from "./email-confirmations.ts";
import type { ResetLinks } from "./reset-links.ts";

const hour = 3600;
const verifyMs = 3600_000;

export type EmailRequests = ReturnType<typeof createEmailRequests>;
/** Requests for emails by people who are not signed in. */
export function createEmailRequests({
  db,
  users,
  resetLinks,
  confirmations,
  limits,
}: {
  db: Database;
  users: Pick<Users, "findByLogin">;
  resetLinks: Pick<ResetLinks, "send">;
  confirmations: Pick<EmailConfirmations, "queueVerification">;
  limits: RateLimiter;
}) {
  /** Done in a job, so that the response time does not reveal whether the account exists. */
  const enqueue = async (job: "mail_reset" | "mail_verify", email: string, ip: string) => {
    const address = email.trim().toLowerCase();
    await limits.count(
      { key: `${job}:ip:${rateLimitNetwork(ip)}`, max: 5, windowSeconds: hour },
      { key: `${job}:email:${address}`, max: 3, windowSeconds: hour },
    );
    await enqueueJob(db, job, { email: address });
  };
  const findActive = async (payload: unknown): Promise<UserRow | undefined> => {
    const user = await users.findByLogin((payload as { email: string }).email);
    return user && canSignIn(user) ? user : undefined;
  };

  return {
    forgotPassword: (email: string, ip: string): Promise<void> => enqueue("mail_reset", email, ip),
    requestVerification: (email: string, ip: string): Promise<void> => enqueue("mail_verify", email, ip),
    jobHandlers: {
      mail_reset: async (payload: unknown) => {
        const user = await findActive(payload);
        if (user) await resetLinks.send(db, user);
      },
      mail_verify: async (payload: unknown) => {
        const user = await findActive(payload);
        if (user && !user.is_verified) await confirmations.queueVerification(db, user, verifyMs);
      },
    },
  };
}
