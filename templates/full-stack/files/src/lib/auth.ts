import { createAuthClient } from "better-auth/react";

/** Sign-up, sign-in and sign-out. */
export const auth = createAuthClient();
