import { Type } from "typebox";
import { defineTool, done, failed, userTimeLimitMs, type Tool } from "@tesslate/agent";
import { secretRefusal } from "@tesslate/contract";

/**
 * Lets the agent request a secret: the user enters the value, the server encrypts it, and the model only learns that it is set.
 * `existing` are the names the project already has.
 */
export const requestSecretTool = (listKeys: () => Promise<ReadonlySet<string>>): Tool =>
  defineTool({
    name: "request_secret",
    category: "conversation",
    description:
      "Ask the person for a secret (API key, password). It becomes an environment variable of the project; you never see the value. Never ask for secrets in the chat.",
    parameters: Type.Object({
      name: Type.String({ description: "Like STRIPE_KEY", minLength: 1, maxLength: 128 }),
      reason: Type.String({ description: "What it is for, and where to get it", minLength: 1, maxLength: 500 }),
      container: Type.Optional(Type.String({ description: "The container that needs it", maxLength: 100 })),
    }),
    // Entering the value is the approval; in plan mode nothing in the project may change.
    gate: { approval: false, plan_blocked: true, read_only: false },
    asksUser: true,
    timeLimitMs: () => userTimeLimitMs,
    async run({ name, reason, container }, context) {
      const refusal = secretRefusal(name, "-");
      if (refusal === "reserved_key") return failed(`${name} is set by the server.`);
      if (refusal !== undefined) return failed(`${name} cannot be the name of an environment variable: use letters, digits and _.`);
      if (!context.ask) return failed("No user is available to answer in this run.");
      const wasThere = (await listKeys()).has(name);
      const answer = await context.ask({ kind: "secret", secret_key: name, reason, container: container ?? null });
      switch (answer.outcome) {
        case "timeout":
          return failed(`The user did not enter ${name} in time. Continue without it where possible, and report what is missing.`);
        case "declined": {
          const message = answer.text?.trim() ? ` Their message: ${answer.text.trim()}` : "";
          return done(
            `The user did not enter ${name}.${message}${wasThere ? " Its previous value is kept." : ""} Continue without it, and report what will not work.`,
            { is_set: wasThere },
          );
        }
        case "answered":
          return done(
            `${name} is ${wasThere ? "replaced" : "set"}. Read it from the environment, on the server side only. Running containers get it after the user restarts them.`,
            { is_set: true, needs_restart: true },
          );
      }
    },
  });
