/** Manages accounts from the server's host; see `usage`. Exit codes: 0 done, 1 rejected, 2 wrong usage, 78 invalid configuration. */
import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { withOperator } from "../apps/server/src/admin-command.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { generatePassword, type Operator } from "../apps/server/src/features/operations/admin/index.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio admin COMMAND

  create EMAIL [--user] [--name NAME] [--username NAME] [--password-stdin]
                        create an administrator; with --user an ordinary account, also while SIGN_UP is closed
  reset-password WHO [--password-stdin]
                        set a new password and end all sessions
  list [--all]          list administrators, or all accounts
  promote WHO           make a user an administrator
  demote WHO            remove the administrator role (not of the last administrator)
  suspend WHO --reason TEXT
                        sign a user out and stop everything they run
  unsuspend WHO         lift a suspension

WHO is an email address or a username. The password prompt does not echo; with an empty password, or without a terminal, a password is generated and printed once.
`;

/** Prompts without echo; `undefined` without a terminal or input. */
async function askPassword(): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stdout.write("New password (empty: generate one): ");
  const answer = await prompt.question("");
  prompt.close();
  process.stdout.write("\n");
  return answer === "" ? undefined : answer;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: "string" },
      username: { type: "string" },
      reason: { type: "string" },
      all: { type: "boolean", default: false },
      user: { type: "boolean", default: false },
      "password-stdin": { type: "boolean", default: false },
    },
  });
  const [command = "", who = ""] = positionals;
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const passwordOf = async (): Promise<{ password: string; isGenerated: boolean }> => {
    const given = values["password-stdin"] ? (await text(process.stdin)).replace(/\r?\n$/, "") : await askPassword();
    return { password: given ?? generatePassword(), isGenerated: given === undefined };
  };
  const printPassword = ({ password, isGenerated }: { password: string; isGenerated: boolean }) => {
    if (isGenerated) print(`Password (shown only once): ${password}`);
  };
  const commands: Record<string, (operator: Operator) => Promise<void>> = {
    create: async (operator) => {
      const chosen = await passwordOf();
      const { name, username } = values;
      const user = await operator.create(
        {
          email: who,
          password: chosen.password,
          ...(name !== undefined && { name }),
          ...(username !== undefined && { username }),
        },
        { isAdministrator: !values.user },
      );
      print(values.user ? `${user.email} (${user.username}) can sign in.` : `${user.email} (${user.username}) is an administrator.`);
      printPassword(chosen);
    },
    "reset-password": async (operator) => {
      const chosen = await passwordOf();
      const user = await operator.resetPassword(who, chosen.password);
      print(`${user.email} has a new password and is signed out everywhere.`);
      printPassword(chosen);
    },
    list: async (operator) => {
      const accounts = await operator.list(!values.all);
      for (const { email, username, is_superuser, state } of accounts)
        print(`${is_superuser ? "admin" : "user "}  ${state.padEnd(9)}  ${email}  ${username}`);
      if (accounts.length === 0)
        print(values.all ? "There are no accounts." : "There is no administrator. Create one: ./studio admin create EMAIL");
    },
    promote: async (operator) => print(`${(await operator.promote(who)).email} is now an administrator.`),
    demote: async (operator) => print(`${(await operator.demote(who)).email} is no longer an administrator.`),
    suspend: async (operator) =>
      print(`${(await operator.suspend(who, values.reason ?? "")).email} is suspended and signed out everywhere.`),
    unsuspend: async (operator) => print(`${(await operator.unsuspend(who)).email} can sign in again.`),
  };
  const run = commands[command];
  const isComplete = command === "list" ? who === "" : who !== "" && (command !== "suspend" || (values.reason ?? "").trim() !== "");
  if (!run || !isComplete || positionals.length > 2 || (values.user && command !== "create")) {
    process.stderr.write(usage);
    return command === "" || command === "help" ? 0 : 2;
  }
  await withOperator(readConfig(process.env), { log: createLogger("error"), systemUser: userInfo().username }, run);
  return 0;
}

await runCommand(main, usage);
