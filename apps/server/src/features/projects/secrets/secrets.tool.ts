import { Type } from "typebox";
import { defineTool, done, failed, personTimeLimitMs, type Tool } from "@tesslate/agent";
import { refusalOf } from "@tesslate/contract";

/**
 * The agent's way to a key it needs: the person gives the value, the server seals it, the model learns only that it is there
 * (ui.md 27). `existing` are the names the project has already.
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
    // The person who types the value is the one who allows it; in plan mode nothing of the project is changed.
    gate: { approval: false, plan_blocked: true, read_only: false },
    asksPerson: true,
    timeLimitMs: () => personTimeLimitMs,
    async run({ name, reason, container }, context) {
      const refusal = refusalOf(name, "-");
      if (refusal === "reserved_key") return failed(`${name} is set by the server.`);
      if (refusal !== undefined) return failed(`${name} cannot be the name of an environment variable: use letters, digits and _.`);
      if (!context.ask) return failed("Nobody can be asked here.");
      const wasThere = (await listKeys()).has(name);
      const answer = await context.ask({ kind: "secret", secret_key: name, reason, container: container ?? null });
      switch (answer.outcome) {
        case "timeout":
          return failed(`Nobody gave ${name} in time. Go on without it where you can, and say what is missing.`);
        case "declined": {
          const said = answer.text?.trim() ? ` They say: ${answer.text.trim()}` : "";
          return done(
            `The person did not give ${name}.${said}${wasThere ? " Its former value stays." : ""} Go on without it, and say what will not work.`,
            { is_set: wasThere },
          );
        }
        case "answered":
          return done(
            `${name} is ${wasThere ? "replaced" : "set"}. Read it from the environment, on the server side only. Containers that run see it after a restart, which the person does.`,
            { is_set: true, needs_restart: true },
          );
      }
    },
  });
