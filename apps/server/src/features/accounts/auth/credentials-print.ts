import { createHash } from "node:crypto";
import type { UserRow } from "../users/index.ts";

/** Changes with every new password and email, so that a token with it works once and is invalid after any change. */
export const credentialsPrint = (user: Pick<UserRow, "id" | "hashed_password" | "email">) =>
  createHash("sha256")
    .update(`${user.id}\n${user.hashed_password ?? ""}\n${user.email}`)
    .digest("base64url");
