import type { SecondStep } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { UserRow } from "../users/index.ts";
import type { Totp } from "./totp.ts";

export type SecondSteps = ReturnType<typeof createSecondSteps>;
/** Which second steps an account has. */
export function createSecondSteps({
  totp,
  isMailOn,
  isForAll,
}: {
  totp: Pick<Totp, "status" | "countCodes">;
  /** The server sends email. */
  isMailOn: boolean;
  /** Every sign-in with a password needs a second step. */
  isForAll: boolean;
}) {
  return {
    /** The methods available to an account, preferred one first. With an authenticator app, email codes are offered only if enabled by the user. */
    methodsOf: async (user: UserRow, q?: Queries): Promise<SecondStep[]> => {
      const app = await totp.status(user.id, q);
      const codesLeft = await totp.countCodes(user.id, q);
      const isMailed = user.two_fa_enabled || (isForAll && !app);
      if (!app && !isMailed) return [];
      return [
        ...(app ? (["totp"] as const) : []),
        ...(isMailed && isMailOn ? (["email"] as const) : []),
        ...(codesLeft > 0 ? (["recovery_code"] as const) : []),
      ];
    },
    isRequired: (user: UserRow): boolean => isForAll || user.two_fa_enabled,
  };
}
