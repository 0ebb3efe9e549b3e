import type { AdminSetup, SetupStep } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import type { Mail } from "../../../platform/mail.ts";
import { readBackupFailure, readLastBackup } from "../backup/index.ts";

const dayMs = 86_400_000;
/** A backup older than this is no longer one. */
const backupDays = 8;
/** Versions are released about monthly. */
const updateDays = 90;

export type SetupSteps = ReturnType<typeof createSetupSteps>;
/** The first days of an operator: each step with its state, measured when it is asked for. */
export function createSetupSteps({
  address,
  mail,
  runtime,
  dataDir,
  backups,
  models,
  signUp,
  browserState,
  builtAt,
  version,
  now = () => Date.now(),
}: {
  address: { appBaseUrl: string; isPrivate: boolean; isLoopbackOnly: boolean; trustsProxy: boolean };
  mail: Pick<Mail, "isOn">;
  runtime: Pick<RuntimeDriver, "name" | "isolation" | "warnings">;
  dataDir: string;
  /** `target`: where scheduled backups are stored. */
  backups: { target?: string | undefined; schedule: string };
  /** Names of the connected providers. */
  models: () => Promise<readonly string[]>;
  /** Why sign-up does not work, if the settings allow it. */
  /** The sign-up policy in one sentence, and what is wrong with it. */
  signUp: { summary: string; problem: string | undefined };
  /** Of the agent's browser; `undefined`: it is no part of the preparation. */
  browserState: () => Promise<string | undefined>;
  /** When the running version was installed; `undefined`: unknown. */
  builtAt: () => Promise<number | undefined>;
  version: string;
  now?: () => number;
}) {
  const isInCluster = runtime.name === "kubernetes";
  const daysSince = (ms: number) => Math.floor((now() - ms) / dayMs);
  const step = (
    id: SetupStep["id"],
    title: string,
    isDone: boolean,
    summary: string,
    todo: { advice: string; snippet?: string },
  ): SetupStep => ({
    id,
    title,
    is_done: isDone,
    summary,
    advice: isDone ? null : todo.advice,
    snippet: isDone ? null : (todo.snippet ?? null),
  });

  const modelStep = async () => {
    const names = await models();
    return step("models", "Models", names.length > 0, names.length > 0 ? `Connected: ${names.join(", ")}.` : "No model is connected.", {
      advice: "Connect a model provider. The agent cannot work without one.",
    });
  };
  const addressStep = () => {
    const isSecure = address.appBaseUrl.startsWith("https:");
    return step(
      "address",
      "Public address and TLS",
      isSecure && !address.isPrivate,
      address.isPrivate
        ? `Only this machine reaches the server, at ${address.appBaseUrl}.`
        : isSecure
          ? `People reach the server at ${address.appBaseUrl}.`
          : `${address.appBaseUrl} is not encrypted: passwords can be read on the way.`,
      {
        advice: `Put the server behind a reverse proxy with a certificate, and set its address. Previews need another registrable domain.${
          isInCluster ? " In the values of the Helm chart these are url and previewDomain." : ""
        }`,
        // What is set already is left out, as by the Helm chart.
        snippet: [
          ...(address.isLoopbackOnly ? ["HOST=0.0.0.0"] : []),
          "APP_BASE_URL=https://studio.example.com",
          "PREVIEW_DOMAIN=preview.example.net",
          ...(address.trustsProxy ? [] : ["TRUST_PROXY=true"]),
        ].join("\n"),
      },
    );
  };
  const mailStep = () =>
    step(
      "mail",
      "Email",
      mail.isOn,
      mail.isOn ? "A mail server is configured." : "No mail server: password resets wait in the outbox for you.",
      {
        advice: "Set the mail server, restart, and send yourself a test email under System.",
        snippet: "SMTP_HOST=smtp.example.com\nSMTP_PORT=587\nSMTP_USERNAME=studio\nSMTP_PASSWORD=\nSMTP_SENDER_EMAIL=studio@example.com",
      },
    );
  const signUpStep = () =>
    step("sign_up", "Sign-up", signUp.problem === undefined, signUp.problem ?? signUp.summary, {
      advice: "Set a sign-in provider and restart, or create accounts on the machine: ./studio admin create EMAIL --user",
      snippet:
        "OIDC_ISSUER=https://login.example.com\nOIDC_CLIENT_ID=tesslate-studio\nOIDC_CLIENT_SECRET=\nSIGN_UP_EMAIL_DOMAINS=example.com",
    });
  const isolationStep = () => {
    const isFull = runtime.isolation === "full";
    return step(
      "isolation",
      "Isolation of projects",
      isFull,
      runtime.isolation === "unknown"
        ? "The runner has not been reached yet. Admin → Servers says why."
        : isFull
          ? "Projects are fully isolated from this host and from each other."
          : runtime.warnings.join(" ") || `Isolation is ${runtime.isolation}.`,
      {
        advice: "Until this is fixed, only let trusted people create projects. The doctor says what is missing.",
        snippet: "./studio doctor",
      },
    );
  };
  const browserStep = async () => {
    const state = await browserState();
    return step(
      "browser",
      "Browser of the agent",
      state === "ready",
      state === "ready"
        ? "The agent can look at the apps that it builds."
        : state === "preparing" || state === "waiting"
          ? "The browser is being installed."
          : "There is no browser: the agent cannot look at the apps that it builds.",
      { advice: "Let the server install one under System, or install Chromium on this machine." },
    );
  };
  const backupStep = async () => {
    const [last, failure] = await Promise.all([readLastBackup(dataDir), readBackupFailure(dataDir)]);
    const age = last && daysSince(last.at);
    const place = last?.target === undefined ? "" : ` in ${last.target}`;
    const warned = last?.warnings ? ` It has ${last.warnings === 1 ? "1 warning" : `${last.warnings} warnings`}.` : "";
    const count = last?.projectsWithoutFiles ?? 0;
    const without = count > 0 ? ` The files of ${count === 1 ? "1 project" : `${count} projects`} are not in it.` : "";
    const failed = failure === undefined ? "" : ` The latest attempt failed: ${failure}`;
    return step(
      "backup",
      "Backup",
      age !== undefined && age < backupDays && failure === undefined,
      age === undefined
        ? `No backup was recorded.${failed}`
        : `The last backup${place} was recorded ${age < 1 ? "today" : age === 1 ? "1 day ago" : `${age} days ago`}.${warned}${without}${failed}`,
      backups.target === undefined
        ? {
            advice:
              "Back up every night: set where, and restart the server. Or run ./studio backup from a script. The server keeps running meanwhile.",
            // A pod has no folder that outlives it.
            snippet: isInCluster
              ? "BACKUP_TARGET=s3://backups/studio\nS3_ENDPOINT=https://s3.example.com\nS3_ACCESS_KEY_ID=\nS3_SECRET_ACCESS_KEY="
              : "BACKUP_TARGET=/mnt/backup/studio\nBACKUP_PASSPHRASE_FILE=/etc/tesslate/backup-passphrase",
          }
        : {
            advice: `Backups are scheduled (${backups.schedule} UTC). Make one by hand to see what is wrong.`,
            snippet: `./studio backup ${backups.target}`,
          },
    );
  };
  const updateStep = async () => {
    const since = await builtAt();
    const age = since === undefined ? undefined : daysSince(since);
    return step(
      "updates",
      "Updates",
      age !== undefined && age < updateDays,
      age === undefined
        ? `Version ${version}.`
        : `Version ${version} was installed ${age < 1 ? "today" : age === 1 ? "1 day ago" : `${age} days ago`}.`,
      {
        advice: "Check for a newer version: it may fix security problems. Make a backup before you upgrade.",
        snippet: "git pull && ./studio up",
      },
    );
  };

  return {
    get: async (): Promise<AdminSetup> => {
      const steps = await Promise.all([
        modelStep(),
        addressStep(),
        mailStep(),
        signUpStep(),
        isolationStep(),
        browserStep(),
        backupStep(),
        updateStep(),
      ]);
      return { is_complete: steps.every(({ is_done }) => is_done), steps };
    },
  };
}
